/** The port to a language model. One implementation per kind of provider; tests bring their own. */
import type { Json } from '../../errors.ts';
import type { JobOutput, Usage } from '../../protocol/model.ts';

/** A call of a tool as a model wrote it, or as it is told of an earlier one. Nothing in it is checked. */
export interface ModelToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, or what the model takes for it. */
  readonly arguments: string;
}

export type ModelMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly calls?: readonly ModelToolCall[] }
  | { readonly role: 'tool'; readonly content: string; readonly callId: string };

/** A tool of the client's, which a model may have called. */
export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly input: { readonly [key: string]: Json };
  readonly strict?: boolean;
}

/** Whether tools are called: as the model likes, not at all, at least one, or this one. */
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

/** One question to a model. Absent members are left to the provider. */
export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly ModelMessage[];
  readonly maxTokens: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly responseFormat?: ResponseFormat;
  readonly tools?: readonly OfferedTool[];
  /** Only with tools. */
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
}

/** How the answer is to be written, in the shape of OpenAI's `response_format`. */
export type ResponseFormat =
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly json_schema: {
        readonly name: string;
        readonly schema: { readonly [key: string]: Json };
        readonly strict?: boolean;
      };
    };

/** What a model says, in order: pieces of text, whole calls where tools were offered, and exactly one end. */
export type ModelChunk =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'call'; readonly call: ModelToolCall }
  | {
      readonly type: 'end';
      readonly finishReason: JobOutput['finishReason'];
      /** Null where the provider counts no tokens. */
      readonly usage: Usage | null;
      /** What answered, where it is not what was asked (a fallback). */
      readonly model?: string;
    };

export interface ModelClient {
  /**
   * Asks the model once; there is no retry in here (the session has the one retry policy).
   *
   * @throws JobError MODEL_ERROR, RATE_LIMIT_EXCEEDED, SERVICE_UNAVAILABLE, TIMEOUT or CONTENT_TOO_LARGE, with
   *   nothing of the provider's own words in it; TIMEOUT also when `signal` aborts
   */
  ask(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelChunk>;
}

/** The reason in the words of the result; reasons only some servers know count as a plain end. */
export function finishReasonOf(reason: string): JobOutput['finishReason'] {
  switch (reason) {
    case 'length':
    case 'content_filter':
    case 'tool_calls':
      return reason;
    default:
      return 'stop';
  }
}
