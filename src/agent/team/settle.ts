/** What a finished wave comes to, in the order of the wave. */

import type { JobFailure } from '../../errors.ts';
import {
  TEAM_MAX_OUTPUT_BYTES,
  TEAM_REPORT_MAX_STEPS,
  TEAM_RETRY_BASE_MS,
  TEAM_RETRY_MAX_MS,
  TEAM_STEP_ATTEMPTS,
  TEAM_SUMMARY_CHARS,
} from '../../limits.ts';
import { sha256Hex } from '../../nostr/event.ts';
import { utf8Bytes } from '../../protocol/size.ts';
import { retryDelay } from '../../retry.ts';
import { applied } from './feedback/directives.ts';
import { keptVersions, roleOf } from './parts.ts';
import { ask, neededQuestions } from './questions.ts';
import type { Version } from './records.ts';
import { announce, budgetOf, change, plus, record, type Turn, toReporter } from './turn.ts';
import type { Branch, JudgedPlace, Result, Task, TeamRun, Todo } from './types.ts';

const RETRY = { baseMs: TEAM_RETRY_BASE_MS, maxMs: TEAM_RETRY_MAX_MS, attempts: TEAM_STEP_ATTEMPTS };
const THRESHOLDS = [
  [50, 'budget50'],
  [80, 'budget80'],
  [100, 'budget100'],
] as const;

/** Whether a result is one this work can have. */
export function fits({ work }: Task, { type }: Result): boolean {
  if (type === 'failed') return true;
  if (work.type === 'judge') return type === 'judged';
  return work.type === 'check' ? type === 'checked' : type === 'done' || type === 'asked';
}

/** Takes in all results of the wave, which are all there. */
export function settle(turn: Turn): void {
  const { wave } = turn.run;
  change(turn, { wave: [] });
  for (const task of wave)
    if (task.result !== null) settleTask(turn, task, checked(turn.run, task, task.result));
  blockIfNobodyWorks(turn);
  change(turn, { versions: keptVersions(turn.run), questions: neededQuestions(turn.run) });
}

/** What cannot be taken as it is counts as a failure, tried again as one. */
function checked(run: TeamRun, task: Task, result: Result): Result {
  const failure = faultOf(run, task, result);
  if (failure === null) return result;
  return { type: 'failed', failure, retry: true, retryAfter_ms: null, usage: result.usage };
}

function faultOf(run: TeamRun, task: Task, result: Result): JobFailure | null {
  if (result.type === 'asked') {
    // Beyond what is allowed a step gets its own assumption once, and then has to do with it.
    const allowed = run.questionCount < run.team.questions.most || task.questions.length === 0;
    return allowed ? null : { code: 'AGENT_ERROR', message: 'it asked again instead of working' };
  }
  if (result.type !== 'done') return null;
  if (result.text.trim() === '') return { code: 'AGENT_ERROR', message: 'nothing was handed in' };
  if (utf8Bytes(result.text) <= TEAM_MAX_OUTPUT_BYTES) return null;
  const details = { limit_bytes: TEAM_MAX_OUTPUT_BYTES };
  return { code: 'CONTENT_TOO_LARGE', message: 'the output is too long', details };
}

function settleTask(turn: Turn, task: Task, result: Result): void {
  book(turn, task, result);
  const { work } = task;
  switch (result.type) {
    case 'done': {
      if (work.type !== 'step') return;
      const version = store(turn, task, work.role, result.text, result.summary);
      if (version === null) return;
      intoBranch(turn, work.branch, version);
      return;
    }
    case 'asked':
      if (work.type === 'step') ask(turn, task, work.role, result);
      return;
    case 'judged':
      if (work.type === 'judge') placed(turn, work.newcomerFirst, result.place, result.rationale);
      return;
    case 'checked':
      if (work.type === 'check') checkedVersion(turn, work.version, result);
      return;
    case 'failed':
      failed(turn, task, result);
  }
}

/** Money, directives and the record of an attempt. */
export function book(turn: Turn, task: Task, result: Result): void {
  const { number, work, directives } = task;
  const role = roleOf(turn.run, work);
  change(turn, { spent: plus(turn.run.spent, result.usage) });
  recordAttempt(turn, task, result);
  if (result.type === 'done') {
    change(turn, { directives: applied(turn.run.directives, directives, role, number) });
  }
  const budget = budgetOf(turn.run);
  const { spent, reporter } = turn.run;
  const share = Math.max(spent.msats / Math.max(budget.msats, 1), spent.tokens / Math.max(budget.tokens, 1));
  for (const [percent, event] of THRESHOLDS) {
    if (share * 100 < percent || reporter.thresholds.includes(percent)) continue;
    toReporter(turn, { thresholds: [...turn.run.reporter.thresholds, percent] });
    announce(turn, event);
  }
}

