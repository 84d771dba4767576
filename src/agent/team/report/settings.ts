/** When and how a user wants to be told; all of it changes at run time by a message. */
import * as z from 'zod';
import { cadenceSchema } from '../feedback/cadence.ts';
import { DETAILS } from '../feedback/commands.ts';
import { quietSchema } from './quiet.ts';

/** What a report can be about, the most important first. */
export const REPORT_EVENTS = [
  'done',
  'blocked',
  'question',
  'error',
  'budget100',
  'budget80',
  'budget50',
  'better',
  'started',
  // By an order or by cadence, not of an event.
  'steered',
  'iteration',
  'time',
] as const;
export type ReportEvent = (typeof REPORT_EVENTS)[number];

/** Told even in quiet hours and if nobody asked for them: the run waits, or has ended. */
export const URGENT: readonly ReportEvent[] = ['blocked', 'question', 'done'];

export const reporterSchema = z.strictObject({
  cadence: cadenceSchema.default({ everyIterations: 1, every_ms: null }),
  events: z
    .array(z.enum(REPORT_EVENTS))
    .default(['started', 'better', 'error', 'budget50', 'budget80', 'budget100', 'steered']),
  detail: z.enum(DETAILS).default('medium'),
  /** A role's name or words; what has nothing to do with it is left out of the text. */
  focus: z.string().max(500).nullable().default(null),
  quiet: quietSchema.nullable().default(null),
});
export type ReporterSettings = z.infer<typeof reporterSchema>;
