/** The deltas of one answer (kind 27001), in whatever order and with whatever gaps they came. */
import { sha256Hex } from '../nostr/event.ts';
import type { AnswerStream } from '../protocol/answers.ts';
import type { StreamedText } from './job-view.ts';

interface Piece {
  readonly id: string;
  readonly text: string;
}

interface Attempt {
  readonly pieces: Map<number, Piece>;
  last: number;
  /** All pieces in order; null when it has to be put together anew. Deltas mostly come in order, thousands of them. */
  text: string | null;
}

export class Deltas {
  readonly #attempts = new Map<number, Attempt>();

  /** @param id of the event: of two that claim one place, the smaller one counts */
  add(number: number, seq: number, id: string, text: string): void {
    let attempt = this.#attempts.get(number);
    if (attempt === undefined) {
      attempt = { pieces: new Map(), last: -1, text: '' };
      this.#attempts.set(number, attempt);
    }
    const known = attempt.pieces.get(seq);
    if (known !== undefined && known.id <= id) return;
    attempt.pieces.set(seq, { id, text });
    attempt.text = seq > attempt.last && attempt.text !== null ? attempt.text + text : null;
    attempt.last = Math.max(attempt.last, seq);
  }

  /** @param proof the result's `stream` tag. @returns null where nothing was streamed */
  view(proof: AnswerStream | null): StreamedText | null {
    const newest = Math.max(...this.#attempts.keys());
    const attempt = this.#attempts.get(newest);
    if (attempt === undefined) return null;
    return {
      text: textOf(attempt),
      attempt: newest,
      deltas: attempt.pieces.size,
      missing: attempt.last + 1 - attempt.pieces.size,
      check: proof === null ? 'open' : this.#compare(proof, attempt),
    };
  }

  /** The attempt that was delivered need not be the newest one that was heard of. */
  #compare({ deltas, sha256 }: AnswerStream, newest: Attempt): StreamedText['check'] {
    const whole = [...this.#attempts.values()].filter((attempt) => isWhole(attempt, deltas));
    if (whole.some((attempt) => sha256Hex(textOf(attempt)) === sha256)) return 'same';
    return isWhole(newest, deltas) || newest.pieces.size > deltas ? 'different' : 'incomplete';
  }
}

function isWhole({ pieces, last }: Attempt, deltas: number): boolean {
  return pieces.size === deltas && last === deltas - 1;
}

function textOf(attempt: Attempt): string {
  attempt.text ??= [...attempt.pieces]
    .sort(([a], [b]) => a - b)
    .map(([, { text }]) => text)
    .join('');
  return attempt.text;
}
