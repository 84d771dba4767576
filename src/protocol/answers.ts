/** What answers a request, as the client who posted it reads it: the other side of the dialects (PROTOCOL §2, §3). */
import * as z from 'zod';
import { type AgentKinds, isJobRequestKind, JOB_RESULT_OFFSET, KIND } from '../nostr/kinds.ts';
import { parseJson } from './json.ts';

export type Answer =
  | { readonly type: 'progress'; readonly status: string; readonly note: string; readonly content: string }
  | { readonly type: 'payment'; readonly amount_msats: number | null; readonly invoice: string | null }
  | { readonly type: 'delta'; readonly seq: number; readonly text: string }
  /** With the invoice by which it is still to be paid, where it is. */
  | { readonly type: 'result'; readonly content: string; readonly invoice: string | null }
  | { readonly type: 'error'; readonly code: string; readonly message: string };

/** What of an answer is read; an encrypted one was opened before. */
export interface AnswerEvent {
  readonly kind: number;
  readonly tags: readonly (readonly string[])[];
  readonly content: string;
}

/** The kinds that may answer a request of this kind. */
export function answerKinds(kind: number, kinds: AgentKinds): number[] {
  const result = isJobRequestKind(kind) ? kind + JOB_RESULT_OFFSET : kinds.task;
  return [KIND.jobFeedback, kinds.delta, kinds.task, result];
}

/** Reads an event of {@link answerKinds} that names the request in `e`. */
export function readAnswer({ kind, tags, content }: AnswerEvent, kinds: AgentKinds): Answer {
  const tag = (name: string) => tags.find(([key]) => key === name);
  if (kind === KIND.jobFeedback) {
    const [, status = '', note = ''] = tag('status') ?? [];
    if (status === 'payment-required') return payment(tag('amount'));
    if (status === 'error') return { type: 'error', ...failure(tag('error')?.[1], note || content) };
    return { type: 'progress', status, note, content };
  }
  if (kind === kinds.delta) return { type: 'delta', seq: Number(tag('seq')?.[1] ?? 0), text: content };
  const error = tag('error')?.[1];
  if (error !== undefined) {
    const read = failure(error, content);
    if (read.code !== 'PAYMENT_REQUIRED') return { type: 'error', ...read };
    return { type: 'payment', amount_msats: null, invoice: tag('bolt11')?.[1] ?? null };
  }
  return { type: 'result', content, invoice: tag('bolt11')?.[1] ?? tag('amount')?.[2] ?? null };
}

function payment(amount: readonly string[] | undefined): Answer {
  const [, msats, invoice] = amount ?? [];
  return {
    type: 'payment',
    amount_msats: msats === undefined ? null : Number(msats),
    invoice: invoice ?? null,
  };
}

const errorTag = z.object({ code: z.string(), message: z.string() });

function failure(json: string | undefined, text: string): { code: string; message: string } {
  const read = errorTag.safeParse(parseJson(json));
  return read.success ? read.data : { code: 'ERROR', message: text };
}
