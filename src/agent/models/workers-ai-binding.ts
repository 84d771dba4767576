/** Workers AI through its binding: one answer, streamed as server-sent events or whole, read into our pieces. */
import * as z from 'zod';
import type { Usage } from '../../protocol/model.ts';
import { brokenStream, stopped } from '../chat/failures.ts';
import { finishReasonOf } from '../chat/model-client.ts';
import type { Piece } from './pieces.ts';
import { sseData } from './sse.ts';
import { bindingFailure } from './workers-ai-error.ts';

/** `env.AI.run`, as far as it is used here. Answers with a stream of bytes when `stream` is set, if the model can. */
export type AiRun = (
  model: string,
  inputs: { readonly [name: string]: unknown },
  options: { readonly signal: AbortSignal },
) => Promise<unknown>;

const tokens = z.number().int().nonnegative();
const usageShape = z.object({ prompt_tokens: tokens, completion_tokens: tokens });
const wordsShape = z.object({ content: z.string().nullish(), tool_calls: z.unknown().optional() }).nullish();
/**
 * Older models send `response` and `tool_calls`, newer ones the shape of OpenAI, whose `message` is the `delta` of an
 * answer that comes whole. Both may add `usage` to the last event.
 */
const eventShape = z.object({
  response: z.union([z.string(), z.number(), z.record(z.string(), z.json())]).nullish(),
  tool_calls: z.unknown().optional(),
  choices: z
    .array(z.object({ delta: wordsShape, message: wordsShape, finish_reason: z.string().nullish() }))
    .nullish(),
  finish_reason: z.string().nullish(),
  usage: usageShape.nullish().catch(null),
});
type AiEvent = z.infer<typeof eventShape>;

/** Asks the binding once. @throws JobError as model-client.ts says */
export async function* askWorkersAi(
  run: AiRun,
  model: string,
  inputs: { readonly [name: string]: unknown },
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  if (signal.aborted) throw stopped(signal);
  const end = new AbortController();
  try {
    const answer = await begin(run, model, inputs, AbortSignal.any([signal, end.signal]), signal);
    yield* answer instanceof ReadableStream ? streamed(answer, signal) : whole(readEvent(answer));
  } finally {
    // Whoever leaves early ends the request.
    end.abort();
  }
}

async function begin(
  run: AiRun,
  model: string,
  inputs: { readonly [name: string]: unknown },
  ending: AbortSignal,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await run(model, { ...inputs, stream: true }, { signal: ending });
  } catch (error) {
    if (signal.aborted) throw stopped(signal);
    throw bindingFailure(error, Date.now());
  }
}

async function* streamed(answer: ReadableStream<unknown>, signal: AbortSignal): AsyncGenerator<Piece> {
  let finishReason: string | null = null;
  let usage: Usage | null = null;
  let done = false;
  for await (const data of sseData(answer, signal)) {
    if (data === '[DONE]') {
      done = true;
      break;
    }
    const event = readEvent(parse(data));
    yield* said(event);
    finishReason = reasonOf(event) ?? finishReason;
    usage = usageOf(event) ?? usage;
  }
  if (!done && finishReason === null) throw brokenStream();
  yield { type: 'end', finishReason: finishReasonOf(finishReason ?? 'stop'), usage };
}

/** Some models cannot stream, or not with tools. */
function* whole(event: AiEvent): Generator<Piece> {
  const { response, choices, tool_calls } = event;
  if (response === undefined && tool_calls === undefined && !choices?.[0]) throw brokenStream();
  yield* said(event);
  yield { type: 'end', finishReason: finishReasonOf(reasonOf(event) ?? 'stop'), usage: usageOf(event) };
}

function* said({ response, choices, tool_calls }: AiEvent): Generator<Piece> {
  const words = choices?.[0]?.delta ?? choices?.[0]?.message;
  const text = textOf(words?.content ?? response ?? '');
  if (text !== '') yield { type: 'text', text };
  const calls = words?.tool_calls ?? tool_calls;
  if (calls !== undefined && calls !== null) yield { type: 'calls', calls };
}

/** Asked for JSON, some models give the parsed object. */
function textOf(response: NonNullable<AiEvent['response']>): string {
  return typeof response === 'object' ? JSON.stringify(response) : String(response);
}

function reasonOf({ choices, finish_reason }: AiEvent): string | null {
  return choices?.[0]?.finish_reason ?? finish_reason ?? null;
}

function usageOf({ usage }: AiEvent): Usage | null {
  return usage ? { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens } : null;
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (error) {
    throw brokenStream(error);
  }
}

function readEvent(value: unknown): AiEvent {
  const parsed = eventShape.safeParse(value);
  if (!parsed.success) throw brokenStream(parsed.error);
  return parsed.data;
}
