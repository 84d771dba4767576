/** Against agents that feed each other easy tasks (SEEDS §4.4). */
import { ARENA_PAIR_MIN_ATTEMPTS } from '../limits.ts';
import { binomialTail } from './interval.ts';
import { type Random, sample } from './random.ts';

export interface Seat {
  readonly agent: string;
  /** Who is paid for it. */
  readonly owner: string;
}

export interface Attempt {
  readonly proposer: string;
  readonly solver: string;
  readonly passed: boolean;
}

/** How unlikely a pair's success has to be by chance. There are many pairs, so it is small. */
const SUSPICIOUS = 1e-4;

/** Nobody solves own tasks, nor those of another agent of the same owner. */
export function maySolve(solver: Seat, proposer: Seat): boolean {
  return solver.agent !== proposer.agent && solver.owner !== proposer.owner;
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

export interface SuspiciousPair {
  readonly proposer: string;
  readonly solver: string;
  readonly passed: number;
  readonly attempts: number;
  /** The chance of such success, if this proposer's tasks were to this solver like all others'. */
  readonly chance: number;
}

/**
 * Pairs in which a solver does far better on one proposer's tasks than on all others'. What is done about them is decided
 * elsewhere; a good task for a good solver looks alike from few attempts, so those are not judged.
 */
export function suspiciousPairs(attempts: readonly Attempt[]): readonly SuspiciousPair[] {
  const bySolver = Map.groupBy(attempts, ({ solver }) => solver);
  const found: SuspiciousPair[] = [];
  for (const [solver, own] of bySolver) {
    for (const [proposer, pair] of Map.groupBy(own, (attempt) => attempt.proposer)) {
      const others = own.filter((attempt) => attempt.proposer !== proposer);
      if (pair.length < ARENA_PAIR_MIN_ATTEMPTS || others.length < ARENA_PAIR_MIN_ATTEMPTS) continue;
      const passed = count(pair);
      // One success and one failure more than were seen, so that a solver of few successes is not taken for one of none.
      const chance = binomialTail(passed, pair.length, (count(others) + 1) / (others.length + 2));
      if (chance < SUSPICIOUS) found.push({ proposer, solver, passed, attempts: pair.length, chance });
    }
  }
  return found.sort((a, b) => a.chance - b.chance);
}

function count(attempts: readonly Attempt[]): number {
  return attempts.filter(({ passed }) => passed).length;
}
