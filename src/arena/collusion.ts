/** Against agents that feed each other easy tasks (SEEDS §4.4). */
import { ARENA_PAIR_MIN_TASKS } from '../limits.ts';
import { binomialTail } from './interval.ts';
import { type Random, sample } from './random.ts';

export interface Seat {
  readonly agent: string;
  /** Who is paid for it; several of them with `|` between. */
  readonly owner: string;
}

/**
 * What a solver made of one proposer's tasks. A task counts once, as passed when any of the solver's attempts was right:
 * attempts at one task are no independent trials.
 */
export interface PairCount {
  readonly proposer: string;
  readonly solver: string;
  readonly passed: number;
  readonly tasks: number;
}

/** How unlikely a pair's success has to be by chance. There are many pairs, so it is small. */
const SUSPICIOUS = 1e-4;

/** Nobody solves own tasks, nor those of another agent of the same owner. */
export function maySolve(solver: Seat, proposer: Seat): boolean {
  const owners = proposer.owner.split('|');
  return solver.agent !== proposer.agent && !solver.owner.split('|').some((owner) => owners.includes(owner));
}

/**
 * Who makes the attempts at a task: every solver in turn, in an order of chance, so that no two differ by more than one
 * attempt. Empty when nobody may.
 */
export function seatsFor<S extends Seat>(
  proposer: Seat,
  solvers: readonly S[],
  attempts: number,
  random: Random,
): readonly S[] {
  const allowed = solvers.filter((solver) => maySolve(solver, proposer));
  const order = sample(allowed, allowed.length, random);
  return Array.from({ length: attempts }, (_, i) => order[i % order.length]).flatMap((seat) => seat ?? []);
}

export interface SuspiciousPair extends PairCount {
  /** The chance of such success, if this proposer's tasks were to this solver like all others'. */
  readonly chance: number;
}

/**
 * Pairs in which a solver does far better than it does elsewhere, and than its skill and the ease of these tasks explain
 * together. A good task for a good solver looks alike from few tasks, so those are not judged.
 */
export function suspiciousPairs(counts: readonly PairCount[]): readonly SuspiciousPair[] {
  return counts
    .flatMap((pair) => {
      const chance = chanceOf(pair, counts);
      return chance !== null && chance < SUSPICIOUS ? [{ ...pair, chance }] : [];
    })
    .sort((a, b) => a.chance - b.chance);
}

function chanceOf(pair: PairCount, counts: readonly PairCount[]): number | null {
  const sameSolver = (one: PairCount) => one.solver === pair.solver;
  const sameProposer = (one: PairCount) => one.proposer === pair.proposer;
  const own = logOdds(counts.filter((one) => sameSolver(one) && !sameProposer(one)));
  if (pair.tasks < ARENA_PAIR_MIN_TASKS || own.tasks < ARENA_PAIR_MIN_TASKS) return null;
  const others = logOdds(counts.filter((one) => !sameSolver(one) && sameProposer(one)));
  const rest = logOdds(counts.filter((one) => !sameSolver(one) && !sameProposer(one)));
  // Where too few others tried these tasks, their ease is not known.
  const known = others.tasks >= ARENA_PAIR_MIN_TASKS && rest.tasks >= ARENA_PAIR_MIN_TASKS;
  // Skill and ease add up as log odds do, and so do their errors; the doubt is the pair's.
  const both =
    own.value + others.value - rest.value + DOUBT * Math.sqrt(own.variance + others.variance + rest.variance);
  const alone = own.value + DOUBT * Math.sqrt(own.variance);
  return binomialTail(pair.passed, pair.tasks, shareOf(known ? Math.max(alone, both) : alone));
}

/** Standard errors by which what is expected of a pair may be off. */
const DOUBT = 2;

interface LogOdds {
  readonly tasks: number;
  readonly value: number;
  readonly variance: number;
}

/** With one success and one failure more than were seen: a solver of few successes is not one of none. */
function logOdds(counts: readonly PairCount[]): LogOdds {
  const tasks = counts.reduce((total, one) => total + one.tasks, 0);
  const passed = counts.reduce((total, one) => total + one.passed, 0) + 1;
  const failed = tasks + 2 - passed;
  return { tasks, value: Math.log(passed / failed), variance: 1 / passed + 1 / failed };
}

function shareOf(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
