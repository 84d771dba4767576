/** What the broker knows of the agents: read from the record, and used for a while. */
import type { Clock } from '../clock.ts';
import { BROKER_JOBS, BROKER_KNOWS_MS } from '../limits.ts';
import type { KeyedAgent } from '../protocol/agent.ts';
import { allRatings, qualificationsOf } from '../store/arena.ts';
import type { Db } from '../store/db.ts';
import { reputationOf } from '../store/reputation.ts';
import type { Known } from './choice.ts';
import { isQualified } from './qualification.ts';
import { MODES } from './settings.ts';

/** Reads what is known of these agents: one query for each, and four for all together. */
export async function readKnown(
  db: Db,
  agents: readonly KeyedAgent[],
  now_ms: number,
): Promise<ReadonlyMap<string, Known>> {
  const [ratings, examined, reputations] = await Promise.all([
    allRatings(db),
    Promise.all(MODES.map(async (mode) => ({ mode, verdicts: await qualificationsOf(db, mode) }))),
    Promise.all(agents.map(({ slug, listed }) => reputationOf(db, slug, BROKER_JOBS, listed?.since_ms))),
  ]);
  return new Map(
    agents.map(({ slug, models }, i) => {
      const own = ratings.filter(({ agent, role }) => agent === slug && role === 'solve');
      const qualified = examined.filter(({ verdicts }) =>
        isQualified(verdicts.get(slug) ?? null, models, now_ms),
      );
      return [
        slug,
        {
          reputation: reputations[i] ?? null,
          ratings: new Map(own.map((rating) => [rating.mode, rating])),
          qualified: new Set(qualified.map(({ mode }) => mode)),
        },
      ];
    }),
  );
}

/**
 * Keeps what was read. Where it is too old it is read again, once, and until that is done the old is good enough. Nobody
 * waits for a reading that somebody else began: the platform gives every call its own connections.
 */
export class Knowledge {
  readonly #read: (now_ms: number) => Promise<ReadonlyMap<string, Known>>;
  readonly #clock: Clock;
  #known: ReadonlyMap<string, Known> | null = null;
  #readAt_ms = Number.NEGATIVE_INFINITY;

  constructor(read: (now_ms: number) => Promise<ReadonlyMap<string, Known>>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** @throws whatever reading throws; the next call reads again */
  async get(): Promise<ReadonlyMap<string, Known>> {
    const now_ms = this.#clock();
    if (this.#known !== null && now_ms - this.#readAt_ms < BROKER_KNOWS_MS) return this.#known;
    const before_ms = this.#readAt_ms;
    this.#readAt_ms = now_ms;
    try {
      this.#known = await this.#read(now_ms);
      return this.#known;
    } catch (error) {
      this.#readAt_ms = before_ms;
      throw error;
    }
  }
}
