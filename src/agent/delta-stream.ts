/**
 * Gathers pieces of output into the deltas that go out, and keeps the proof of what went out (PROTOCOL §2,
 * `stream`). Pure: it knows the time only by what it is told, and its owner keeps the timer.
 *
 * A delta goes out at once after a pause, so that the first word is not held back, and at most one per window
 * after that.
 */
import { createHash } from 'node:crypto';

export interface StreamProof {
  /** How many deltas went out. */
  readonly deltas: number;
  /** SHA-256 of the UTF-8 of all deltas one after another, hex. */
  readonly sha256: string;
}

const TRAILING_HIGH_SURROGATE = /[\uD800-\uDBFF]$/;

export class DeltaStream {
  private readonly window_ms: number;
  private readonly hash = createHash('sha256');
  private pending = '';
  private lastSent_ms = Number.NEGATIVE_INFINITY;
  private sent = 0;

  /** @param window_ms shortest time between two deltas, ms */
  constructor(window_ms: number) {
    this.window_ms = window_ms;
  }

  /**
   * Takes a piece of output. Returns the delta that is to go out now, or null.
   *
   * @param now_ms any clock that does not run backwards, ms
   */
  push(text: string, now_ms: number): string | null {
    this.pending += text;
    return this.due(now_ms);
  }

  /** The delta that is to go out by now, or null. To be called when the time of {@link dueAt_ms} has come. */
  due(now_ms: number): string | null {
    return now_ms - this.lastSent_ms >= this.window_ms ? this.send(now_ms, false) : null;
  }

  /** What is still waiting, or null: for the end of the output. */
  flush(now_ms: number): string | null {
    return this.send(now_ms, true);
  }

  /** When something waiting has to go out, ms; null while nothing waits. */
  get dueAt_ms(): number | null {
    return this.pending === '' ? null : this.lastSent_ms + this.window_ms;
  }

  /** Sequence number of the next delta, counting from 0. */
  get nextSeq(): number {
    return this.sent;
  }

  /** The proof over everything sent so far. */
  proof(): StreamProof {
    return { deltas: this.sent, sha256: this.hash.copy().digest('hex') };
  }

  private send(now_ms: number, all: boolean): string | null {
    // Half a surrogate pair has no UTF-8; it waits for its other half.
    const cut =
      !all && TRAILING_HIGH_SURROGATE.test(this.pending) ? this.pending.length - 1 : this.pending.length;
    const text = this.pending.slice(0, cut);
    if (text === '') return null;
    this.pending = this.pending.slice(cut);
    this.lastSent_ms = now_ms;
    this.sent++;
    this.hash.update(text, 'utf8');
    return text;
  }
}
