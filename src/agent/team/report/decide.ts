/**
 * When to report. Cadence and events are the user's; quiet hours hold back what can wait, and it is told in one report
 * when they are over. That the run waits for the user, or has ended, is always told.
 */
import { change, type Turn, toReporter } from '../turn.ts';
import type { TeamRun } from '../types.ts';
import { reportOf } from './content.ts';
import { isQuiet, quietUntil } from './quiet.ts';
import { REPORT_EVENTS, type ReportEvent, URGENT } from './settings.ts';

/** Makes the report that is due, if one is. */
export function reportWhatIsDue(turn: Turn): void {
  const { pending } = turn.run.reporter;
  const wanted = new Set([...pending.filter((event) => isWanted(turn.run, event)), ...byTime(turn)]);
  const events = REPORT_EVENTS.filter((event) => wanted.has(event));
  const isUrgent = events.some((event) => URGENT.includes(event));
  if (events.length === 0 || (!isUrgent && isQuiet(turn.run.reporter.settings.quiet, turn.now_ms))) {
    // What nobody wants to be told is forgotten, and what waits for the end of the quiet is kept.
    if (events.length < pending.length) toReporter(turn, { pending: events });
    return;
  }
  const number = turn.run.reporter.count + 1;
  const report = reportOf(turn.run, events, number, turn.now_ms);
  turn.effects.push({ type: 'report', key: `report/${number}`, report });
  const told = {
    count: number,
    lastAt_ms: turn.now_ms,
    pending: [],
    news: [],
    more: 0,
    errors: [],
    orders: [],
  };
  change(turn, { reporter: { ...turn.run.reporter, ...told } });
}

function isWanted({ reporter }: TeamRun, event: ReportEvent): boolean {
  return (
    URGENT.includes(event) ||
    event === 'iteration' ||
    event === 'time' ||
    reporter.settings.events.includes(event)
  );
}

function byTime({ run, now_ms }: Turn): readonly ReportEvent[] {
  const at_ms = timedReportAt(run);
  return at_ms !== null && at_ms <= now_ms ? ['time'] : [];
}

/** When the cadence asks for a report, Unix ms. A run at rest has nothing new to tell. */
function timedReportAt({ phase, restingSince_ms, reporter }: TeamRun): number | null {
  const { every_ms } = reporter.settings.cadence;
  if (every_ms === null || phase !== 'working' || restingSince_ms !== null) return null;
  return reporter.lastAt_ms + every_ms;
}

/** When the reporter wants to be asked again, Unix ms; null when only news could move it. */
export function nextReportAt(run: TeamRun, now_ms: number): number | null {
  const { pending, settings } = run.reporter;
  const at_ms = pending.length > 0 ? now_ms : timedReportAt(run);
  return at_ms === null ? null : quietUntil(settings.quiet, Math.max(at_ms, now_ms));
}
