/** The journal of one run while it is driven: what is in it, and adding to it in one order. */
import type { Entry } from './entry.ts';
import type { LoopPorts } from './ports.ts';

export class Journal {
  readonly run: string;
  private readonly ports: LoopPorts;
  private readonly written: Entry[];
  private last: Promise<void> = Promise.resolve();

  private constructor(run: string, ports: LoopPorts, written: Entry[]) {
    this.run = run;
    this.ports = ports;
    this.written = written;
  }

  static async open(run: string, ports: LoopPorts): Promise<Journal> {
    return new Journal(run, ports, [...(await ports.store.load(run))]);
  }

  get entries(): readonly Entry[] {
    return this.written;
  }

  /**
   * Writes an entry behind all others. Calls of tools that run side by side end in any order, so each waits for the
   * one before it; after a failure nothing is written any more.
   */
  append(entry: Entry): Promise<void> {
    this.last = this.last.then(() => this.write(entry));
    return this.last;
  }

  private async write(entry: Entry): Promise<void> {
    const seq = this.written.length;
    await this.ports.store.append(this.run, seq, entry);
    this.written.push(entry);
    await this.ports.watch?.({ type: 'entry', run: this.run, seq, entry });
  }
}
