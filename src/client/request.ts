/** Writing job requests, as any Nostr client would (PROTOCOL §2, §3, §5). */
import type { Json } from '../errors.ts';
import type { EventTemplate, Tag, VerifiedEvent } from '../nostr/event.ts';
import { type AgentKinds, DEFAULT_AGENT_KINDS, isJobRequestKind } from '../nostr/kinds.ts';
import { NIP_VERSION } from '../protocol/dialect.ts';
import type { JsonObject } from '../protocol/json.ts';
import type { ChatMessage } from '../protocol/model.ts';
import { ClientError } from './failure.ts';
import type { Signer } from './signer.ts';

/** An `i` tag of NIP-90 beside the text. */
export interface OrderInput {
  readonly type: 'text' | 'url' | 'event' | 'job';
  readonly value: string;
  readonly relay?: string;
  readonly marker?: string;
}

/** What a client asks for. Everything but kind and agent is optional; something to do has to be there. */
export interface JobOrder {
  /** The task kind (7001) for the agent NIP, 5000–5999 for NIP-90. */
  readonly kind: number;
  /** Public key of the agent, hex; null leaves the request open to whoever takes it. */
  readonly agent: string | null;
  /** The last user message, or the `i` tag of type text. */
  readonly text?: string | undefined;
  /** Messages before the text (agent NIP). */
  readonly messages?: readonly ChatMessage[];
  /** Further inputs (NIP-90). */
  readonly inputs?: readonly OrderInput[];
  readonly model?: string | undefined;
  /** By name; JSON values. */
  readonly parameters?: JsonObject;
  /** `t`: the conversation. */
  readonly session?: string | undefined;
  /** `contract` of the agent NIP, with its check as `verify`; or the https URL of one. */
  readonly contract?: Json | undefined;
  /** A MIME type. */
  readonly outputFormat?: string | undefined;
  /** `response_format` and `tools` of chat completions (agent NIP). */
  readonly responseFormat?: Json | undefined;
  readonly tools?: Json | undefined;
  /** An invoice of the agent's that was paid for this request. */
  readonly bolt11?: string | undefined;
  /** The most the client will pay, msats: `bid` of NIP-90; in the agent NIP a contract says it. */
  readonly bid_msats?: number | undefined;
  /** Where answers are to be published, besides where the request is. */
  readonly relays?: readonly string[];
  /** Unix s; a job that has not begun by then ends. */
  readonly expiresAt_s?: number | undefined;
  /** NIP-44, for the agent's eyes only; needs an agent. */
  readonly encrypted?: boolean;
}

/** A request before it is signed. */
export interface Draft {
  readonly template: EventTemplate;
  /** Tags that are still to be encrypted to the agent, as the content; null for a request in the clear. */
  readonly sealed: { readonly to: string; readonly tags: readonly Tag[] } | null;
}

/**
 * The unsigned request.
 *
 * @param now_s Unix seconds
 * @throws ClientError USAGE for a kind that asks for nothing, encryption to nobody, or what a dialect cannot say
 */
export function draftRequest(order: JobOrder, now_s: number, kinds: AgentKinds = DEFAULT_AGENT_KINDS): Draft {
  const isTask = order.kind === kinds.task;
  if (!isTask && !isJobRequestKind(order.kind))
    throw usage(`kind ${order.kind} is no job request: use ${kinds.task}, or 5000 to 5999`);
  const asked = isTask ? taskTags(order) : nip90Tags(order);
  const tags: Tag[] = [];
  if (order.agent !== null) tags.push(['p', order.agent]);
  if (order.session !== undefined) tags.push(['t', order.session]);
  if (order.relays !== undefined && order.relays.length > 0) tags.push(['relays', ...order.relays]);
  if (order.expiresAt_s !== undefined) tags.push(['expiration', String(order.expiresAt_s)]);
  if (isTask) tags.push(['nip_version', NIP_VERSION]);
  const template = { kind: order.kind, created_at: now_s, content: '' };
  if (order.encrypted !== true) return { template: { ...template, tags: [...tags, ...asked] }, sealed: null };
  if (order.agent === null)
    throw usage('an encrypted request needs an agent: nobody else could be found to read it');
  return {
    template: { ...template, tags: [...tags, ['encrypted']] },
    sealed: { to: order.agent, tags: asked },
  };
}

