/**
 * The team machine: a pure function from (run, input, time) to (run, effects, record).
 *
 * State, effects and entries of the record are stored together, then the effects are performed, at least once each.
 * An input that means nothing returns the very same run, so duplicates and late or reordered news are harmless.
 * Invariants (test/agent/team/machine.test.ts): a run ends once; it never orders what does not fit into its budget;
 * killed anywhere it leaves the same record; paused it orders nothing.
 */
import { TEAM_MAX_REST_MS, TEAM_STEP_LEASE_MS } from '../../limits.ts';
import { nextSteps } from './course.ts';
import { close, conclude } from './ending.ts';
import { opened, type TeamOpening } from './opening.ts';
import { assume, openQuestions } from './questions.ts';
import type { EndReason } from './records.ts';
import { nextReportAt, reportWhatIsDue } from './report/decide.ts';
import { fits, settle } from './settle.ts';
import { steer } from './steering.ts';
import { change, type Transition, type Turn } from './turn.ts';
import type { TeamInput, TeamRun } from './types.ts';
import { orderWave, reorder } from './wave.ts';

export type { TeamOpening, Transition };

/** Begins a run, and orders its first steps. */
export function openTeam(opening: TeamOpening, now_ms: number): Transition {
  const turn = opened(opening, now_ms);
  drive(turn);
  return { run: { ...turn.run, revision: 1 }, effects: turn.effects, entries: turn.entries };
}

/** The next state. The very same run, and nothing to do, when the input changes nothing. */
export function advanceTeam(run: TeamRun, input: TeamInput, now_ms: number): Transition {
  const turn: Turn = { run, effects: [], entries: [], now_ms };
  if (run.phase !== 'ended') take(turn, input);
  drive(turn);
  if (turn.run === run) return { run, effects: [], entries: [] };
  return {
    run: { ...turn.run, revision: run.revision + 1 },
    effects: turn.effects,
    entries: turn.entries,
  };
}

function take(turn: Turn, input: TeamInput): void {
  switch (input.type) {
    case 'result':
      takeResult(turn, input);
      break;
    case 'alive':
      changeTask(turn, input, () => ({ leaseUntil_ms: turn.now_ms + TEAM_STEP_LEASE_MS }));
      break;
    case 'message':
      steer(turn, { ...input, commands: [] });
      break;
    case 'order':
      steer(turn, { ...input, text: null });
      break;
    case 'funded':
      if (input.msats > turn.run.funded_msats) change(turn, { funded_msats: input.msats });
      break;
    case 'tick':
      reorder(turn);
  }
}

/** The first answer to an attempt counts. Nobody is charged more than was quoted: who went over it bears that. */
function takeResult(turn: Turn, input: TeamInput<'result'>): void {
  changeTask(turn, input, (task) => {
    const { usage } = input.result;
    const charged = {
      tokens: Math.min(usage.tokens, task.quote.tokens),
      msats: Math.min(usage.msats, task.quote.msats),
    };
    if (!fits(task, input.result)) return null;
    const directives = [...new Set([...task.directives, ...(input.noted ?? [])])];
    return { result: { ...input.result, usage: charged }, directives };
  });
}

function changeTask(
  turn: Turn,
  of: { readonly number: number; readonly attempt: number },
  how: (task: TeamRun['wave'][number]) => Partial<TeamRun['wave'][number]> | null,
): void {
  const task = turn.run.wave.find((one) => one.number === of.number && one.attempt === of.attempt);
  const part = task === undefined || task.result !== null ? null : how(task);
  if (task === undefined || part === null) return;
  change(turn, { wave: turn.run.wave.map((one) => (one === task ? { ...task, ...part } : one)) });
}

/** Goes on as far as it can; does nothing where there is nothing to do. */
function drive(turn: Turn): void {
  if (turn.run.phase === 'working') work(turn);
  rest(turn);
  conclude(turn);
  reportWhatIsDue(turn);
}

function work(turn: Turn): void {
  assume(turn);
  if (turn.run.wave.length > 0 && turn.run.wave.every(({ result }) => result !== null)) settle(turn);
  const reason = timeIsUp(turn) ?? next(turn);
  if (reason !== null) close(turn, reason);
}

function timeIsUp({ run, now_ms }: Turn): EndReason | null {
  if (now_ms >= deadline(run)) return 'wallClock';
  const { restingSince_ms } = run;
  return restingSince_ms !== null && now_ms >= restingSince_ms + TEAM_MAX_REST_MS ? 'abandoned' : null;
}

/** Orders the next wave, when there is none and it may; or says why the run ends. */
function next(turn: Turn): EndReason | null {
  const { run, now_ms } = turn;
  if (run.wave.length > 0) return null;
  if (run.finishing) return 'finished';
  if (isHeld(run) || now_ms < (run.notBefore_ms ?? 0)) return null;
  return (run.todo.length > 0 ? null : nextSteps(turn)) ?? orderWave(turn);
}

/** Whether nothing may be ordered until somebody says so. */
function isHeld(run: TeamRun): boolean {
  return run.paused || run.blocked !== null || openQuestions(run).length > 0;
}

/** Keeps the account of the time at rest, which costs the user nothing. */
function rest(turn: Turn): void {
  const { phase, wave, restingSince_ms, rested_ms } = turn.run;
  const isResting = phase === 'working' && wave.length === 0 && isHeld(turn.run);
  if (isResting && restingSince_ms === null) change(turn, { restingSince_ms: turn.now_ms });
  if (!isResting && restingSince_ms !== null) {
    change(turn, { restingSince_ms: null, rested_ms: rested_ms + turn.now_ms - restingSince_ms });
  }
}

/** Unix ms at which the time is used up; never while it rests. */
function deadline({ openedAt_ms, rested_ms, restingSince_ms, team }: TeamRun): number {
  return restingSince_ms === null ? openedAt_ms + rested_ms + team.budget.time_ms : Number.POSITIVE_INFINITY;
}

/** When the run next wants a `tick`, Unix ms; null when nothing will change by time alone. */
export function nextTeamTick(run: TeamRun, now_ms: number): number | null {
  const report_ms = nextReportAt(run, now_ms);
  const times = report_ms === null ? [] : [report_ms];
  if (run.phase === 'working') {
    times.push(
      deadline(run),
      ...run.wave.flatMap((task) => (task.result === null ? task.leaseUntil_ms : [])),
    );
    if (run.restingSince_ms !== null) times.push(run.restingSince_ms + TEAM_MAX_REST_MS);
    else if (run.wave.length === 0 && run.notBefore_ms !== null) times.push(run.notBefore_ms);
    times.push(...openQuestions(run).flatMap(({ until_ms }) => until_ms ?? []));
  }
  if (run.ending !== null && run.phase === 'closing') times.push(run.ending.until_ms);
  const next = Math.min(...times);
  return Number.isFinite(next) ? next : null;
}