/** What came of an attempt, without its money; `result` is null when nobody told. */
export function recordAttempt(turn: Turn, task: Task, result: Result | null): void {
  const { number, attempt, work, directives } = task;
  record(turn, {
    type: 'step',
    number,
    attempt,
    work: work.type,
    role: roleOf(turn.run, work),
    iteration: turn.run.iteration,
    outcome: outcomeOf(result),
    directives,
    usage: result?.usage ?? null,
    failure: result?.type === 'failed' ? result.failure : null,
  });
}

function outcomeOf(result: Result | null) {
  if (result === null) return 'aborted';
  return result.type === 'judged' || result.type === 'checked' ? 'done' : result.type;
}

/** Keeps what a step handed in; null for a role that hands in nothing. */
export function store(
  turn: Turn,
  task: Task,
  role: string,
  text: string,
  summary: string | null,
): Version | null {
  const kind = turn.run.team.roles[role]?.makes;
  if (kind === undefined || kind === 'judgement') return null;
  const count = turn.run.versionCount + 1;
  const version: Version = {
    id: `v${count}`,
    step: task.number,
    role,
    iteration: turn.run.iteration,
    kind,
    sha256: sha256Hex(text),
    bytes: utf8Bytes(text),
    summary: shortened(summary ?? text),
    check: null,
  };
  record(turn, { type: 'version', version, text });
  change(turn, { versionCount: count, versions: [...turn.run.versions, version] });
  const { news, more } = turn.run.reporter;
  const { step, iteration, id } = version;
  const told = { step, role, iteration, version: id, summary: version.summary, directives: task.directives };
  const all = [...news, told];
  toReporter(turn, {
    news: all.slice(-TEAM_REPORT_MAX_STEPS),
    more: more + Math.max(0, all.length - TEAM_REPORT_MAX_STEPS),
  });
  return version;
}

function shortened(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  return plain.length <= TEAM_SUMMARY_CHARS
    ? plain
    : `${plain.slice(0, TEAM_SUMMARY_CHARS - 1).toWellFormed()}…`;
}

function intoBranch(turn: Turn, at: number, { id, kind }: Version): void {
  changeBranch(turn, at, (branch) => ({
    ...branch,
    position: branch.position + 1,
    ...(kind === 'draft' ? { input: [id], drafts: [...branch.drafts, id] } : {}),
  }));
}

function changeBranch(turn: Turn, at: number, how: (branch: Branch) => Branch): void {
  change(turn, {
    branches: turn.run.branches.map((branch, index) => (index === at ? how(branch) : branch)),
  });
}

function placed(turn: Turn, newcomerFirst: boolean, place: JudgedPlace['place'], rationale: string): void {
  const { places } = turn.run;
  change(turn, {
    places: { ...places, [newcomerFirst ? 'yes' : 'no']: { place, rationale: shortened(rationale) } },
  });
}

function checkedVersion(turn: Turn, id: string, result: Extract<Result, { type: 'checked' }>): void {
  const { passed, score, note } = result;
  record(turn, { type: 'check', version: id, passed, score, note: shortened(note) });
  change(turn, {
    versions: turn.run.versions.map((one) => (one.id === id ? { ...one, check: { passed, score } } : one)),
  });
}

function failed(turn: Turn, task: Task, result: Extract<Result, { type: 'failed' }>): void {
  const { work, number } = task;
  const failures = task.failures + 1;
  const next: Todo = { number, attempt: task.attempt + 1, failures, questions: task.questions, work };
  const delay_ms = result.retry ? retryDelay(RETRY, failures, 1) : undefined;
  if (delay_ms !== undefined) {
    const at_ms = turn.now_ms + Math.max(delay_ms, result.retryAfter_ms ?? 0);
    change(turn, {
      todo: [...turn.run.todo, next],
      notBefore_ms: Math.max(turn.run.notBefore_ms ?? 0, at_ms),
    });
    return;
  }
  const role = roleOf(turn.run, work);
  const { failure } = result;
  const { errors } = turn.run.reporter;
  toReporter(turn, { errors: [...errors, { step: number, role, failure }].slice(-TEAM_REPORT_MAX_STEPS) });
  announce(turn, 'error');
  if (work.type === 'judge') placed(turn, work.newcomerFirst, null, failure.message);
  else if (work.type === 'check') {
    // Nobody could run it, which says nothing of the version.
    const note = failure.message;
    checkedVersion(turn, work.version, {
      type: 'checked',
      passed: null,
      score: null,
      note,
      usage: result.usage,
    });
  } else changeBranch(turn, work.branch, (branch) => ({ ...branch, failed: { todo: next, failure } }));
}

/** A stage goes on without a branch that failed, but not without all of them: then the user is asked what to do. */
function blockIfNobodyWorks(turn: Turn): void {
  const { branches } = turn.run;
  const lost = branches.flatMap(({ failed }) => failed ?? []);
  if (lost.length === 0 || lost.length < branches.length) return;
  change(turn, {
    blocked: lost[0]?.failure ?? null,
    branches: branches.map((branch) => ({ ...branch, failed: null })),
    todo: [...turn.run.todo, ...lost.map(({ todo }) => ({ ...todo, failures: 0 }))],
  });
  announce(turn, 'blocked');
}