/** Seals a draft where it is to be sealed, and signs it. @throws ClientError SIGNER */
export async function signDraft({ template, sealed }: Draft, signer: Signer): Promise<VerifiedEvent> {
  if (sealed === null) return await signer.signEvent(template);
  const content = await signer.nip44Encrypt(sealed.to, JSON.stringify(sealed.tags));
  return await signer.signEvent({ ...template, content });
}

/** {@link draftRequest} and {@link signDraft} in one. @throws ClientError USAGE, SIGNER */
export async function signRequest(order: JobOrder, signer: Signer, now_s: number): Promise<VerifiedEvent> {
  return await signDraft(draftRequest(order, now_s), signer);
}

function taskTags(order: JobOrder): Tag[] {
  const { text, model, parameters = {}, responseFormat, tools, contract, outputFormat, bolt11 } = order;
  if ((order.inputs?.length ?? 0) > 0) throw usage('inputs are tags of NIP-90: name a kind of 5000 to 5999');
  const last: ChatMessage[] = text === undefined || text === '' ? [] : [{ role: 'user', content: text }];
  const messages = [...(order.messages ?? []), ...last];
  if (messages.length === 0) throw usage('a request needs words: say what is to be done');
  const request = {
    ...(model === undefined ? {} : { model }),
    messages,
    ...(responseFormat === undefined ? {} : { response_format: responseFormat }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    ...(tools === undefined ? {} : { tools }),
  };
  const offer = withOffer(contract, order.bid_msats);
  const tags: Tag[] = [['request', JSON.stringify(request)]];
  if (offer !== undefined) tags.push(['contract', typeof offer === 'string' ? offer : JSON.stringify(offer)]);
  if (outputFormat !== undefined) tags.push(['output_format', outputFormat]);
  if (bolt11 !== undefined) tags.push(['bolt11', bolt11]);
  return tags;
}

/** The agent NIP has no bid; a contract names what it may cost, in whole sats. */
function withOffer(contract: Json | undefined, bid_msats: number | undefined): Json | undefined {
  if (bid_msats === undefined || typeof contract === 'string') return contract;
  const sats = Math.floor(bid_msats / 1_000);
  return contract === undefined || contract === null || typeof contract !== 'object'
    ? { payment_amount_sats: sats }
    : { payment_amount_sats: sats, ...contract };
}

function nip90Tags(order: JobOrder): Tag[] {
  const { text, inputs = [], model, parameters = {}, outputFormat, bid_msats, bolt11 } = order;
  if (order.contract !== undefined) throw usage('only agent tasks have a contract: leave the kind out');
  const odd = ['messages', 'tools', 'responseFormat'] as const;
  for (const name of odd)
    if (order[name] !== undefined) throw usage(`NIP-90 has no ${name}: leave the kind out`);
  const tags: Tag[] = text === undefined || text === '' ? [] : [['i', text, 'text']];
  for (const { type, value, relay = '', marker } of inputs)
    tags.push([
      'i',
      value,
      type,
      ...(marker === undefined ? (relay === '' ? [] : [relay]) : [relay, marker]),
    ]);
  if (model !== undefined) tags.push(['param', 'model', model]);
  for (const [name, value] of Object.entries(parameters)) tags.push(['param', name, ...paramTexts(value)]);
  if (outputFormat !== undefined) tags.push(['output', outputFormat]);
  if (bid_msats !== undefined) tags.push(['bid', String(bid_msats)]);
  if (bolt11 !== undefined) tags.push(['bolt11', bolt11]);
  return tags;
}

/** NIP-90 parameters are texts; a list is several of them. */
function paramTexts(value: Json): string[] {
  const one = (item: Json) => (typeof item === 'string' ? item : JSON.stringify(item));
  return Array.isArray(value) ? value.map((item: Json) => one(item)) : [one(value)];
}

function usage(message: string): ClientError {
  return new ClientError('USAGE', message);
}
