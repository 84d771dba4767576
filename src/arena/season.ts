/** What the arena knows between rounds. Plain data, so that a season can be stored and replayed from its seed. */
import type { Language } from '../checks/executor.ts';
import { ARENA_EMBARGO_ROUNDS } from '../limits.ts';
import { added, type Stored, type TaskBuffer } from './buffer.ts';
import type { Mode } from './settings.ts';
import type { Tally } from './stopping.ts';
import { programId, type Task, taskId } from './task.ts';

export interface StoredTask {
  readonly id: string;
  readonly task: Task;
  /** See {@link programId}. */
  readonly programId: string;
  /** Null for seeds, which nobody is paid for. */
  readonly proposer: string | null;
  /** Null until all attempts were made, and for good where they were not. */
  readonly learnability: number | null;
  readonly tally: Tally;
}

export interface Season {
  /** Rounds played. */
  readonly round: number;
  readonly buffers: Readonly<Record<Mode, TaskBuffer<StoredTask>>>;
}

/** The one program that the original begins with. */
const IDENTITY: Readonly<
  Record<Language, { readonly program: string; readonly input: string; readonly output: string }>
> = {
  python: { program: 'def f(a):\n    return a', input: "'Hello world'", output: "'Hello world'" },
  javascript: {
    program: 'function f(a) {\n  return a;\n}',
    input: '["Hello world"]',
    output: '"Hello world"',
  },
};

/** Deduction and abduction begin with the seeds, the identity first; induction with nothing, as it is about those. */
export function newSeason(language: Language, seeds: readonly Task[] = []): Season {
  const of = (mode: 'deduction' | 'abduction') => {
    const tasks = [{ mode, language, ...IDENTITY[language] }, ...seeds.filter((task) => task.mode === mode)];
    return added([], tasks.map(seeded), 0, Number.POSITIVE_INFINITY);
  };
  return { round: 0, buffers: { deduction: of('deduction'), abduction: of('abduction'), induction: [] } };
}

export function holds(season: Season, id: string): boolean {
  return Object.values(season.buffers).some((buffer) => buffer.some(({ item }) => item.id === id));
}

/** The tasks that anybody may see whole, the oldest first. */
export function published(season: Season): readonly Task[] {
  return everything(season)
    .filter(({ round }) => !embargoed(round, season))
    .map(({ item }) => item.task);
}

/** The tasks whose programs an induction may ask about: those that are not published, not even with another input. */
export function subjects(season: Season): readonly Task[] {
  const all = everything(season);
  const known = new Set(
    all.filter(({ round }) => !embargoed(round, season)).map(({ item }) => item.programId),
  );
  return all.flatMap(({ item }) =>
    item.task.mode !== 'induction' && !known.has(item.programId) ? [item.task] : [],
  );
}

function everything({ buffers }: Season): readonly Stored<StoredTask>[] {
  return [...buffers.deduction, ...buffers.abduction, ...buffers.induction].sort((a, b) => a.round - b.round);
}

function embargoed(round: number, season: Season): boolean {
  return season.round - round < ARENA_EMBARGO_ROUNDS;
}

function seeded(task: Task): StoredTask {
  return {
    id: taskId(task),
    task,
    programId: programId(task),
    proposer: null,
    learnability: null,
    tally: { solved: 0, done: 0 },
  };
}
