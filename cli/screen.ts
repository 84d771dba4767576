/** What is printed: results on stdout, everything beside them on stderr, one moving line where there is a terminal. */

export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export class Screen {
  readonly #streams: Streams;
  /** JSON lines on stdout instead of words. */
  readonly json: boolean;
  readonly #quiet: boolean;
  #moving = false;
  /** Whether stdout stands in the middle of a line. */
  #open = false;

  constructor(streams: Streams, { json, quiet }: { readonly json: boolean; readonly quiet: boolean }) {
    this.#streams = streams;
    this.json = json;
    this.#quiet = quiet;
  }

  /** Whether a person looks at both: only then is text shown as it streams. */
  get isTerminal(): boolean {
    return this.#streams.stdout.isTTY === true && this.#streams.stderr.isTTY === true && !this.json;
  }

  /** A line of the result. Nothing in JSON mode, where {@link line} tells everything. */
  result(text: string): void {
    if (this.json) return;
    this.#still();
    this.#streams.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** A piece of a result as it streams. */
  piece(text: string): void {
    if (text === '') return;
    this.#clear();
    this.#streams.stdout.write(text);
    this.#open = !text.endsWith('\n');
  }

  /** One JSON value as a line, in JSON mode. */
  line(value: unknown): void {
    if (this.json) this.#streams.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** A line for people. */
  note(text: string): void {
    if (this.#quiet || text === '') return;
    this.#still();
    this.#streams.stderr.write(`${text}\n`);
  }

  /** What went wrong; also when all else is to be quiet. */
  error(text: string): void {
    if (text === '') return;
    this.#still();
    this.#streams.stderr.write(`${text}\n`);
  }

  /** The moving line: how far it is. Without a terminal nothing. */
  status(text: string): void {
    const { stderr } = this.#streams;
    if (stderr.isTTY !== true || this.#quiet || this.#open) return;
    const width = Math.max(20, (stderr.columns ?? 80) - 1);
    stderr.write(`\r\u001b[2K${text.slice(0, width)}`);
    this.#moving = true;
  }

  /** Ends whatever line is open. */
  #still(): void {
    this.#clear();
    if (this.#open) this.#streams.stdout.write('\n');
    this.#open = false;
  }

  #clear(): void {
    if (this.#moving) this.#streams.stderr.write('\r\u001b[2K');
    this.#moving = false;
  }

  /** A table of columns as wide as they have to be. */
  table(rows: readonly (readonly string[])[]): void {
    const widths: number[] = [];
    for (const row of rows)
      for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
    for (const row of rows)
      this.result(
        row
          .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
          .join('  ')
          .trimEnd(),
      );
  }
}
