/** Orders and events in words, for reports. */
import { MSATS_PER_SAT } from '../../../payment/msats.ts';
import type { Command } from '../feedback/commands.ts';
import type { EndReason } from '../records.ts';
import type { QuietHours } from './quiet.ts';
import type { ReportEvent } from './settings.ts';

export function describe(command: Command): string {
  switch (command.type) {
    case 'budget':
      return `budget: ${sats(command.msats)}`;
    case 'cadence': {
      const { everyIterations, every_ms } = command.cadence;
      if (everyIterations !== null) return `a report every ${everyIterations} iteration(s)`;
      return every_ms === null
        ? 'reports of events only'
        : `a report every ${Math.round(every_ms / 60_000)} minutes`;
    }
    case 'detail':
      return `detail: ${command.detail}`;
    case 'focus':
      return command.focus === null ? 'no focus' : `focus: ${command.focus}`;
    case 'quiet':
      return command.quiet === null ? 'no quiet hours' : `quiet hours: ${hours(command.quiet)}`;
    default:
      return command.type;
  }
}

function hours({ from_min, to_min, timeZone }: QuietHours): string {
  const clock = (minutes: number) =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return `${clock(from_min)}-${clock(to_min)} ${timeZone}`;
}

/** An amount in sats with its unit, exact. */
export function sats(msats: number): string {
  return `${msats / Number(MSATS_PER_SAT)} sats`;
}

export const EVENT_WORDS: Readonly<Record<ReportEvent, string>> = {
  started: 'the work has begun',
  better: 'there is a better version',
  blocked: 'the work cannot go on by itself',
  error: 'a step failed',
  question: 'there is a question for you',
  budget50: 'half of the budget is used',
  budget80: '80 % of the budget is used',
  budget100: 'the budget is used up',
  done: 'the work has ended',
  iteration: 'an iteration is complete',
  time: 'it is time for a report',
  steered: 'your message was taken in',
};

export const END_WORDS: Readonly<Record<EndReason, string>> = {
  iterations: 'all iterations are done',
  wallClock: 'the time is used up',
  budget: 'the next step would not fit into the money that is left',
  tokens: 'the next step would not fit into the tokens that are left',
  noBetter: 'the last iterations made nothing better',
  checkPassed: 'the best version passes its check',
  finished: 'you said it is done',
  cancelled: 'you called it off',
  abandoned: 'it rested for too long',
};
