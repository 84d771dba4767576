/** How often a user wants to hear: every so many iterations, every so much time, or only of events. */
import * as z from 'zod';
import { TEAM_MAX_ITERATIONS, TEAM_MAX_TIME_MS, TEAM_MIN_CADENCE_MS } from '../../../limits.ts';

export const cadenceSchema = z.strictObject({
  /** A report after every n-th iteration; null for none. */
  everyIterations: z.int().min(1).max(TEAM_MAX_ITERATIONS).nullable(),
  /** A report after so much time, ms; null for none. */
  every_ms: z.int().min(TEAM_MIN_CADENCE_MS).max(TEAM_MAX_TIME_MS).nullable(),
});
export type Cadence = z.infer<typeof cadenceSchema>;

const UNITS_MS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};
const NAMED: Readonly<Record<string, string>> = { hourly: '1 hour', daily: '1 day', weekly: '1 week' };

const PERIOD =
  /^(?:every |each )?(?:(\d{1,6}|other) ?)?(iterations?|rounds?|minutes?|min|hours?|h|days?|weeks?)?$/i;

/** `2`, `every 3 iterations`, `each hour`, `90 minutes`, `daily`, `never`. Null when it is no cadence. */
export function parseCadence(text: string): Cadence | null {
  const plain = text.trim().toLowerCase().replace(/\.$/, '');
  if (/^(never|none|off|events( only)?|only (at the )?end)$/.test(plain)) {
    return { everyIterations: null, every_ms: null };
  }
  const found = PERIOD.exec(NAMED[plain] ?? plain);
  if (found === null || (found[1] === undefined && found[2] === undefined)) return null;
  const count = found[1] === undefined ? 1 : found[1] === 'other' ? 2 : Number(found[1]);
  const unit = (found[2] ?? 'iteration').replace(/s$/, '').replace(/^min$/, 'minute').replace(/^h$/, 'hour');
  const length_ms = UNITS_MS[unit];
  const cadence =
    length_ms === undefined
      ? { everyIterations: count, every_ms: null }
      : { everyIterations: null, every_ms: count * length_ms };
  return cadenceSchema.safeParse(cadence).data ?? null;
}
