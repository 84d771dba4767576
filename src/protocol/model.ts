/**
 * The job model both dialects are read into and written from (PROTOCOL §2, §3). Nothing in here knows tags.
 * All values are plain JSON: they cross RPC and storage.
 */
import type { JobFailure, Json } from '../errors.ts';
import type { NostrEvent, Rumor } from '../nostr/event.ts';

export type DialectName = 'agent' | 'nip90';

/** How a request came sealed, and so how everything that answers it is sealed (PROTOCOL §5). */
export type Sealing = 'none' | 'nip44' | 'nip04' | 'giftwrap';

/**
 * What can be told of a request without reading (or decrypting) its body: enough to route it and to answer it
 * with an error.
 */
export interface Envelope {
  readonly dialect: DialectName;
  /** Request id = job id: the event's id, or the rumor's for a gift-wrapped request. */
  readonly id: string;
  readonly kind: number;
  /** Client's public key. */
  readonly client: string;
  /** Public keys named by `p`; empty for an open request. */
  readonly agents: readonly string[];
  /** `t`, the conversation; null for a single job. */
  readonly session: string | null;
  readonly createdAt_s: number;
  /** `expiration` (NIP-40), Unix seconds. */
  readonly expiresAt_s: number | null;
  /** Where answers are wanted, as the request says (not yet checked for safety). */
  readonly relays: readonly string[];
  readonly sealing: Sealing;
}

export type ContentPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string; readonly detail?: string } };

/** A call of a tool that the client brought, as a model wants it made; OpenAI's shape. */
export interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  /** `arguments`: JSON as the model wrote it, which may be broken. */
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A message in the shape of OpenAI chat completions. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string | readonly ContentPart[];
  readonly name?: string;
  /** Of an assistant: what it had called. */
  readonly tool_calls?: readonly ToolCall[];
  /** Of a tool: the call it answers. */
  readonly tool_call_id?: string;
}

/** An `i` input that is not text yet: it is fetched, or waited for, before the agent starts. */
export interface ReferencedInput {
  readonly type: 'url' | 'event' | 'job';
  readonly value: string;
  /** A relay hint. */
  readonly relay?: string;
  readonly marker?: string;
}

/** What is asked for. Referenced inputs become further user messages once they are there. */
export interface JobBody {
  readonly messages: readonly ChatMessage[];
  readonly parameters: { readonly [name: string]: Json };
  readonly inputs: readonly ReferencedInput[];
  readonly model: string | null;
  /** A MIME type, or the `response_format` of OpenAI. */
  readonly outputFormat: Json;
  readonly tools: Json;
  /** The most the client will pay, msats (NIP-90 `bid`). */
  readonly bid_msats: number | null;
  readonly contract: Json;
  readonly bolt11: string | null;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export interface CostItem {
  readonly item: string;
  /** How much of it was used, where that is told by nothing else. */
  readonly units?: number;
  readonly cost_msats: number;
}

export interface Cost {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly price_msats: number;
  readonly breakdown: readonly CostItem[];
  /** What of the price the operator has paid others for the job, msats; absent for most. */
  readonly passedOn_msats?: number;
}

/** The oldest messages of a conversation, told in short: what a session keeps instead of them. */
export interface Condensed {
  /** How many messages of the history it stands for, from the oldest. */
  readonly covers: number;
  /** SHA-256 of these as JSON, hex: where the session has others by now, it keeps them. */
  readonly of: string;
  readonly messages: readonly ChatMessage[];
}

/** The beginning of a text, and the length of all of it, bytes of UTF-8. */
export interface Printed {
  readonly text: string;
  readonly bytes: number;
}

/** What an agent hands in. */
export interface JobOutput {
  /** The primary text, complete. */
  readonly content: string;
  readonly finishReason: 'stop' | 'length' | 'content_filter' | 'tool_calls';
  /** Calls of the client's own tools, which only the client can make; absent for none. */
  readonly toolCalls?: readonly ToolCall[];
  /** What answered: a model's name, or the agent's slug. */
  readonly model: string;
  readonly usage: Usage;
  /** Work of the programs that are billed, units of fuel, where there were any. */
  readonly fuel?: number;
  /** What a program printed beside its value, where it printed something. */
  readonly printed?: Printed;
  /**
   * What it cost by the agent's own meter, msats, where its price is what it used step by step (a team). A job is never
   * charged more than its quote.
   */
  readonly metered?: {
    readonly msats: number;
    readonly breakdown: Cost['breakdown'];
    /** What of it the operator has paid others for the job, msats: no owner earns by that. */
    readonly passedOn_msats?: number;
  };
  /** Present when the text was streamed: number of deltas and SHA-256 of their concatenation. */
  readonly stream?: { readonly deltas: number; readonly sha256: string };
  /** The record of a team's run: the hash of its last entry, which stands for all of them, and how many there are. */
  readonly trace?: { readonly sha256: string; readonly entries: number };
  /** A text that is kept whole at a URL: SHA-256 and length of its UTF-8. */
  readonly artifact?: { readonly sha256: string; readonly bytes: number; readonly url: string };
  /** What its check said of it, where it has one. */
  readonly verified?: VerifiedMark;
  /** For the session alone, which takes it out before anything is made of the output. */
  readonly condensed?: Condensed;
}

/** What a check said of an answer (PROTOCOL §6): by whom, and how long that took, ms. */
export interface VerifiedMark {
  readonly passed: boolean;
  readonly executor: string;
  readonly ms: number;
}

/** An invoice a client is asked to pay before its job goes on (PROTOCOL §2, payment required). */
export interface PaymentDemand {
  readonly amount_msats: number;
  readonly bolt11: string;
  /** Hex. */
  readonly paymentHash: string;
  /** Unix s until which it can be paid. */
  readonly expiresAt_s: number;
  /** Whether the payment is only locked at first (a hold invoice), and taken when the job is done. */
  readonly escrow: boolean;
}

/** Everything the client is told about a job, before a dialect gives it tags. */
export type Report =
  | { readonly type: 'processing'; readonly note: string }
  | { readonly type: 'paymentRequired'; readonly demand: PaymentDemand }
  | { readonly type: 'progress'; readonly note: string; readonly done: number; readonly total: number }
  | { readonly type: 'partial'; readonly content: string; readonly note: string }
  /** What a team at work says of itself: `content` in Markdown for people, `data` the same for programs. */
  | {
      readonly type: 'teamReport';
      readonly note: string;
      readonly done: number;
      readonly total: number;
      readonly content: string;
      readonly data: Json;
    }
  | { readonly type: 'delta'; readonly seq: number; readonly text: string; readonly attempt: number }
  /** With a demand where the job is paid after its result. */
  | {
      readonly type: 'result';
      readonly output: JobOutput;
      readonly cost: Cost;
      readonly demand: PaymentDemand | null;
    }
  | { readonly type: 'error'; readonly failure: JobFailure; readonly verified?: VerifiedMark };

/** A request as it arrived: the signed event, and the rumor inside when it was gift-wrapped. */
export interface Request {
  readonly envelope: Envelope;
  /** What carries the tags: the event itself, or the unwrapped rumor. */
  readonly event: Rumor | NostrEvent;
}
