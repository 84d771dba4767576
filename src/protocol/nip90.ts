/** NIP-90: request kinds 5000–5999, inputs and parameters as tags, result kind = request kind + 1000. */
import { JobError } from '../errors.ts';
import { type EventTemplate, type Rumor, type Tag, tagValue } from '../nostr/event.ts';
import { isHex32 } from '../nostr/hex.ts';
import { type AgentKinds, isJobRequestKind, JOB_KIND, JOB_RESULT_OFFSET } from '../nostr/kinds.ts';
import { costJson, cutWhereKept, printedTags, proofTags, verifiedTags } from './completion.ts';
import type { Dialect, Opener } from './dialect.ts';
import { readEnvelope } from './envelope.ts';
import { addressTags, feedback, renderInterim } from './feedback.ts';
import type { JsonObject } from './json.ts';
import { wrong } from './messages.ts';
import type { ChatMessage, Envelope, JobBody, ReferencedInput, Report, Request } from './model.ts';
import { parsePrivateTags } from './private-tags.ts';
import { withinEventLimit } from './size.ts';

/** NIP-90 for the kinds of this deployment (only the kind of stream deltas is ours to choose). */
export function nip90(kinds: AgentKinds): Dialect {
  return {
    name: 'nip90',
    takes: isJobRequestKind,
    envelope: (event, sealing) => readEnvelope(event, 'nip90', false, sealing),
    body: readBody,
    render: (report, request, now_s) => [render(report, request, kinds, now_s)],
  };
}

/** Spellings of the NIP's own example that differ from the names of OpenAI's parameters. */
const PARAMETER_ALIASES: ReadonlyMap<string, string> = new Map([
  ['top-k', 'top_k'],
  ['top-p', 'top_p'],
]);

function readBody(event: Rumor, envelope: Envelope, open: Opener): JobBody {
  const encrypted = event.tags.some((tag) => tag[0] === 'encrypted');
  const cipher = envelope.sealing === 'nip04' || event.content.includes('?iv=') ? 'nip04' : 'nip44';
  const tags = encrypted ? [...parsePrivateTags(open(cipher, event.content)), ...event.tags] : event.tags;
  const { messages, inputs } = readInputs(tags);
  // Some clients put the prompt into the content, where the NIP has nothing.
  if (!encrypted && messages.length === 0 && inputs.length === 0 && event.content.trim() !== '') {
    messages.push({ role: 'user', content: event.content });
  }
  // Content discovery asks for what is worth reading, and needs to be given nothing.
  if (messages.length === 0 && inputs.length === 0 && event.kind !== JOB_KIND.contentDiscovery) {
    throw new JobError('BAD_REQUEST', 'the request has no input: an i tag is missing', { path: 'i' });
  }
  const { model, parameters } = readParameters(tags);
  return {
    messages,
    parameters,
    inputs,
    model,
    outputFormat: tagValue({ tags }, 'output') ?? null,
    tools: null,
    bid_msats: readBid(tagValue({ tags }, 'bid')),
    contract: null,
    bolt11: tagValue({ tags }, 'bolt11') ?? null,
  };
}

/** Clients also paste what they show: entities of NIP-19 (as URIs of NIP-21 too) and addresses of NIP-01. */
const OTHER_POINTER = /^((nostr:)?(note|nevent|naddr)1[02-9ac-hj-np-z]{58,2000}|\d{1,5}:[0-9a-f]{64}:.*)$/s;

function readInputs(tags: readonly Tag[]): { messages: ChatMessage[]; inputs: ReferencedInput[] } {
  const messages: ChatMessage[] = [];
  const inputs: ReferencedInput[] = [];
  for (const [name, value, type = 'text', relay = '', marker = ''] of tags) {
    if (name !== 'i') continue;
    if (value === undefined) throw wrong('i', 'has no value');
    switch (type) {
      case '':
      case 'text':
        if (value !== '') messages.push({ role: 'user', content: value });
        break;
      case 'event':
        if (!isHex32(value) && !OTHER_POINTER.test(value))
          throw wrong('i', 'of type event must name an event by id, address, note, nevent or naddr');
        inputs.push(reference(type, value, relay, marker));
        break;
      case 'job':
        if (!isHex32(value))
          throw wrong('i', 'of type job must name an event id of 64 lower-case hex characters');
        inputs.push(reference(type, value, relay, marker));
        break;
      case 'url':
        if (!URL.canParse(value)) throw wrong('i', 'of type url must be a URL');
        inputs.push(reference(type, value, relay, marker));
        break;
      default:
        throw wrong('i', 'must be of type text, url, event or job');
    }
  }
  return { messages, inputs };
}

function reference(
  type: ReferencedInput['type'],
  value: string,
  relay: string,
  marker: string,
): ReferencedInput {
  return { type, value, ...(relay === '' ? {} : { relay }), ...(marker === '' ? {} : { marker }) };
}

/** `param` tags: one value is a string, several (in one tag or by repetition) are a list. `model` is taken out. */
function readParameters(tags: readonly Tag[]): { model: string | null; parameters: JsonObject } {
  const values = new Map<string, string[]>();
  for (const tag of tags) {
    const name = tag[1];
    if (tag[0] !== 'param' || name === undefined) continue;
    const key = PARAMETER_ALIASES.get(name) ?? name;
    values.set(key, [...(values.get(key) ?? []), ...tag.slice(2)]);
  }
  const model = values.get('model')?.[0] ?? null;
  values.delete('model');
  const parameters = Object.fromEntries(
    [...values].map(([key, list]) => [key, list.length === 1 ? (list[0] ?? '') : list]),
  );
  return { model, parameters };
}

function readBid(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  if (!/^\d{1,15}$/.test(text)) throw wrong('bid', 'must be a whole number of millisats');
  return Number(text);
}

function render(report: Report, request: Request, kinds: AgentKinds, now_s: number): EventTemplate {
  const { envelope, event } = request;
  if (report.type === 'error') {
    const { code, message } = report.failure;
    return feedback(envelope, ['error', `${code}: ${message}`], now_s, '', [
      ['error', JSON.stringify(report.failure)],
      ...verifiedTags(report.verified),
    ]);
  }
  if (report.type !== 'result') return renderInterim(report, envelope, kinds, now_s);
  const { output } = report;
  const tags: Tag[] = addressTags(envelope);
  // The NIP's `amount` is what is due; what was paid already is told by `cost` alone.
  const { demand, cost } = report;
  if (demand !== null) tags.push(['amount', String(demand.amount_msats), demand.bolt11]);
  tags.push(['cost', JSON.stringify(costJson(cost))]);
  tags.push(...proofTags(output));
  const result = (more: readonly Tag[], content = output.content): EventTemplate => ({
    kind: envelope.kind + JOB_RESULT_OFFSET,
    created_at: now_s,
    tags: [...tags, ...more],
    content,
  });
  const inputs = event.tags.filter((tag) => tag[0] === 'i');
  const original: Tag = ['request', JSON.stringify(event)];
  const printed = printedTags(output);
  // Both only repeat what the client sent; `i` is even part of `request`.
  return withinEventLimit(
    envelope.sealing,
    result([original, ...inputs, ...printed]),
    () => result([original, ...printed]),
    () => result(printed),
    ...(printed.length === 0 ? [] : [() => result([])]),
    ...cutWhereKept(output, envelope.sealing, (text) => result([], text)),
  );
}
