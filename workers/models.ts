/**
 * The models of this deployment for agents with tools. To be replaced by the branch `models`, which has the client
 * with its traffic; this one asks the configured endpoint and no other.
 */
import type OpenAI from 'openai';
import { stopped } from '../src/agent/chat/failures.ts';
import { finishReasonOf } from '../src/agent/chat/model-client.ts';
import type { LoopChunk, LoopMessage, LoopRequest, ToolModelClient } from '../src/agent/loop/model.ts';
import { MODEL_FIRST_BYTE_TIMEOUT_MS } from '../src/limits.ts';
import type { JobOutput, Usage } from '../src/protocol/model.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';

export function toolModelOf(env: Env): ToolModelClient | null {
  const { model } = marketplaceOf(env).config;
  if (model === null) return null;
  return {
    async *ask(request, signal) {
      const { default: Client } = await import('openai');
      const client = new Client({
        baseURL: model.baseUrl,
        apiKey: model.apiKey === '' ? 'none' : model.apiKey,
        organization: null,
        project: null,
        maxRetries: 0,
        timeout: MODEL_FIRST_BYTE_TIMEOUT_MS,
        logLevel: 'off',
      });
      yield* ask(client, request, signal);
    },
  };
}

async function* ask(client: OpenAI, request: LoopRequest, signal: AbortSignal): AsyncGenerator<LoopChunk> {
  const { providerFailure } = await import('../src/agent/chat/openai-error.ts');
  const calls = new Map<number, { id: string; name: string; arguments: string }>();
  let finishReason: JobOutput['finishReason'] = 'stop';
  let usage: Usage | null = null;
  try {
    const stream = await client.chat.completions.create(
      {
        model: request.model,
        messages: request.messages.map(messageOf),
        stream: true,
        stream_options: { include_usage: true },
        max_tokens: request.maxTokens,
        ...(request.tools.length === 0
          ? {}
          : {
              tools: request.tools.map(({ name, description, input }) => ({
                type: 'function' as const,
                function: { name, description, parameters: { ...input } },
              })),
              tool_choice: 'required' as const,
            }),
      },
      { signal },
    );
    for await (const chunk of stream) {
      const choice = chunk.choices?.[0];
      const text = choice?.delta?.content;
      if (typeof text === 'string' && text !== '') yield { type: 'text', text };
      for (const part of choice?.delta?.tool_calls ?? []) {
        const known = calls.get(part.index) ?? { id: '', name: '', arguments: '' };
        known.id += part.id ?? '';
        known.name += part.function?.name ?? '';
        known.arguments += part.function?.arguments ?? '';
        calls.set(part.index, known);
      }
      if (choice?.finish_reason) finishReason = finishReasonOf(choice.finish_reason);
      if (chunk.usage) usage = chunk.usage;
    }
  } catch (error) {
    throw signal.aborted ? stopped(signal) : providerFailure(error);
  }
  if (signal.aborted) throw stopped(signal);
  for (const call of calls.values()) yield { type: 'call', call };
  yield { type: 'end', finishReason, usage };
}

function messageOf(message: LoopMessage): OpenAI.ChatCompletionMessageParam {
  switch (message.role) {
    case 'tool':
      return { role: 'tool', content: message.content, tool_call_id: message.callId };
    case 'assistant':
      return message.calls.length === 0
        ? { role: 'assistant', content: message.content }
        : {
            role: 'assistant',
            content: message.content,
            tool_calls: message.calls.map(({ id, name, arguments: text }) => ({
              id,
              type: 'function',
              function: { name, arguments: text },
            })),
          };
    default:
      return { role: message.role, content: message.content };
  }
}
