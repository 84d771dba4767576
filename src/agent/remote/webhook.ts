/** A job given to an owner's webhook: a signed POST, answered by JSON or by server-sent events on the same connection. */
import { JobError, type Json } from '../../errors.ts';
import { REMOTE_MAX_ANSWER_BYTES, REMOTE_MAX_NOTE_CHARS } from '../../limits.ts';
import type { KeyPair } from '../../nostr/event.ts';
import { parseJson } from '../../protocol/json.ts';
import type { JobOutput } from '../../protocol/model.ts';
import { clip, utf8Bytes } from '../../protocol/size.ts';
import { inputBytes } from '../../protocol/validate.ts';
import { brokenStream, stopped } from '../chat/failures.ts';
import { sseData } from '../models/sse.ts';
import type { RuntimeContext, Task } from '../runtime.ts';
import { outputOf, toldError, type WebhookAnswer, webhookAnswer, webhookEvent } from './answer.ts';
import type { LeakGuard } from './leak.ts';
import { signedHeaders } from './signature.ts';

export interface WebhookCall {
  readonly url: string;
  /** `whsec_` and base64. */
  readonly secret: string;
  /** The agent's. */
  readonly keys: KeyPair;
  /** Of the job's step, from 1. */
  readonly attempt: number;
  /** The guarded one (net/guarded-call.ts). */
  readonly fetch: typeof fetch;
}

/** @throws JobError as a runtime does; never with a word of the endpoint that its guard has not passed */
export async function askWebhook(
  call: WebhookCall,
  task: Task,
  context: RuntimeContext,
  guard: LeakGuard,
): Promise<JobOutput> {
  const now_ms = context.now();
  const body = JSON.stringify(orderOf(task, call, now_ms));
  const id = `${task.envelope.id}_${call.attempt}`;
  const signed = { url: call.url, body, id, now_s: Math.floor(now_ms / 1_000) };
  const response = await call.fetch(call.url, {
    method: 'POST',
    body,
    headers: signedHeaders(signed, call.secret, call.keys),
    signal: context.signal,
  });
  const type = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (!response.ok) throw await refusalOf(response, type, guard);
  const facts = { slug: task.agent.slug, input_bytes: inputBytes(task.body) };
  if (type === 'text/event-stream') return await streamed(response, facts, context, guard);
  if (type !== 'application/json') {
    await response.body?.cancel().catch(() => undefined);
    throw new JobError(
      'MODEL_ERROR',
      'the agent’s endpoint answers with neither JSON nor server-sent events',
    );
  }
  const answer = webhookAnswer.safeParse(parseJson(await textOf(response, context.signal)));
  if (!answer.success) throw malformed();
  return outputOf(answer.data, { ...facts, streamed: '' }, guard);
}

/** What is posted. Its client is told by key only where the request named it in the clear. */
function orderOf(
  { agent, envelope, body, history }: Task,
  { attempt, keys }: WebhookCall,
  now_ms: number,
): Json {
  return {
    type: 'job',
    timestamp: new Date(now_ms).toISOString(),
    data: {
      job: envelope.id,
      attempt,
      agent: agent.slug,
      agent_pubkey: keys.publicKey,
      client: envelope.sealing === 'giftwrap' ? null : envelope.client,
      session: envelope.session,
      deadline: Math.floor((now_ms + agent.timeLimit_ms) / 1_000),
      messages: asJson([...history, ...body.messages]),
      parameters: body.parameters,
      response_format: body.outputFormat,
      contract: shownContract(body.contract),
    },
  };
}

/** Of a contract what says what is to be done and paid. Its check stands in the messages, as far as it is shown. */
const SHOWN = ['scope', 'deliverables', 'payment_amount_sats', 'settlement_terms', 'dispute_resolution'];

function shownContract(contract: Json): Json {
  if (typeof contract !== 'object' || contract === null || Array.isArray(contract)) return null;
  return Object.fromEntries(Object.entries(contract).filter(([name]) => SHOWN.includes(name)));
}

function asJson(value: readonly unknown[]): Json {
  return JSON.parse(JSON.stringify(value));
}

/** Server-sent events: deltas and progress as they come, then a result or an error. */
async function streamed(
  response: Response,
  facts: { readonly slug: string; readonly input_bytes: number },
  context: RuntimeContext,
  guard: LeakGuard,
): Promise<JobOutput> {
  if (response.body === null) throw brokenStream();
  let text = '';
  const tell = async (piece: string) => {
    if (piece === '') return;
    text += piece;
    await context.delta(piece);
  };
  for await (const data of sseData(response.body, context.signal)) {
    const event = webhookEvent.safeParse(parseJson(data));
    // Comments, pings, and what later versions may say.
    if (!event.success) continue;
    const { data: said } = event;
    if (said.type === 'delta') {
      await tell(guard.push(said.text));
      if (utf8Bytes(text) > REMOTE_MAX_ANSWER_BYTES) throw malformed();
    } else if (said.type === 'progress') {
      const note = guard.words(clip(said.note, REMOTE_MAX_NOTE_CHARS)) ?? '';
      await context.progress(said.done, said.total, note === '' ? 'working' : note);
    } else if (said.type === 'error') throw toldError(said.error, guard);
    else {
      await tell(guard.rest());
      return outputOf(withStreamed(said, text), { ...facts, streamed: text }, guard);
    }
  }
  throw brokenStream();
}

/** What was streamed is what is delivered: a result may repeat it, and not say something else. */
function withStreamed(answer: WebhookAnswer, text: string): WebhookAnswer {
  if (text === '' || answer.content === undefined || answer.content === text) return answer;
  throw new JobError('MODEL_ERROR', 'the agent’s endpoint delivered something else than it had streamed');
}

/** A status that is no success: an error in its body counts where it is the request's fault. */
async function refusalOf(response: Response, type: string | undefined, guard: LeakGuard): Promise<JobError> {
  const { status } = response;
  if (type === 'application/json' && status >= 400 && status < 500) {
    const answer = webhookAnswer.safeParse(parseJson(await quietText(response)));
    if (answer.success && answer.data.error !== undefined) return toldError(answer.data.error, guard);
  } else await response.body?.cancel().catch(() => undefined);
  if (status === 429)
    return new JobError('RATE_LIMIT_EXCEEDED', 'the agent’s endpoint takes no more jobs at the moment', {
      retry_after_s: 60,
    });
  return status >= 500
    ? new JobError('SERVICE_UNAVAILABLE', `the agent’s endpoint failed with status ${status}`, { status })
    : new JobError('MODEL_ERROR', `the agent’s endpoint refuses with status ${status}`, { status });
}

async function textOf(response: Response, signal: AbortSignal): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    if (error instanceof JobError) throw error;
    throw signal.aborted ? stopped(signal) : brokenStream(error);
  }
}

/** Empty where it cannot be read: the status says enough. */
async function quietText(response: Response): Promise<string> {
  return await response.text().catch(() => '');
}

function malformed(): JobError {
  return new JobError('MODEL_ERROR', 'the agent’s endpoint answers in a shape nobody knows');
}
