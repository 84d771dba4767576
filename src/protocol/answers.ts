/** What answers a request, as the client who posted it reads it: the other side of the dialects (PROTOCOL §2, §3). */
import * as z from 'zod';
import type { Json } from '../errors.ts';
import { type AgentKinds, isJobRequestKind, JOB_RESULT_OFFSET, KIND } from '../nostr/kinds.ts';
import { parseJson } from './json.ts';

/** `cost` of a result, in msats where the wire counts sats with thousandths. */
export interface AnswerCost {
  readonly price_msats: number;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly breakdown: readonly { readonly item: string; readonly cost_msats: number }[];
}

/** What a check said of a result, in the agent's own words (PROTOCOL §6). */
export interface AnswerVerified {
  readonly passed: boolean;
  readonly executor: string;
  /** Null where it does not say. */
  readonly ms: number | null;
}

/** The deltas of a result: how many there were, and the SHA-256 of their text, hex. */
export interface AnswerStream {
  readonly deltas: number;
  readonly sha256: string;
}

export type Answer =
  | {
      readonly type: 'progress';
      readonly status: string;
      readonly note: string;
      readonly content: string;
      /** `progress`; null where it does not say how far it is. */
      readonly steps: { readonly done: number; readonly total: number } | null;
      /** A team's report as data; null where it is none. */
      readonly report: Json | null;
    }
  | {
      readonly type: 'payment';
      readonly amount_msats: number | null;
      readonly invoice: string | null;
      /** Unix s by which it has to be paid; null where only the invoice says so. */
      readonly expiresAt_s: number | null;
      /** What is paid is locked first, and taken when the job is done. */
      readonly escrow: boolean;
    }
  | { readonly type: 'delta'; readonly seq: number; readonly attempt: number; readonly text: string }
  | {
      readonly type: 'result';
      readonly content: string;
      /** The invoice by which it is still to be paid, where it is. */
      readonly invoice: string | null;
      /** The completion of the agent NIP; null in NIP-90. */
      readonly json: Json | null;
      readonly cost: AnswerCost | null;
      readonly verified: AnswerVerified | null;
      readonly stream: AnswerStream | null;
      /** Where the whole text is, where no event holds it. */
      readonly artifact: { readonly sha256: string; readonly bytes: number; readonly url: string } | null;
    }
  | {
      readonly type: 'error';
      readonly code: string;
      readonly message: string;
      readonly details: Json | null;
      readonly verified: AnswerVerified | null;
    };

/** What of an answer is read; an encrypted one was opened before. */
export interface AnswerEvent {
  readonly kind: number;
  readonly tags: readonly (readonly string[])[];
  readonly content: string;
}

type Find = (name: string) => readonly string[] | undefined;

/** The kinds that may answer a request of this kind. */
export function answerKinds(kind: number, kinds: AgentKinds): number[] {
  const result = isJobRequestKind(kind) ? kind + JOB_RESULT_OFFSET : kinds.task;
  return [...new Set([KIND.jobFeedback, kinds.delta, kinds.task, result])];
}

/** Reads an event of {@link answerKinds} that names the request in `e`. */
export function readAnswer({ kind, tags, content }: AnswerEvent, kinds: AgentKinds): Answer {
  const tag: Find = (name) => tags.find(([key]) => key === name);
  if (kind === KIND.jobFeedback) return readFeedback(tag, content);
  if (kind === kinds.delta) {
    return {
      type: 'delta',
      seq: countOf(tag('seq')?.[1]) ?? 0,
      attempt: countOf(tag('attempt')?.[1]) ?? 1,
      text: content,
    };
  }
  const error = tag('error')?.[1];
  if (error !== undefined) {
    const read = failure(error, content);
    if (read.code !== 'PAYMENT_REQUIRED') return { type: 'error', ...read, verified: verifiedOf(tag) };
    const details = demandDetails.safeParse(read.details);
    const { amount_msats = null, expires_at = null, escrow = false } = details.success ? details.data : {};
    return {
      type: 'payment',
      amount_msats,
      invoice: tag('bolt11')?.[1] ?? null,
      expiresAt_s: expires_at,
      escrow,
    };
  }
  const json = z.json().safeParse(parseJson(tag('result')?.[1]));
  return {
    type: 'result',
    content: content === '' && json.success ? messageOf(json.data) : content,
    invoice: tag('bolt11')?.[1] ?? tag('amount')?.[2] ?? null,
    json: json.success ? json.data : null,
    cost: costOf(tag('cost')?.[1]),
    verified: verifiedOf(tag),
    stream: streamOf(tag('stream')),
    artifact: artifactOf(tag('artifact')),
  };
}

