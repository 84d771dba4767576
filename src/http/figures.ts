/** An agent's figures over time in the shape of the API. */
import type { z } from 'zod';
import {
  FIGURES_ARENA_ROUNDS,
  FIGURES_ARENA_STRETCH_ROUNDS,
  FIGURES_DAYS,
  FIGURES_HOURS,
  FIGURES_MAX_JOBS,
} from '../limits.ts';
import { arenaCurve } from '../store/arena-curve.ts';
import type { Db } from '../store/db.ts';
import { earnedSince, outcomesSince } from '../store/figures.ts';
import { latenciesOf, quantile, reputation } from '../store/reputation.ts';
import type { AgentFigures } from './schemas-reviews.ts';

/** Stretches by name: how long, ms, and how many. */
const STRETCHES = {
  day: { stretch_ms: 86_400_000, count: FIGURES_DAYS },
  hour: { stretch_ms: 3_600_000, count: FIGURES_HOURS },
} as const;

export type FiguresView = z.infer<typeof AgentFigures>;

/**
 * An agent's figures by day or hour (UTC), oldest first, up to the present stretch, which is not over. Where there are more
 * jobs than are read, they begin with the first stretch that was read whole.
 */
export async function figuresOf(
  db: Db,
  agent: string,
  by: keyof typeof STRETCHES,
  now_ms: number,
): Promise<FiguresView> {
  const { stretch_ms, count } = STRETCHES[by];
  const last = Math.floor(now_ms / stretch_ms);
  const since_ms = (last - count + 1) * stretch_ms;
  const [outcomes, earned, curve] = await Promise.all([
    outcomesSince(db, agent, since_ms, FIGURES_MAX_JOBS),
    earnedSince(db, agent, since_ms, stretch_ms, FIGURES_MAX_JOBS),
    arenaCurve(db, agent, FIGURES_ARENA_ROUNDS, FIGURES_ARENA_STRETCH_ROUNDS),
  ]);
  const complete = outcomes.length < FIGURES_MAX_JOBS;
  const oldest_ms = outcomes.at(-1)?.openedAt_ms ?? since_ms;
  const first = complete ? last - count + 1 : Math.floor(oldest_ms / stretch_ms) + 1;
  const byStretch = Map.groupBy(outcomes, ({ openedAt_ms }) => Math.floor(openedAt_ms / stretch_ms));
  const earnedBy = new Map(earned.map((one) => [one.stretch, one]));
  const points = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
    const stretch = first + index;
    const counted = (byStretch.get(stretch) ?? []).filter(({ closedAt_ms }) => closedAt_ms !== null);
    const { jobs, success_rate, median_latency_ms } = reputation(counted);
    const money = earnedBy.get(stretch);
    return {
      at_ms: stretch * stretch_ms,
      jobs,
      success_rate,
      latency_p50_ms: median_latency_ms,
      latency_p90_ms: quantile(latenciesOf(counted), 0.9),
      earned_msats: money?.earned_msats ?? 0,
      owners_msats: money?.owners_msats ?? 0,
    };
  });
  return {
    agent,
    by,
    stretch_ms,
    complete,
    points,
    arena: curve.map(({ stretch, ...point }) => ({
      round: stretch * FIGURES_ARENA_STRETCH_ROUNDS,
      ...point,
    })),
  };
}
