/**
 * The port to a language model that can call tools. The plain chat of `../chat/model-client.ts` has one like it
 * without tools; an adapter of a provider may serve both.
 */
import type { JobOutput, Usage } from '../../protocol/model.ts';
import type { JsonSchema } from '../parameters.ts';

/** A call as the model wrote it: nothing in it is checked. */
export interface ModelCall {
  /** The model's own id of the call. Unique within an answer once it is in the journal (calls.ts). */
  readonly id: string;
  readonly name: string;
  /** JSON, or what the model takes for it. */
  readonly arguments: string;
  /** Length of the arguments, bytes, where they were too long to keep: then only their beginning stands above. */
  readonly whole_bytes?: number;
}

/** A message in the shape of OpenAI chat completions with tools. */
export type LoopMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly calls: readonly ModelCall[] }
  | { readonly role: 'tool'; readonly content: string; readonly callId: string };

/** A tool as the model is told of it. */
export interface ToolOffer {
  readonly name: string;
  readonly description: string;
  readonly input: JsonSchema;
}

export interface LoopRequest {
  readonly model: string;
  readonly messages: readonly LoopMessage[];
  /** Empty where the model shall write text. Where there are some, a call is wanted (`tool_choice: required`). */
  readonly tools: readonly ToolOffer[];
  /** The most tokens the answer may have. */
  readonly maxTokens: number;
  readonly temperature?: number;
  readonly seed?: number;
}

/** What a model says, in order: pieces of text, whole calls, and exactly one end. */
export type LoopChunk =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'call'; readonly call: ModelCall }
  | {
      readonly type: 'end';
      readonly finishReason: JobOutput['finishReason'];
      /** Null where the provider counts no tokens. */
      readonly usage: Usage | null;
      /** What answered, where it is not what was asked (a fallback). */
      readonly model?: string;
    };

export interface ToolModelClient {
  /**
   * Asks once; the retry is the loop's.
   *
   * @throws JobError with nothing of the provider's words in it: MODEL_ERROR, RATE_LIMIT_EXCEEDED (with
   *   `retry_after_s` where the provider names it), SERVICE_UNAVAILABLE, TIMEOUT, CONTENT_TOO_LARGE
   */
  ask(request: LoopRequest, signal: AbortSignal): AsyncIterable<LoopChunk>;
}
