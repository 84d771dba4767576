/** The hours in which a user does not want to hear of what can wait. */
import * as z from 'zod';

const MINUTES_OF_DAY = 1_440;
const MINUTE_MS = 60_000;

export const quietSchema = z.strictObject({
  /** Minutes after midnight, where the user lives; a span may go over midnight. */
  from_min: z
    .int()
    .min(0)
    .max(MINUTES_OF_DAY - 1),
  to_min: z
    .int()
    .min(0)
    .max(MINUTES_OF_DAY - 1),
  /** IANA name. */
  timeZone: z.string().max(64).refine(isTimeZone, 'is no time zone'),
});
export type QuietHours = z.infer<typeof quietSchema>;

/** Whether the hours are quiet at a time. */
export function isQuiet(quiet: QuietHours | null, now_ms: number): boolean {
  return quiet !== null && leftOf(quiet, now_ms) > 0;
}

/**
 * When the quiet is over, Unix ms; now where there is none. On a day that is an hour longer or shorter it may be asked
 * an hour early or late; whoever is early asks again.
 */
export function quietUntil(quiet: QuietHours | null, now_ms: number): number {
  if (quiet === null) return now_ms;
  const left = leftOf(quiet, now_ms);
  return left === 0 ? now_ms : (Math.floor(now_ms / MINUTE_MS) + left) * MINUTE_MS;
}

/** Minutes of quiet left; 0 outside. */
function leftOf({ from_min, to_min, timeZone }: QuietHours, now_ms: number): number {
  const length = (to_min - from_min + MINUTES_OF_DAY) % MINUTES_OF_DAY;
  const into = (minuteOfDay(timeZone, now_ms) - from_min + MINUTES_OF_DAY) % MINUTES_OF_DAY;
  return Math.max(0, length - into);
}

function minuteOfDay(timeZone: string, now_ms: number): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now_ms);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return read('hour') * 60 + read('minute');
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const SPAN = /^(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to|until)\s*(\d{1,2})(?::(\d{2}))?(?:\s+([\w/+-]+))?$/i;

/** `22-7`, `22:30 to 07:00 Europe/Berlin`; UTC where no zone is named. Null when it is none. */
export function parseQuiet(text: string): QuietHours | null {
  const found = SPAN.exec(text.trim());
  if (found === null) return null;
  const [, fromHour, fromMinute = '0', toHour, toMinute = '0', timeZone = 'UTC'] = found;
  if (Number(fromMinute) > 59 || Number(toMinute) > 59) return null;
  const minutes = (hour: string | undefined, minute: string) =>
    (Number(hour) === 24 ? 0 : Number(hour)) * 60 + Number(minute);
  const quiet = { from_min: minutes(fromHour, fromMinute), to_min: minutes(toHour, toMinute), timeZone };
  return quietSchema.safeParse(quiet).data ?? null;
}
