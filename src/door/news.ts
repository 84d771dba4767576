/** What a door hears of a job: the signed answers of its agent, opened with the purse's key, in the words of one union. */
import * as z from 'zod';
import { JOB_ERROR_CODES, type JobFailure, type Json } from '../errors.ts';
import type { KeyPair, NostrEvent } from '../nostr/event.ts';
import { type AgentKinds, KIND } from '../nostr/kinds.ts';
import { DecryptionError, decryptNip44 } from '../nostr/nip44.ts';
import { openedAnswer } from '../protocol/answer-opening.ts';
import type { AnswerEvent } from '../protocol/answers.ts';
import { parseJson } from '../protocol/json.ts';
import type { ToolCall } from '../protocol/model.ts';
import type { RecordedPhase } from '../store/job-record.ts';

/** How a result ended, and what it used. */
export interface Completion {
  readonly model: string;
  readonly finish_reason: string;
  readonly tool_calls: readonly ToolCall[];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
  };
}

/** An invoice that a job's agent wants paid. */
export interface Demand {
  readonly bolt11: string;
  readonly amount_msats: number;
  /** Hex. */
  readonly paymentHash: string;
  /** Unix s until which it can be paid. */
  readonly expiresAt_s: number;
  /** Whether the money is only locked until the work is accepted. */
  readonly escrow: boolean;
}

export type JobNews =
  /** Under way: `status` in the words of NIP-90, `content` what there is so far, `data` a team's report for programs. */
  | {
      readonly type: 'progress';
      readonly status: string;
      readonly note: string;
      readonly content: string;
      /** Steps done and all of them, where known. */
      readonly steps: { readonly done: number; readonly total: number } | null;
      readonly report: Json;
    }
  /** It waits for this to be paid. Not an end. */
  | { readonly type: 'payment'; readonly demand: Demand }
  /** A piece of the answer's text. Counted from 0 for each attempt; some may be missed. See StreamedText. */
  | { readonly type: 'delta'; readonly seq: number; readonly attempt: number; readonly text: string }
  | {
      readonly type: 'result';
      readonly content: string;
      readonly completion: Completion;
      /** What it cost, msats; null where the result does not say. */
      readonly price_msats: number | null;
      /** An invoice by which it is still to be paid (postpaid). */
      readonly bolt11: string | null;
    }
  | { readonly type: 'error'; readonly failure: JobFailure }
  /** It ended without a word: called off, not paid in time, or erased. */
  | { readonly type: 'over'; readonly phase: RecordedPhase };

/** News with the signed event that says it; null where no event does. */
export type HeardNews = JobNews & {
  readonly event: NostrEvent | null;
  /** Where to go on after it; null for what is not stored. */
  readonly cursor: number | null;
};

/** Whether nothing comes after it. */
export function isLast({ type }: JobNews): boolean {
  return type === 'result' || type === 'error' || type === 'over';
}

/**
 * What an answer says, or null for one that says nothing (new): feedback that asks for payment is said again, in full, by
 * the event that follows it.
 *
 * @param keys of the purse the answer is sealed for
 */
export function newsOf(event: NostrEvent, keys: KeyPair, kinds: AgentKinds): JobNews | null {
  const opened = open(event, keys, kinds);
  if (opened === null) return null;
  const tag = (name: string) => opened.tags.find(([key]) => key === name);
  if (event.kind === kinds.delta) {
    const number = (name: string, absent: number) => Number(tag(name)?.[1] ?? absent);
    return { type: 'delta', seq: number('seq', 0), attempt: number('attempt', 1), text: opened.content };
  }
  if (event.kind === KIND.jobFeedback) {
    // Of two `status` tags the private one comes first, and has the text.
    const [, status = '', note = ''] = tag('status') ?? [];
    if (status === 'payment-required') return null;
    const report = z.json().safeParse(parseJson(tag('report')?.[1]));
    return {
      type: 'progress',
      status,
      note,
      content: opened.content,
      steps: stepsOf(tag('progress')),
      report: report.data ?? null,
    };
  }
  const error = tag('error')?.[1];
  const bolt11 = tag('bolt11')?.[1] ?? null;
  if (error !== undefined) return errorNews(error, bolt11);
  const result = resultShape.safeParse(parseJson(tag('result')?.[1]));
  const choice = result.data?.choices[0];
  if (result.data === undefined || choice === undefined) return null;
  const { model, usage } = result.data;
  return {
    type: 'result',
    content: choice.message.content ?? '',
    completion: {
      model,
      finish_reason: choice.finish_reason,
      tool_calls: choice.message.tool_calls ?? [],
      usage,
    },
    price_msats: priceOf(tag('cost')?.[1]),
    bolt11,
  };
}

function open(event: NostrEvent, keys: KeyPair, kinds: AgentKinds): AnswerEvent | null {
  const isSealed = event.tags.some(([name]) => name === 'encrypted') && event.content !== '';
  if (!isSealed) return event;
  try {
    const text = decryptNip44(event.content, keys, event.pubkey);
    // A delta says its text and nothing else, also where that looks like a list of tags.
    return event.kind === kinds.delta ? { ...event, content: text } : openedAnswer(event, text);
  } catch (error) {
    // Sealed for somebody else, or by nobody who knows how: it says nothing to this purse.
    if (error instanceof DecryptionError) return null;
    throw error;
  }
}

const failureShape = z.object({
  code: z.enum(JOB_ERROR_CODES),
  message: z.string(),
  details: z.record(z.string(), z.json()).exactOptional(),
});
const demandShape = z.object({
  amount_msats: z.number(),
  payment_hash: z.string(),
  expires_at: z.number(),
  escrow: z.boolean().default(false),
});
const usageShape = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  total_tokens: z.number(),
});
const resultShape = z.object({
  model: z.string(),
  usage: usageShape,
  choices: z.array(
    z.object({
      finish_reason: z.string(),
      message: z.object({
        content: z.string().nullable(),
        tool_calls: z
          .array(
            z.object({
              id: z.string(),
              type: z.literal('function'),
              function: z.object({ name: z.string(), arguments: z.string() }),
            }),
          )
          .optional(),
      }),
    }),
  ),
});
const costShape = z.object({ price_sats: z.number() });

function errorNews(json: string, bolt11: string | null): JobNews {
  const failure = failureShape.safeParse(parseJson(json));
  if (!failure.success)
    return { type: 'error', failure: { code: 'AGENT_ERROR', message: 'The agent failed' } };
  const demand = demandShape.safeParse(failure.data.details);
  if (failure.data.code !== 'PAYMENT_REQUIRED' || bolt11 === null || !demand.success)
    return { type: 'error', failure: failure.data };
  const { amount_msats, payment_hash, expires_at, escrow } = demand.data;
  return {
    type: 'payment',
    demand: { bolt11, amount_msats, paymentHash: payment_hash, expiresAt_s: expires_at, escrow },
  };
}

function stepsOf(tag: readonly string[] | undefined): { done: number; total: number } | null {
  const [, done, total] = tag ?? [];
  return done === undefined || total === undefined ? null : { done: Number(done), total: Number(total) };
}

function priceOf(json: string | undefined): number | null {
  const cost = costShape.safeParse(parseJson(json));
  return cost.success ? Math.round(cost.data.price_sats * 1_000) : null;
}
