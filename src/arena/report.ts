/** The arena in figures, for people and programs: what GET /arena, the standing event and `npm run arena` show. */
import type { ArenaFrontierRecord } from '../store/arena.ts';
import type { QualificationRecord, RatingRecord } from '../store/arena-record.ts';
import { wilson, Z_95 } from './interval.ts';
import { standing, UNRATED } from './rating.ts';
import type { Mode, Role } from './settings.ts';

/** Two bounds, 95 % sure. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

export interface StandingRow {
  readonly agent: string;
  readonly mode: Mode;
  readonly role: Role;
  /** Around 0: how much better than those it was compared with, in standard deviations, drawn to 0 while little is known. */
  readonly rating: number;
  readonly deviation: number;
  readonly interval: Interval;
  /** Responses it stands on. */
  readonly results: number;
  /** Solvers: right answers. Proposers: tasks that some solved and some did not. */
  readonly passed: number;
  readonly pass_rate: Interval;
  /** The moving mean of its last advantages. */
  readonly recent: number;
  /** Solvers that were examined; else null. */
  readonly qualified: { readonly passed: boolean; readonly at_ms: number } | null;
}

export interface FrontierPoint {
  readonly mode: Mode;
  /** Number of the stretch of rounds, from 0. */
  readonly stretch: number;
  readonly rounds: number;
  /** Tasks whose attempts were all made. */
  readonly tasks: number;
  /** Of their attempts; null without any. */
  readonly solve_rate: number | null;
  /** Mean of the tasks; null without any. */
  readonly learnability: number | null;
  /** Tasks that some solved and some did not. */
  readonly frontier_tasks: number;
  /** Mean length of their programs, characters; null without any. */
  readonly frontier_chars: number | null;
}

/** Best first within a mode and role. */
export function standingRows(
  ratings: readonly RatingRecord[],
  qualifications: readonly QualificationRecord[],
): readonly StandingRow[] {
  const rows = ratings.map((one): StandingRow => {
    const { agent, mode, role, count, passed, ema } = one;
    const { rating, deviation } = standing(one);
    const exam =
      role === 'solve' ? qualifications.find((q) => q.agent === agent && q.mode === mode) : undefined;
    return {
      agent,
      mode,
      role,
      rating: short(rating),
      deviation: short(deviation),
      interval: { lower: short(rating - Z_95 * deviation), upper: short(rating + Z_95 * deviation) },
      results: count,
      passed,
      pass_rate: shortInterval(wilson(passed, count)),
      recent: short(ema),
      qualified: exam === undefined ? null : { passed: exam.qualified, at_ms: exam.at_ms },
    };
  });
  const place = ({ mode, role }: StandingRow) => `${mode}/${role}`;
  return rows.sort((a, b) =>
    place(a) === place(b)
      ? b.rating - a.rating || (a.agent < b.agent ? -1 : 1)
      : place(a) < place(b)
        ? -1
        : 1,
  );
}

/**
 * One number for an agent: its rating as a solver over all modes together, with half of its 95 % interval; null before its
 * first result. Modes are compared each within themselves, so that their advantages add up.
 */
export function overallStanding(
  ratings: readonly RatingRecord[],
): { readonly rating: number; readonly margin: number; readonly results: number } | null {
  const solved = ratings.filter(({ role }) => role === 'solve');
  const total = solved.reduce(
    (sum, one) => ({
      count: sum.count + one.count,
      sumAdvantage: sum.sumAdvantage + one.sumAdvantage,
      ema: 0,
      passed: sum.passed + one.passed,
    }),
    UNRATED,
  );
  if (total.count === 0) return null;
  const { rating, deviation } = standing(total);
  return { rating: short(rating), margin: short(Z_95 * deviation), results: total.count };
}

/** The same without its margin, for the card. */
export function overallRating(ratings: readonly RatingRecord[]): number | null {
  return overallStanding(ratings)?.rating ?? null;
}

export function frontierPoints(stretches: readonly ArenaFrontierRecord[]): readonly FrontierPoint[] {
  return stretches.map((one) => ({
    mode: one.mode,
    stretch: one.stretch,
    rounds: one.rounds,
    tasks: one.tasks,
    solve_rate: ratio(one.solved, one.attempts),
    learnability: ratio(one.learnability, one.tasks),
    frontier_tasks: one.frontier,
    frontier_chars: ratio(one.frontierChars, one.frontier),
  }));
}

function ratio(part: number, of: number): number | null {
  return of === 0 ? null : short(part / of);
}

/** Three decimals: more would change with every result and tell nobody more. */
function short(value: number): number {
  // Adding zero turns a negative zero into zero.
  return Math.round(value * 1_000) / 1_000 + 0;
}

function shortInterval({ lower, upper }: Interval): Interval {
  return { lower: short(lower), upper: short(upper) };
}
