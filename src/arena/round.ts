/** One round: propose, try out, solve, reward, store. Everything it decides by chance comes from its randomness. */
import type { Executor, Language } from '../checks/executor.ts';
import { planOf } from '../checks/plan.ts';
import { judgeAll } from '../checks/run.ts';
import { added, references } from './buffer.ts';
import { seatsFor } from './collusion.ts';
import { unwrapped } from './format.ts';
import { pick, type Random } from './random.ts';
import { proposerReward, solverReward } from './rewards.ts';
import { holds, published, type Season, type StoredTask, subjects } from './season.ts';
import type { Proposer, Reference, Solver } from './seat.ts';
import type { ArenaSettings, Mode } from './settings.ts';
import { measured, nextStep, type Tally } from './stopping.ts';
import { checkOf, programId, questionOf, type Task, taskId } from './task.ts';
import { type Order, tryOut } from './try-out.ts';

export interface RoundInput {
  readonly mode: Mode;
  readonly language: Language;
  readonly proposer: Proposer;
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
  readonly mode: Mode;
  readonly proposer: string;
  readonly text: string;
  /** Null for a proposal that became no task, with why in `problem`. */
  readonly stored: StoredTask | null;
  readonly problem: string | null;
  /** Null where the attempts were not all made: nobody is rewarded by such a count. */
  readonly reward: number | null;
  readonly attempts: readonly SolveRecord[];
}

/** @throws JobError SERVICE_UNAVAILABLE when there is no executor; the season is as it was then */
export async function playRound(
  season: Season,
  input: RoundInput,
): Promise<{ readonly season: Season; readonly record: RoundRecord }> {
  const { mode, proposer, executor, settings, random, signal } = input;
  const after = { ...season, round: season.round + 1 };
  const order = orderOf(season, input);
  const shown = references(season.buffers[mode], settings.references, random);
  if (order === null) {
    const problem = 'there is no program to ask about';
    const record = {
      mode,
      proposer: proposer.agent,
      text: '',
      stored: null,
      problem,
      reward: null,
      attempts: [],
    };
    return { season: after, record };
  }
  const text = await proposer.propose(order, shown.map(referenceOf), random);
  const { wellFormed, answer } = unwrapped(text, settings.wrapper);
  const tried = await tryOut(answer, order, executor, settings, signal);
  const problem = tried.ok ? (holds(season, taskId(tried.task)) ? 'the task is known' : null) : tried.problem;
  const base = { mode, proposer: proposer.agent, text };
  if (!tried.ok || problem !== null) {
    const reward = proposerReward(wellFormed, false, 0, settings.rewards);
    return { season: after, record: { ...base, stored: null, problem, reward, attempts: [] } };
  }
  const solved = await solveAll(tried.task, season, input);
  if (solved === null) {
    const reward = proposerReward(wellFormed, false, 0, settings.rewards);
    return {
      season: after,
      record: { ...base, stored: null, problem: 'its program is not deterministic', reward, attempts: [] },
    };
  }
  const { tally, attempts } = solved;
  const learnable = measured(tally, settings.attempts);
  const stored = {
    id: taskId(tried.task),
    task: tried.task,
    programId: programId(tried.task),
    proposer: proposer.agent,
    learnability: learnable,
    tally,
  };
  const buffer = added(season.buffers[mode], [stored], season.round, settings.bufferTasks);
  const reward = learnable === null ? null : proposerReward(wellFormed, true, learnable, settings.rewards);
  return {
    season: { ...after, buffers: { ...season.buffers, [mode]: buffer } },
    record: { ...base, stored, problem: null, reward, attempts },
  };
}

function referenceOf({ task, learnability, tally }: StoredTask): Reference {
  return { task, solveRate: learnability === null ? null : tally.solved / tally.done };
}

function orderOf(season: Season, { mode, language, random }: RoundInput): Order | null {
  if (mode !== 'induction') return { mode, language };
  const subject = pick(subjects(season), random);
  return subject === undefined ? null : { mode, subject };
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
  const known = published(season);
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
