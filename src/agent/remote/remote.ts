/** The runtime `remote`: the work is done by an endpoint of the agent's owner. */
import { JobError } from '../../errors.ts';
import { REMOTE_HEAD_TIMEOUT_MS } from '../../limits.ts';
import type { KeyPair } from '../../nostr/event.ts';
import type { JobOutput } from '../../protocol/model.ts';
import { utf8Bytes } from '../../protocol/size.ts';
import { inputBytes } from '../../protocol/validate.ts';
import { chatRuntime } from '../chat/chat.ts';
import type { ModelChunk, ModelClient } from '../chat/model-client.ts';
import { openAiClient } from '../chat/openai-client.ts';
import { classifyFailure } from '../models/failure.ts';
import type { Runtime, RuntimeContext, Task } from '../runtime.ts';
import { REFUSED_BY_AGENT } from './answer.ts';
import { LeakGuard } from './leak.ts';
import { askWebhook } from './webhook.ts';

export interface RemoteDeps {
  /** The owner's secret; null where none is kept. */
  readonly secret: string | null;
  /** The agent's keys. */
  readonly keys: KeyPair;
  /** Of the job's step, from 1. */
  readonly attempt: number;
  /** A guarded `fetch` (net/guarded-call.ts) that ends with the signal. */
  fetch(signal: AbortSignal): typeof fetch;
  /** What became of it: null when it was answered, else what failed, where that is the endpoint's fault. */
  outcome(failure: JobError | null): Promise<void>;
}

/** A runtime over one endpoint. */
export function remoteRuntime(deps: RemoteDeps): Runtime {
  return {
    slow: true,
    async run(task, context) {
      const late = AbortSignal.timeout(task.agent.timeLimit_ms);
      const signal = AbortSignal.any([context.signal, late]);
      try {
        const output = await ask(deps, task, { ...context, signal });
        await deps.outcome(null);
        return output;
      } catch (error) {
        const failure = late.aborted && !context.signal.aborted ? tooLate(task) : error;
        if (failure instanceof JobError && !context.signal.aborted && isEndpoints(failure))
          await deps.outcome(failure);
        throw failure;
      }
    },
  };
}

async function ask(deps: RemoteDeps, task: Task, context: RuntimeContext): Promise<JobOutput> {
  const { remote } = task.agent;
  if (remote === undefined) throw new Error(`${task.agent.slug} is no remote agent`);
  const guard = new LeakGuard(deps.secret);
  const call = deps.fetch(context.signal);
  if (remote.protocol === 'webhook') {
    const { secret, keys, attempt } = deps;
    if (secret === null)
      throw new JobError('SERVICE_UNAVAILABLE', 'the agent’s owner has to give its secret again');
    return await askWebhook({ url: remote.url, secret, keys, attempt, fetch: call }, task, context, guard);
  }
  const model = openAiClient({
    baseUrl: remote.baseUrl,
    apiKey: deps.secret ?? '',
    timeout_ms: REMOTE_HEAD_TIMEOUT_MS,
    fetch: call,
  });
  const output = await chatRuntime(guarded(model, guard)).run(task, context);
  return { ...output, usage: bounded(output, inputBytes(task.body) + historyBytes(task)) };
}

/** The model's answer without its owner's secret. */
function guarded(model: ModelClient, guard: LeakGuard): ModelClient {
  return {
    async *ask(request, signal): AsyncGenerator<ModelChunk> {
      for await (const chunk of model.ask(request, signal)) {
        const text = chunk.type === 'text' ? guard.push(chunk.text) : guard.rest();
        if (text !== '') yield { type: 'text', text };
        if (chunk.type === 'call') {
          for (const said of Object.values(chunk.call)) guard.whole(said);
          yield chunk;
        }
        if (chunk.type === 'end') yield chunk;
      }
    },
  };
}

/** Tokens as the endpoint counts them: none is shorter than a byte, so more are not believed. */
function bounded({ usage, content, toolCalls }: JobOutput, asked_bytes: number): JobOutput['usage'] {
  const said = toolCalls === undefined ? content : content + JSON.stringify(toolCalls);
  const prompt_tokens = Math.min(usage.prompt_tokens, asked_bytes + FRAME_BYTES);
  const completion_tokens = Math.min(usage.completion_tokens, utf8Bytes(said));
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

/** What stands around the messages in a prompt, bytes. */
const FRAME_BYTES = 2_048;

function historyBytes({ history }: Task): number {
  return utf8Bytes(JSON.stringify(history));
}

/** Whether a failure speaks against the endpoint: strangers must not be able to pause an agent by what they ask. */
function isEndpoints(failure: JobError): boolean {
  if (failure.details?.reason === REFUSED_BY_AGENT) return false;
  if (failure.code === 'RATE_LIMIT_EXCEEDED') return false;
  // An answer without end is the endpoint's; a request that is too long for a model is not.
  if (failure.code === 'CONTENT_TOO_LARGE') return failure.details?.limit_bytes !== undefined;
  const { kind } = classifyFailure(failure);
  return kind === 'passing' || kind === 'refused';
}

function tooLate({ agent }: Task): JobError {
  return new JobError('TIMEOUT', 'the agent’s endpoint did not finish within its time limit', {
    limit_ms: agent.timeLimit_ms,
  });
}