function readFeedback(tag: Find, content: string): Answer {
  const [, status = '', note = ''] = tag('status') ?? [];
  if (status === 'payment-required') {
    const [, amount, invoice = null] = tag('amount') ?? [];
    return { type: 'payment', amount_msats: countOf(amount), invoice, expiresAt_s: null, escrow: false };
  }
  if (status === 'error') {
    const read = failure(tag('error')?.[1], note || content);
    return { type: 'error', ...read, verified: verifiedOf(tag) };
  }
  const [, doneText, totalText] = tag('progress') ?? [];
  const done = countOf(doneText);
  const total = countOf(totalText);
  const report = z.json().safeParse(parseJson(tag('report')?.[1]));
  return {
    type: 'progress',
    status,
    note,
    content,
    steps: done === null || total === null ? null : { done, total },
    report: report.success ? report.data : null,
  };
}

const completion = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});

/** The text of a completion, for results whose content gave way because the event was full. */
function messageOf(json: Json): string {
  const read = completion.safeParse(json);
  return read.success ? (read.data.choices[0]?.message.content ?? '') : '';
}

const demandDetails = z.object({
  amount_msats: z.int().min(0).optional(),
  expires_at: z.int().min(0).optional(),
  escrow: z.boolean().optional(),
});

const errorTag = z.object({ code: z.string(), message: z.string(), details: z.json().optional() });

function failure(json: string | undefined, text: string) {
  const read = errorTag.safeParse(parseJson(json));
  if (!read.success) return { code: 'ERROR', message: text, details: null };
  const { code, message, details = null } = read.data;
  return { code, message, details };
}

const costTag = z.object({
  price_sats: z.number().min(0),
  input_tokens: z.number().optional(),
  output_tokens: z.number().optional(),
  breakdown: z.array(z.object({ item: z.string(), cost_sats: z.number() })).optional(),
});

function costOf(json: string | undefined): AnswerCost | null {
  const read = costTag.safeParse(parseJson(json));
  if (!read.success) return null;
  const { price_sats, input_tokens = null, output_tokens = null, breakdown = [] } = read.data;
  return {
    price_msats: Math.round(price_sats * 1_000),
    input_tokens,
    output_tokens,
    breakdown: breakdown.map(({ item, cost_sats }) => ({ item, cost_msats: Math.round(cost_sats * 1_000) })),
  };
}

function verifiedOf(tag: Find): AnswerVerified | null {
  const [, passed, executor = '', ms] = tag('verified') ?? [];
  if (passed !== 'true' && passed !== 'false') return null;
  return { passed: passed === 'true', executor, ms: countOf(ms) };
}

function streamOf([, deltas, sha256]: readonly string[] = []): AnswerStream | null {
  const count = countOf(deltas);
  return count === null || sha256 === undefined ? null : { deltas: count, sha256 };
}

function artifactOf([, sha256, bytes, url]: readonly string[] = []) {
  const size = countOf(bytes);
  return sha256 === undefined || size === null || url === undefined ? null : { sha256, bytes: size, url };
}

/** A whole number as tags write it; null for anything else. */
function countOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
