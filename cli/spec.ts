/** What a command is: data from which parsing, help and completions are made, and the function that does it. */
import type { Flags } from './flags.ts';
import type { World } from './world.ts';

export interface FlagSpec {
  /** What stands for its value in the help; a flag without one is a switch. */
  readonly value?: string;
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** One line for the help. */
  readonly about: string;
  /** The values there are, for completions and for what is said of others. */
  readonly choices?: readonly string[];
  /** Completed by file names. */
  readonly file?: boolean;
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

export interface CommandSpec {
  /** As it is typed, one word or two. */
  readonly name: string;
  /** One line for the overview. */
  readonly summary: string;
  /** Its arguments as the help shows them; empty for none. */
  readonly usage: string;
  /** How many arguments there have to be at least and at most. */
  readonly arguments: readonly [least: number, most: number];
  /** What it does, in paragraphs. */
  readonly about: string;
  readonly flags: FlagSpecs;
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Codes that mean something of their own here. */
  readonly codes?: readonly (readonly [code: number, what: string])[];
  /** @returns the exit code */
  run(call: Call): Promise<number>;
}

export interface Call {
  readonly flags: Flags;
  readonly args: readonly string[];
  readonly world: World;
}
