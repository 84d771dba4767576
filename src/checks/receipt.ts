/** What can be signed about an execution, so that anybody with the same executor can run it again and compare. */
import * as z from 'zod';
import { sha256Hex } from '../nostr/event.ts';
import { type Execution, FAILURES, type Outcome } from './executor.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const receiptSchema = z.strictObject({
  /** Engine and build. */
  executor: z.string().max(100),
  /** SHA-256 of language and program. */
  program: hash,
  /** SHA-256 of the canonical arguments and the fuel allowed. */
  input: hash,
  /** How it ended: with a value, or why without. */
  verdict: z.enum(['value', ...FAILURES]),
  /** SHA-256 of the canonical output; null where there is none. */
  output: hash.nullable(),
  /** Spent by all fresh instances together, units. */
  fuel: z.int().min(0),
});
export type Receipt = z.output<typeof receiptSchema>;

/** @param outcome what all instances agree on, with the fuel of all of them */
export function receiptOf({ language, program, input, fuel }: Execution, outcome: Outcome): Receipt {
  return {
    executor: outcome.executor,
    program: sha256Hex(JSON.stringify([language, program])),
    input: sha256Hex(JSON.stringify([input, fuel])),
    verdict: outcome.ok ? 'value' : outcome.failure,
    output: outcome.ok ? sha256Hex(outcome.output) : null,
    fuel: outcome.fuel,
  };
}
