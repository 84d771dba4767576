/** What somebody outside the session needs to do one piece of a team's work. Plain JSON: it crosses RPC. */
import type { TeamConfig } from '../config.ts';
import { partsOf, roleOf } from '../parts.ts';
import type { Usage } from '../records.ts';
import type { PromptParts, Task, TeamRun, Work } from '../types.ts';
import type { Spent, StepJournal } from './state.ts';
import type { StoredRun, TeamStore } from './store.ts';

export interface TeamBrief {
  readonly number: number;
  readonly attempt: number;
  readonly work: Work;
  /** Its check only for who is to run it. */
  readonly team: Pick<TeamConfig, 'roles' | 'promptTokens' | 'check'>;
  /** Who does it; empty for a check. */
  readonly role: string;
  readonly parts: PromptParts;
  /** Texts of versions, by id. */
  readonly texts: { readonly [version: string]: string };
  /** All outputs of the run, for `load_output`. */
  readonly outputs: readonly { readonly id: string; readonly title: string; readonly bytes: number }[];
  /** Name of the agent loop's journal, which may hold what an earlier drive did. */
  readonly journal: string;
  /** The most that all of the journal may use. */
  readonly limit: Usage;
  /** When its present journal was begun, Unix ms. */
  readonly since_ms: number;
}

/** @throws Error for a task the run does not have in flight */
export function briefOf(
  job: string,
  { run }: StoredRun,
  task: Task,
  journal: StepJournal & { readonly since_ms: number },
  store: TeamStore,
): TeamBrief {
  const { number, attempt, work, quote } = task;
  const parts = partsAsOrdered(run, task);
  const shown = [...parts.full, ...(work.type === 'check' ? [] : parts.older)];
  return {
    number,
    attempt,
    work,
    team: {
      roles: run.team.roles,
      promptTokens: run.team.promptTokens,
      check: work.type === 'check' ? run.team.check : null,
    },
    role: roleOf(run, work),
    parts,
    texts: Object.fromEntries(
      parts.full.flatMap(({ id }) => {
        const text = store.text(job, id);
        return text === null ? [] : [[id, text] as const];
      }),
    ),
    outputs: shown.map(({ id, role, iteration, bytes }) => ({
      id,
      title: `${role}, iteration ${iteration}`,
      bytes,
    })),
    journal: journalName(job, number, journal.from),
    limit: limitOf(quote, journal.booked),
    since_ms: journal.since_ms,
  };
}

/** The prompt of an order is for ever: directives that came since are told as notes (notes.ts). */
function partsAsOrdered(run: TeamRun, task: Task): PromptParts {
  const known = new Set(task.directives);
  const directives = run.directives.flatMap((one) =>
    known.has(one.number) ? [{ ...one, status: 'open' as const }] : [],
  );
  return partsOf({ ...run, directives }, task);
}

export function journalName(job: string, step: number, from: number): string {
  return `${job}/${step}.${from}`;
}

function limitOf(quote: Usage, booked: Spent): Usage {
  return {
    tokens: quote.tokens + booked.prompt_tokens + booked.completion_tokens,
    msats: quote.msats + booked.msats,
  };
}
