/**
 * The marketplace's word on a check (PROTOCOL §6, docs/verified-jobs.md): an event that holds everything needed to judge
 * the answer again. It is made when the job has ended, and so reveals what was hidden until then.
 */
import * as z from 'zod';
import { revealedSchema } from '../checks/contract.ts';
import type { Revealed } from '../checks/hidden.ts';
import { executorOf, type Proof } from '../checks/proof.ts';
import { receiptSchema } from '../checks/receipt.ts';
import type { Json } from '../errors.ts';
import { CHECK_MAX_ANSWER_CHARS } from '../limits.ts';
import { type EventTemplate, sha256Hex, type Tag } from '../nostr/event.ts';
import { addressTags } from './feedback.ts';
import type { Envelope } from './model.ts';
import { withinEventLimit } from './size.ts';

/** What there is to say of a job's check. */
export interface VerdictAccount {
  readonly proof: Proof;
  /** Answers that were judged. */
  readonly answers: number;
  /** `contract.verify` as the client wrote it, without its hidden part. */
  readonly verify: Json;
  readonly revealed: Revealed | null;
}

/** The content of a verdict event. What no event would hold is left out: the answer first, the hidden part next. */
export const verdictContent = z.object({
  verdict: z.enum(['passed', 'wrong', 'unreadable', 'broken']),
  score: z.number(),
  detail: z.string(),
  answers: z.int(),
  verify: z.json(),
  /** `{salt, content}`, which hash to the check's commitment; null where nothing was hidden. */
  hidden: revealedSchema.nullable().optional(),
  answer: z.string().max(CHECK_MAX_ANSWER_CHARS).optional(),
  /** SHA-256 of the answer, hex. */
  answer_sha256: z.string(),
  receipts: z.array(receiptSchema),
});
export type VerdictContent = z.output<typeof verdictContent>;

/** @param kind of verdicts in this deployment. @param agent who answered, a public key. @param now_s Unix seconds */
export function verdictEvent(
  account: VerdictAccount,
  envelope: Envelope,
  kind: number,
  agent: string,
  now_s: number,
): EventTemplate {
  const { proof, answers, verify, revealed: hidden } = account;
  const { code: verdict, score, detail, answer, receipts } = proof;
  const least = { verdict, score, detail, answers, verify, answer_sha256: sha256Hex(answer), receipts };
  const tags: Tag[] = [
    ...addressTags(envelope),
    ['agent', agent],
    ['verified', String(proof.passed), executorOf(proof), String(proof.ms)],
  ];
  const event = (content: object): EventTemplate => ({
    kind,
    created_at: now_s,
    tags,
    content: JSON.stringify(content),
  });
  return withinEventLimit(
    envelope.sealing,
    event({ ...least, hidden, answer }),
    () => event({ ...least, hidden }),
    () => event({ ...least, answer }),
    () => event(least),
  );
}
