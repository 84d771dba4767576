/** One round: propose, try out, solve, reward. Everything it decides by chance comes from its randomness. */
import type { Executor, Language } from '../checks/executor.ts';
import { planOf } from '../checks/plan.ts';
import { judgeAll } from '../checks/run.ts';
import { ARENA_LIBRARY_TASKS } from '../limits.ts';
import { seatsFor } from './collusion.ts';
import { unwrapped } from './format.ts';
import type { Random } from './random.ts';
import { proposerReward, solverReward } from './rewards.ts';
import type { Season, StoredTask } from './season.ts';
import type { Proposer, Reference, Solver } from './seat.ts';
import type { ArenaSettings, Mode } from './settings.ts';
import { measured, nextStep, type Tally } from './stopping.ts';
import { checkOf, programId, questionOf, type Task, taskId } from './task.ts';
import { type Order, tryOut } from './try-out.ts';

export interface RoundInput {
  readonly mode: Mode;
  readonly language: Language;
  readonly proposer: Proposer;
  /** Those who may not solve this proposer's tasks are left out by the round. */
  readonly solvers: readonly Solver[];
  readonly executor: Executor;
  readonly settings: ArenaSettings;
  /** Attempts after which a task may be given up; null makes all of them. */
  readonly probe: number | null;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export interface SolveRecord {
  readonly agent: string;
  readonly text: string;
  readonly wellFormed: boolean;
  readonly right: boolean;
  readonly reward: number;
}

export interface RoundRecord {
  /** The round, from 1. */
  readonly round: number;
  readonly mode: Mode;
  readonly proposer: string;
  /** What the proposer was asked for; null where there was nothing to ask about. */
  readonly order: Order | null;
  /** The tasks it was shown. */
  readonly shown: readonly StoredTask[];
  readonly text: string;
  readonly wellFormed: boolean;
  /** Null for a proposal that became no task, with why in `problem`. */
  readonly stored: StoredTask | null;
  readonly problem: string | null;
  /** The engine that tried the task out, and its build; empty where nothing was run. */
  readonly executor: string;
  /** Null where the attempts were not all made: nobody is rewarded by such a count. */
  readonly reward: number | null;
  readonly attempts: readonly SolveRecord[];
}

/** @throws JobError SERVICE_UNAVAILABLE when there is no executor: nothing was learnt then */
export async function playRound(season: Season, input: RoundInput): Promise<RoundRecord> {
  const { mode, proposer, executor, settings, random, signal } = input;
  const order = orderOf(season, input);
  const shown = season.references(mode, settings.references, random);
  const none = { text: '', wellFormed: false, stored: null, executor: '', reward: null, attempts: [] };
  const base = { round: season.round + 1, mode, proposer: proposer.agent, order, shown };
  if (order === null) return { ...base, ...none, problem: 'there is no program to ask about' };
  const text = await proposer.propose(order, shown.map(referenceOf), random);
  const { wellFormed, answer } = unwrapped(text, settings.wrapper);
  const refused = (problem: string): RoundRecord => ({
    ...base,
    ...none,
    text,
    wellFormed,
    problem,
    reward: proposerReward(wellFormed, false, 0, settings.rewards),
  });
  const tried = await tryOut(answer, order, executor, settings, signal);
  if (!tried.ok) return refused(tried.problem);
  const { task, engine } = tried;
  if (season.holds(taskId(task))) return refused('the task is known');
  const solved = await solveAll(task, season, input);
  if (solved === null) return refused('its program is not deterministic');
  const { tally, attempts } = solved;
  const learnability = measured(tally, settings.attempts);
  return {
    ...base,
    text,
    wellFormed,
    stored: {
      id: taskId(task),
      task,
      programId: programId(task),
      proposer: proposer.agent,
      learnability,
      tally,
    },
    problem: null,
    executor: engine,
    reward: learnability === null ? null : proposerReward(wellFormed, true, learnability, settings.rewards),
    attempts,
  };
}

export function referenceOf({ task, learnability, tally }: StoredTask): Reference {
  return { task, solveRate: learnability === null ? null : tally.solved / tally.done };
}

function orderOf(season: Season, { mode, language, random }: RoundInput): Order | null {
  if (mode !== 'induction') return { mode, language };
  const subject = season.subject(random);
  return subject === null
    ? null
    : { mode, subject: { language: subject.language, program: subject.program } };
}

/**
 * Attempts up to where the rule of early stopping decides, then the rest; each batch is judged by one call. Null for a
 * task that breaks while it is judged: nothing is held against those who answered it.
 */
async function solveAll(
  task: Task,
  season: Season,
  { proposer, solvers, executor, settings, probe, random, signal }: RoundInput,
): Promise<{ readonly tally: Tally; readonly attempts: readonly SolveRecord[] } | null> {
  const seats = seatsFor(proposer, solvers, settings.attempts, random);
  const known = season.published(ARENA_LIBRARY_TASKS);
  const attempts: SolveRecord[] = [];
  let tally: Tally = { solved: 0, done: 0 };
  while (tally.done < seats.length && nextStep(tally, settings.attempts, probe) === 'attempt') {
    const until = probe !== null && tally.done < probe ? Math.min(probe, seats.length) : seats.length;
    const batch = seats.slice(tally.done, until);
    const texts: string[] = [];
    for (const solver of batch) texts.push(await solver.solve(questionOf(task), known, random));
    const answers = texts.map((text) => unwrapped(text, settings.wrapper));
    const check = checkOf(task);
    const plans = answers.map(({ answer }) => planOf(check, answer));
    const { verdicts } = await judgeAll(executor, plans, signal);
    if (verdicts.some(({ code }) => code === 'broken')) return null;
    for (const [i, solver] of batch.entries()) {
      const wellFormed = answers[i]?.wellFormed === true;
      const right = wellFormed && verdicts[i]?.passed === true;
      const reward = solverReward(wellFormed, right, settings.rewards);
      attempts.push({ agent: solver.agent, text: texts[i] ?? '', wellFormed, right, reward });
    }
    tally = { solved: attempts.filter(({ right }) => right).length, done: attempts.length };
  }
  return { tally, attempts };
}
