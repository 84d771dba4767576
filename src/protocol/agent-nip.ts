/** The agent NIP (draft 20250520): requests and results share one kind, bodies are OpenAI chat completions. */
import { JobError, type JobFailure, type Json } from '../errors.ts';
import { type EventTemplate, type Rumor, type Tag, tagValue } from '../nostr/event.ts';
import type { AgentKinds } from '../nostr/kinds.ts';
import {
  chatCompletion,
  costJson,
  cutWhereKept,
  printedTags,
  proofTags,
  verifiedTags,
} from './completion.ts';
import { type Dialect, NIP_VERSION, type Opener } from './dialect.ts';
import { readEnvelope } from './envelope.ts';
import { addressTags, demandText, renderInterim } from './feedback.ts';
import { isObject, type JsonObject, parseRequestJson } from './json.ts';
import { messageText, readMessages, wrong } from './messages.ts';
import type { ChatMessage, JobBody, PaymentDemand, Report, Request } from './model.ts';
import { parsePrivateTags } from './private-tags.ts';
import { withinEventLimit } from './size.ts';

/** The agent NIP for the kinds of this deployment. */
export function agentNip(kinds: AgentKinds): Dialect {
  return {
    name: 'agent',
    takes: (kind) => kind === kinds.task,
    envelope: (event, sealing) => readEnvelope(event, 'agent', true, sealing),
    body: readBody,
    render: (report, request, now_s) => render(report, request, kinds, now_s),
  };
}

/** Whether an event of the task kind is an answer: results and requests share their kind. */
export function isTaskAnswer(event: EventTemplate): boolean {
  return event.tags.some((tag) => tag[0] === 'result' || tag[0] === 'error');
}

function readBody(event: Rumor, _envelope: unknown, open: Opener): JobBody {
  const encrypted = event.tags.some((tag) => tag[0] === 'encrypted');
  // Where a tag stands in both places, the private one is meant.
  const tags = encrypted ? [...parsePrivateTags(open('nip44', event.content)), ...event.tags] : event.tags;
  const text = tagValue({ tags }, 'request');
  if (text === undefined)
    throw new JobError('BAD_REQUEST', 'the request tag is missing', { path: 'request' });
  const request = parseRequestJson(text, 'request');
  if (!isObject(request)) throw wrong('request', 'must be a JSON object');
  const messages = withContent(readMessages(request.messages, '$.messages'), encrypted ? '' : event.content);
  if (messages.length === 0) throw wrong('$.messages', 'holds no message');
  return {
    messages,
    parameters: readParameters(request.parameters),
    inputs: [],
    model: readModel(request.model),
    outputFormat: request.response_format ?? tagValue({ tags }, 'output_format') ?? null,
    tools: request.tools ?? null,
    bid_msats: null,
    contract: readContract(tagValue({ tags }, 'contract')),
    bolt11: tagValue({ tags }, 'bolt11') ?? null,
  };
}

/** The content is the last user message, unless some message carries it already. */
function withContent(messages: ChatMessage[], content: string): ChatMessage[] {
  const text = content.trim();
  if (text === '' || messages.some((message) => messageText(message).includes(text))) return messages;
  return [...messages, { role: 'user', content }];
}

function readParameters(value: Json | undefined): JsonObject {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw wrong('$.parameters', 'must be an object');
  return value;
}

function readModel(value: Json | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw wrong('$.model', 'must be a string');
  return value;
}

function readContract(text: string | undefined): Json {
  if (text === undefined) return null;
  if (text.startsWith('https://') && URL.canParse(text)) return text;
  const contract = parseRequestJson(text, 'contract');
  if (!isObject(contract)) throw wrong('contract', 'must be a JSON object or an https URL');
  return contract;
}

function render(report: Report, request: Request, kinds: AgentKinds, now_s: number): EventTemplate[] {
  const { envelope } = request;
  const answer = (tags: readonly Tag[], content: string): EventTemplate => ({
    kind: kinds.task,
    created_at: now_s,
    tags: [...addressTags(envelope), ...tags, ['nip_version', NIP_VERSION]],
    content,
  });
  if (report.type === 'error')
    return [answer([['error', JSON.stringify(report.failure)], ...verifiedTags(report.verified)], '')];
  if (report.type === 'paymentRequired') {
    // Both, because clients of either kind have to see it: those of NIP-90 feedback, and those of the agent NIP.
    const { bolt11 } = report.demand;
    const error = JSON.stringify(paymentRequired(report.demand));
    return [
      renderInterim(report, envelope, kinds, now_s),
      answer(
        [
          ['error', error],
          ['bolt11', bolt11],
        ],
        '',
      ),
    ];
  }
  if (report.type !== 'result') return [renderInterim(report, envelope, kinds, now_s)];
  const { output, cost, demand } = report;
  const more: Tag[] = [['cost', JSON.stringify(costJson(cost))]];
  if (demand !== null) more.push(['bolt11', demand.bolt11]);
  more.push(...proofTags(output));
  const result = (text: string, content: string, beside: readonly Tag[] = []) => {
    const completion = chatCompletion(envelope.id, { ...output, content: text }, now_s);
    return answer([['result', JSON.stringify(completion)], ...more, ...beside], content);
  };
  const printed = printedTags(output);
  // The content only repeats the result for clients that do not know the NIP, so it is what gives way first.
  return [
    withinEventLimit(
      envelope.sealing,
      result(output.content, output.content, printed),
      () => result(output.content, '', printed),
      ...(printed.length === 0 ? [] : [() => result(output.content, '')]),
      ...cutWhereKept(output, envelope.sealing, (text) => result(text, '')),
    ),
  ];
}

/** The only error that does not end a job. */
function paymentRequired(demand: PaymentDemand): JobFailure {
  const { amount_msats, paymentHash, expiresAt_s, escrow } = demand;
  return {
    code: 'PAYMENT_REQUIRED',
    message: demandText(demand),
    details: {
      amount_msats,
      payment_hash: paymentHash,
      expires_at: expiresAt_s,
      ...(escrow ? { escrow } : {}),
    },
  };
}
