/** The door for what comes back of an attempt: whoever did it may be a model's host or a stranger's agent. */
import * as z from 'zod';
import { JOB_ERROR_CODES } from '../../errors.ts';
import { TEAM_MAX_MESSAGE_CHARS, TEAM_MAX_TIME_MS } from '../../limits.ts';
import type { Result } from './types.ts';

const amount = z.int().min(0);
const usage = z.object({ tokens: amount, msats: amount });
const note = z.string().transform((text) => text.slice(0, TEAM_MAX_MESSAGE_CHARS).toWellFormed());

/** Output that is too long or empty passes here: the machine makes a failure of it, which is tried again. */
export const resultSchema: z.ZodType<Result> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('done'), text: z.string(), summary: note.nullable(), usage }),
  z.object({ type: z.literal('asked'), question: note, assumption: note, usage }),
  z.object({
    type: z.literal('judged'),
    place: z.enum(['first', 'second', 'equal']),
    rationale: note,
    usage,
  }),
  z.object({
    type: z.literal('checked'),
    passed: z.boolean().nullable(),
    score: z.number().nullable(),
    note,
    usage,
  }),
  z.object({
    type: z.literal('failed'),
    failure: z.object({ code: z.enum(JOB_ERROR_CODES), message: note }),
    retry: z.boolean(),
    retryAfter_ms: z.number().min(0).max(TEAM_MAX_TIME_MS).nullable(),
    usage,
  }),
]);
