/** What an agent's record says of it (PROTOCOL §8 `reputation`). */
import { REPUTATION_JOBS } from '../limits.ts';
import type { Db } from './db.ts';
import { agentOutcomes, type JobOutcome } from './jobs.ts';

/** Counted over the agent's newest jobs ({@link REPUTATION_JOBS}). */
export interface Reputation {
  /** Jobs that ended by the agent's doing: delivered, failed, or not begun in time. */
  readonly jobs: number;
  /** Delivered ones among them, 0 to 1; null without jobs. */
  readonly success_rate: number | null;
  /** From the request's arrival to its result, over the delivered ones; null without any. */
  readonly median_latency_ms: number | null;
}

/**
 * An agent's reputation, read from the record.
 *
 * @param jobs how many of its newest jobs are counted
 * @param since_ms since when it has its name, Unix ms: older jobs were another's
 */
export async function reputationOf(
  db: Db,
  agent: string,
  jobs: number = REPUTATION_JOBS,
  since_ms = 0,
): Promise<Reputation> {
  const outcomes = await agentOutcomes(db, agent, jobs);
  return reputation(outcomes.filter(({ openedAt_ms }) => openedAt_ms >= since_ms));
}

/** Counts a reputation. What the client did (cancelled) or asked wrongly (rejected) is not held against the agent. */
export function reputation(recorded: readonly JobOutcome[]): Reputation {
  // Without an attempt nothing is the agent's doing: a request that came again, words to a run, inputs that never came, or
  // an invoice nobody paid, by which any stranger could lower the rate.
  // What was wrong with the request may show while it is worked on: its check breaks, the program it brings fails.
  const outcomes = recorded.filter(({ attempts, error }) => attempts > 0 && error !== 'BAD_REQUEST');
  const counted = outcomes.filter(
    ({ phase }) => phase === 'delivered' || phase === 'failed' || phase === 'expired',
  );
  const latencies = latenciesOf(outcomes);
  return {
    jobs: counted.length,
    success_rate: counted.length === 0 ? null : latencies.length / counted.length,
    median_latency_ms: quantile(latencies, 0.5),
  };
}

/** Request to result of the delivered jobs among these, ms, shortest first. */
export function latenciesOf(outcomes: readonly JobOutcome[]): number[] {
  return outcomes
    .flatMap(({ phase, openedAt_ms, closedAt_ms }) =>
      phase === 'delivered' && closedAt_ms !== null ? [Math.max(0, closedAt_ms - openedAt_ms)] : [],
    )
    .sort((a, b) => a - b);
}

/** The value below which a share `q` of an ascending list lies (nearest rank), or null of an empty one. */
export function quantile(ascending: readonly number[], q: number): number | null {
  return ascending[Math.max(0, Math.ceil(q * ascending.length) - 1)] ?? null;
}
