/** Writing job requests and reading what answers them, as any Nostr client would with nostr-tools (PROTOCOL §2, §3). */
import type { Event } from 'nostr-tools/core';
import * as nip44 from 'nostr-tools/nip44';
import { finalizeEvent } from 'nostr-tools/pure';
import type { Json } from '../../src/errors.ts';
import { DEFAULT_AGENT_KINDS, isJobRequestKind } from '../../src/nostr/kinds.ts';
import { openedAnswer } from '../../src/protocol/answer-opening.ts';
import { type Answer, type AnswerEvent, readAnswer } from '../../src/protocol/answers.ts';

/** The version of the agent NIP that requests name. */
const NIP_VERSION = '20250520';

export interface JobRequest {
  /** 7001 for the agent NIP, 5000–5999 for NIP-90. */
  readonly kind: number;
  /** Public key of the agent, hex; null leaves the request open to whoever takes it. */
  readonly agent: string | null;
  readonly text: string;
  readonly session?: string | undefined;
  /** Parameters by name; JSON values. */
  readonly parameters: { readonly [name: string]: Json };
  /** NIP-44 for the agent's eyes only; needs an agent. */
  readonly encrypted: boolean;
  readonly relays: readonly string[];
  /** `contract` of the agent NIP. */
  readonly contract?: Json | undefined;
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
  const named = Object.entries(request.parameters);
  if (request.kind === DEFAULT_AGENT_KINDS.task) {
    const messages = [{ role: 'user', content: request.text }];
    const parameters = named.length === 0 ? {} : { parameters: request.parameters };
    const contract = request.contract === undefined ? [] : [['contract', JSON.stringify(request.contract)]];
    return [['request', JSON.stringify({ messages, ...parameters })], ...contract];
  }
  if (request.contract !== undefined) throw new RangeError('only agent tasks (kind 7001) have a contract');
  if (isJobRequestKind(request.kind)) {
    const params = named.map(([name, value]) => ['param', name, textOf(value)]);
    return [['i', request.text, 'text'], ...params];
  }
  throw new RangeError(`kind ${request.kind} is not a job request: use 7001 or 5000 to 5999`);
}

/** NIP-90 parameters are texts. */
function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Reads an event that names the request in `e`.
 *
 * @param event signature already checked
 * @throws Error when an encrypted answer cannot be opened
 */
export function readOwnAnswer(event: Event, request: JobRequest, secretKey: Uint8Array): Answer {
  return readAnswer(request.encrypted ? open(event, secretKey) : event, DEFAULT_AGENT_KINDS);
}

/** What a private answer says (PROTOCOL §5). */
function open(event: Event, secretKey: Uint8Array): AnswerEvent {
  if (event.content === '') return event;
  return openedAnswer(event, nip44.decrypt(event.content, nip44.getConversationKey(secretKey, event.pubkey)));
}
