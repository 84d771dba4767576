/** What the arena knows between rounds, as a round asks for it. How it is kept is house/kept-season.ts. */
import type { Language } from '../checks/executor.ts';
import type { Random } from './random.ts';
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

/**
 * A season as a round sees it. A task is published `ARENA_EMBARGO_ROUNDS` after its round; seeds are from the start, as
 * they stand in the repository.
 */
export interface Season {
  /** Rounds played. */
  readonly round: number;
  /** References: uniform among the tasks of a mode, each at most once; fewer where there are fewer. */
  references(mode: Mode, count: number, random: Random): readonly StoredTask[];
  holds(id: string): boolean;
  /** The newest tasks that anybody may see whole, the oldest of them first. */
  published(count: number): readonly Task[];
  /**
   * A program that an induction may ask about: of a task that is not published, not even with another input, and that no
   * induction is about.
   */
  subject(random: Random): Task | null;
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

/** What a season begins with: the identity in the modes that are about one call, then the seeds. */
export function firstTasks(language: Language, seeds: readonly Task[]): readonly StoredTask[] {
  const identity = (['deduction', 'abduction'] as const).map((mode) => ({
    mode,
    language,
    ...IDENTITY[language],
  }));
  return [...identity, ...seeds].map((task) => ({
    id: taskId(task),
    task,
    programId: programId(task),
    proposer: null,
    learnability: null,
    tally: { solved: 0, done: 0 },
  }));
}
