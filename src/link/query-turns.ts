/**
 * Turns at asking a relay: a few queries at a time, and the same question only once. Relays allow a handful of
 * subscriptions on a connection, and some drop the oldest without a word, which would be those that hear requests.
 */
import { LINK_MAX_WAITING_QUERIES, LINK_QUERIES_IN_FLIGHT } from '../limits.ts';
import type { VerifiedEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';

interface Turns {
  running: number;
  readonly waiting: (() => void)[];
}

export class QueryTurns {
  readonly #asked = new Map<string, Promise<readonly VerifiedEvent[]>>();
  readonly #turns = new Map<string, Turns>();

  /**
   * Asks when it is this question's turn, or joins whoever asks it already. With too many before it the answer is
   * empty at once: a query is never worth a queue.
   *
   * @param ask begins the query; must not reject
   */
  async take(
    url: string,
    filters: readonly Filter[],
    ask: () => Promise<readonly VerifiedEvent[]>,
  ): Promise<VerifiedEvent[]> {
    const question = JSON.stringify([url, filters]);
    let answer = this.#asked.get(question);
    if (answer === undefined) {
      answer = this.#inTurn(url, ask).finally(() => this.#asked.delete(question));
      this.#asked.set(question, answer);
    }
    return [...(await answer)];
  }

  async #inTurn(
    url: string,
    ask: () => Promise<readonly VerifiedEvent[]>,
  ): Promise<readonly VerifiedEvent[]> {
    const turns = this.#turns.get(url) ?? { running: 0, waiting: [] };
    this.#turns.set(url, turns);
    if (turns.running >= LINK_QUERIES_IN_FLIGHT) {
      if (turns.waiting.length >= LINK_MAX_WAITING_QUERIES) return [];
      // Whoever is done hands its turn on, so `running` stays as it is.
      await new Promise<void>((resolve) => turns.waiting.push(resolve));
    } else {
      turns.running++;
    }
    try {
      return await ask();
    } finally {
      const next = turns.waiting.shift();
      if (next !== undefined) next();
      else if (--turns.running === 0) this.#turns.delete(url);
    }
  }
}
