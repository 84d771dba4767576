/** The port to a language model. One implementation per kind of provider; tests bring their own. */
import type { Json } from '../../errors.ts';
import type { JobOutput, Usage } from '../../protocol/model.ts';

export interface ModelMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

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

/** What a model says, in order: pieces of text, and exactly one end. */
export type ModelChunk =
  | { readonly type: 'text'; readonly text: string }
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
