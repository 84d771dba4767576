/** Writing job requests and reading what answers them, as any Nostr client would with nostr-tools (PROTOCOL §2, §3). */
import type { Event } from 'nostr-tools/core';
import * as nip44 from 'nostr-tools/nip44';
import { finalizeEvent } from 'nostr-tools/pure';
import { z } from 'zod';
import { DEFAULT_AGENT_KINDS, isJobRequestKind, JOB_RESULT_OFFSET, KIND } from '../../src/nostr/kinds.ts';

/** The version of the agent NIP that requests name. */
const NIP_VERSION = '20250520';

export interface JobRequest {
  /** 7001 for the agent NIP, 5000–5999 for NIP-90. */
  readonly kind: number;
  /** Public key of the agent, hex; null leaves the request open to whoever takes it. */
  readonly agent: string | null;
  readonly text: string;
  readonly session?: string | undefined;
  /** NIP-44 for the agent's eyes only; needs an agent. */
  readonly encrypted: boolean;
  readonly relays: readonly string[];
}

/** Signs a request. @throws RangeError for a kind that asks for nothing, or encryption to nobody */
export function signRequest(request: JobRequest, secretKey: Uint8Array, now_s: number): Event {
  if (request.encrypted && request.agent === null) throw new RangeError('an encrypted request needs --agent');
  const secret: string[][] = privateTags(request);
  const tags: string[][] = [];
  if (request.agent !== null) tags.push(['p', request.agent]);
  if (request.session !== undefined) tags.push(['t', request.session]);
  if (request.relays.length > 0) tags.push(['relays', ...request.relays]);
  if (request.kind === DEFAULT_AGENT_KINDS.task) tags.push(['nip_version', NIP_VERSION]);
  let content = '';
  if (request.encrypted && request.agent !== null) {
    tags.push(['encrypted']);
    content = nip44.encrypt(JSON.stringify(secret), nip44.getConversationKey(secretKey, request.agent));
  } else {
    tags.push(...secret);
  }
  return finalizeEvent({ kind: request.kind, created_at: now_s, tags, content }, secretKey);
}

/** What is asked, which is all that encryption hides. */
function privateTags(request: JobRequest): string[][] {
  if (request.kind === DEFAULT_AGENT_KINDS.task) {
    return [['request', JSON.stringify({ messages: [{ role: 'user', content: request.text }] })]];
  }
  if (isJobRequestKind(request.kind)) return [['i', request.text, 'text']];
  throw new RangeError(`kind ${request.kind} is not a job request: use 7001 or 5000 to 5999`);
}

/** The kinds that may answer a request of this kind. */
export function answerKinds(kind: number): number[] {
  const result = isJobRequestKind(kind) ? kind + JOB_RESULT_OFFSET : DEFAULT_AGENT_KINDS.task;
  return [KIND.jobFeedback, DEFAULT_AGENT_KINDS.delta, DEFAULT_AGENT_KINDS.task, result];
}

export type Answer =
  | { readonly type: 'progress'; readonly status: string; readonly note: string; readonly content: string }
  | { readonly type: 'payment'; readonly amount_msats: number | null; readonly invoice: string | null }
  | { readonly type: 'delta'; readonly seq: number; readonly text: string }
  /** With the invoice by which it is still to be paid, where it is. */
  | { readonly type: 'result'; readonly content: string; readonly invoice: string | null }
  | { readonly type: 'error'; readonly code: string; readonly message: string };

const errorTag = z.object({ code: z.string(), message: z.string() });
const tagList = z.array(z.array(z.string()));

/**
 * Reads an event that names the request in `e`. Undefined for what is no answer.
 *
 * @param event signature already checked
 * @throws Error when an encrypted answer cannot be opened
 */
export function readAnswer(event: Event, request: JobRequest, secretKey: Uint8Array): Answer | undefined {
  const { tags, content } = request.encrypted ? open(event, secretKey) : event;
  const tag = (name: string) => tags.find(([key]) => key === name);
  if (event.kind === KIND.jobFeedback) {
    const [, status = '', note = ''] = tag('status') ?? [];
    if (status === 'payment-required') return payment(tag('amount'));
    if (status === 'error') return { type: 'error', ...failure(tag('error')?.[1], note || content) };
    return { type: 'progress', status, note, content };
  }
  if (event.kind === DEFAULT_AGENT_KINDS.delta) {
    return { type: 'delta', seq: Number(tag('seq')?.[1] ?? 0), text: content };
  }
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

function failure(json: string | undefined, text: string): { code: string; message: string } {
  const read = errorTag.safeParse(parseJson(json));
  return read.success ? read.data : { code: 'ERROR', message: text };
}

/** Private tags of an answer stand encrypted in its content, beside or instead of its text (PROTOCOL §5). */
function open(event: Event, secretKey: Uint8Array): { tags: string[][]; content: string } {
  if (event.content === '') return event;
  const content = nip44.decrypt(event.content, nip44.getConversationKey(secretKey, event.pubkey));
  const hidden = tagList.safeParse(parseJson(content));
  if (!hidden.success || hidden.data.every(([name]) => name === 'e' || name === 'p' || name === 'a')) {
    return { tags: event.tags, content };
  }
  const result = hidden.data.find(([name]) => name === 'result')?.[1];
  return { tags: [...event.tags, ...hidden.data], content: messageOf(result) };
}

const completion = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});

function messageOf(result: string | undefined): string {
  const read = completion.safeParse(parseJson(result));
  return read.success ? (read.data.choices[0]?.message.content ?? '') : '';
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
