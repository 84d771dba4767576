/**
 * Somebody who is told of every entry of an account's books, in order: the record (D1), or the owners who earned by it.
 * The mark of what was told is kept, so each entry is told at least once and, with a repeat-safe listener, counts once.
 */
import type { Clock } from '../../clock.ts';
import { LEDGER_PROJECT_BATCH, LEDGER_PROJECT_DELAY_MS, LEDGER_RETRY_MS } from '../../limits.ts';
import type { BookStore, StoredEntry } from './book-store.ts';
import type { AccountPart } from './part.ts';

export interface TailPorts {
  readonly now: Clock;
  /** Lets a promise outlive the call that made it. It never rejects. */
  readonly defer: (work: Promise<void>) => void;
  /** Asks to be woken in time for {@link AccountPart.nextAt_ms}. */
  readonly woken: () => void;
  readonly log: (what: string, error: unknown) => void;
}

export class Tail implements AccountPart {
  readonly #name: string;
  readonly #books: BookStore;
  readonly #tell: (entries: readonly StoredEntry[]) => Promise<void>;
  readonly #ports: TailPorts;
  #nextAt_ms: number | null;
  #telling: Promise<void> | null = null;

  /**
   * @param name of the mark in the store
   * @param tell resolves when the entries were durably taken; rejects when they have to be told again
   */
  constructor(
    name: string,
    books: BookStore,
    tell: (entries: readonly StoredEntry[]) => Promise<void>,
    ports: TailPorts,
  ) {
    this.#name = name;
    this.#books = books;
    this.#tell = tell;
    this.#ports = ports;
    // After a crash: an appointment may have been lost with the memory.
    this.#nextAt_ms = books.isBehind(name) ? ports.now() + LEDGER_PROJECT_DELAY_MS : null;
  }

  /** There is a new entry. */
  behind(): void {
    this.#nextAt_ms ??= this.#ports.now() + LEDGER_PROJECT_DELAY_MS;
  }

  nextAt_ms(): number | null {
    return this.#telling === null ? this.#nextAt_ms : null;
  }

  tick(): void {
    if (this.#telling !== null || this.#nextAt_ms === null || this.#nextAt_ms > this.#ports.now()) return;
    this.#telling = this.#run();
    this.#ports.defer(this.#telling);
  }

  /**
   * Ends when nobody is being told. An alarm has to wait for it: of what it began it is the only trace, and the platform
   * rings one again that did not end. Another alarm as a guard would be one more written row for every telling.
   */
  async told(): Promise<void> {
    await this.#telling;
  }

  async #run(): Promise<void> {
    // It may have nothing to tell and end at once, but not before `tick` has noted that it began.
    await undefined;
    try {
      const { entries, mark } = this.#books.untold(this.#name, LEDGER_PROJECT_BATCH);
      if (entries.length > 0) {
        await this.#tell(entries);
        this.#books.told(this.#name, mark);
      }
      this.#nextAt_ms = this.#books.isBehind(this.#name) ? this.#ports.now() : null;
    } catch (error) {
      this.#ports.log(`the books could not be told to the ${this.#name}`, error);
      this.#nextAt_ms = this.#ports.now() + LEDGER_RETRY_MS;
    } finally {
      this.#telling = null;
      this.#ports.woken();
    }
  }
}
