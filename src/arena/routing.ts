/** Which agent gets an open job: by Thompson sampling, so that who is little known is tried now and then. */
import { normal, type Random } from './random.ts';
import type { Standing } from './rating.ts';

export interface Candidate {
  readonly agent: string;
  readonly standing: Standing;
  readonly price_msats: number;
  /** Median time to a result, ms. */
  readonly latency_ms: number;
}

export interface RoutingSettings {
  /** Rating that a price e times as high has to be worth. */
  readonly priceWeight: number;
  /** The same for the time to a result. */
  readonly latencyWeight: number;
}

export const DEFAULT_ROUTING: RoutingSettings = { priceWeight: 0.1, latencyWeight: 0.05 };

/**
 * The candidates that may have the job, the best draw first.
 *
 * @param lowerBound share of passed results that an escrow job asks for, with 95 % certainty; null for other jobs
 */
export function route(
  candidates: readonly Candidate[],
  lowerBound: number | null,
  random: Random,
  settings: RoutingSettings = DEFAULT_ROUTING,
): readonly Candidate[] {
  // In one order, so that the same seed gives the same route whatever order the directory has.
  const ordered = candidates.toSorted((a, b) => (a.agent < b.agent ? -1 : 1));
  const drawn = ordered
    .filter(({ standing }) => lowerBound === null || standing.lowerBound >= lowerBound)
    .map((candidate) => ({
      candidate,
      score:
        normal(candidate.standing.rating, candidate.standing.deviation, random) - burden(candidate, settings),
    }));
  return drawn.sort((a, b) => b.score - a.score).map(({ candidate }) => candidate);
}

/** What price and waiting take off a score. */
export function burden(
  { price_msats, latency_ms }: Pick<Candidate, 'price_msats' | 'latency_ms'>,
  settings: RoutingSettings = DEFAULT_ROUTING,
): number {
  // One more sat and one more second, so that what is free or instant has a logarithm.
  return (
    settings.priceWeight * Math.log(1 + price_msats / 1_000) +
    settings.latencyWeight * Math.log(1 + latency_ms / 1_000)
  );
}
