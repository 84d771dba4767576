/** One command of `npm run errand`. */
export interface Command {
  /** One line for the overview. */
  readonly summary: string;
  /** @param args what follows the command's name */
  run(args: readonly string[]): Promise<void>;
}
