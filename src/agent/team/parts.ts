/** What stands in the prompt of a step: which versions in full, which by their summary, which directives. */
import { utf8Bytes } from '../../protocol/size.ts';
import { DIRECTIVES_SHARE } from './config.ts';
import { type Directive, EVERYBODY, inForce } from './feedback/directives.ts';
import type { Version } from './records.ts';
import { versionOf } from './turn.ts';
import type { PromptParts, TeamRun, Todo } from './types.ts';

/** By reference to versions; `prompt.ts` makes the text. */
export function partsOf(run: TeamRun, { work, questions }: Todo): PromptParts {
  const role = roleOf(run, work);
  const full = fullOf(run, work);
  return {
    role,
    task: run.task,
    directives: newestWithin(
      inForce(run.directives, work.type === 'step' ? role : EVERYBODY),
      Math.floor(run.team.promptTokens * DIRECTIVES_SHARE) - utf8Bytes(run.reporter.settings.focus ?? ''),
    ),
    focus: run.reporter.settings.focus,
    answers: run.questions.flatMap(({ number, text, answer }) =>
      questions.includes(number) && answer !== null
        ? [{ question: text, answer: answer.text, by: answer.by }]
        : [],
    ),
    full,
    older: work.type === 'step' ? run.versions.filter((one) => !full.includes(one)).toReversed() : [],
  };
}

/** What stands before a directive in a prompt, bytes at the most. */
const NUMBERING_BYTES = 8;

/**
 * The newest that fit, at least one. A token is a byte at the least, so a prompt holds all of them; the others are not
 * counted as applied, and reports go on calling them open.
 */
function newestWithin(directives: readonly Directive[], bytes: number): PromptParts['directives'] {
  let left = bytes;
  const first = directives.findLastIndex((one) => {
    left -= utf8Bytes(one.text) + NUMBERING_BYTES;
    return left < 0;
  });
  return directives
    .slice(Math.min(first + 1, Math.max(0, directives.length - 1)))
    .map(({ number, text }) => ({ number, text }));
}

/** The role that does it; checks are done by nobody. */
export function roleOf(run: TeamRun, work: Todo['work']): string {
  if (work.type === 'step') return work.role;
  return work.type === 'judge' ? (run.team.judge?.role ?? '') : '';
}

/** What it works on, then the newest of each other role, then the version before. */
function fullOf(run: TeamRun, work: Todo['work']): readonly Version[] {
  if (work.type === 'judge') return known(run, [work.first, work.second]);
  if (work.type === 'check') return known(run, [work.version]);
  const newest = new Map<string, Version>();
  for (const version of run.versions) if (version.kind !== 'draft') newest.set(version.role, version);
  newest.delete(work.role);
  const notes = [...newest.values()].sort((a, b) => b.step - a.step).map(({ id }) => id);
  const before = run.ranked.filter((id) => !work.input.includes(id)).slice(0, 1);
  return known(run, [...work.input, ...notes, ...before]);
}

function known(run: TeamRun, ids: readonly string[]): readonly Version[] {
  return [...new Set(ids)].flatMap((id) => versionOf(run, id) ?? []);
}

/** Versions kept in the state besides those in use: they can be named in prompts by their summary. */
const OLDER_KEPT = 12;

/** The versions that can still stand in a prompt, a report or the ranked list; the others are in the trace. */
export function keptVersions(run: TeamRun): readonly Version[] {
  const newestOf = new Map(run.versions.map((version) => [version.role, version.id]));
  const named = new Set([
    ...run.ranked,
    ...run.candidates,
    ...run.current,
    ...run.branches.flatMap(({ input, drafts }) => [...input, ...drafts]),
    ...(run.insertion === null ? [] : [run.insertion.newcomer]),
    ...(run.bestBefore === null ? [] : [run.bestBefore]),
    ...newestOf.values(),
    ...run.versions.slice(-OLDER_KEPT).map(({ id }) => id),
  ]);
  const kept = run.versions.filter(({ id }) => named.has(id));
  return kept.length === run.versions.length ? run.versions : kept;
}
