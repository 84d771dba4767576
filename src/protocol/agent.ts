/** What an agent is: configuration, not code. Runtimes (runtime.ts) do its work. */
import type { ContextStrategy } from '../config/models.ts';
import type { Json } from '../errors.ts';
import type { AgentPrices } from './prices.ts';

export type RuntimeName = 'discover' | 'chat' | 'team' | 'code' | 'remote' | 'external';

/** Ways to pay a job, in the words of the agent card (PROTOCOL §8). */
export type PaymentMethod = 'bolt11_prepaid' | 'bolt11_postpaid' | 'escrow_hodl_optional' | 'zap' | 'credit';

/** What makes of an agent on a model one that works with tools, step by step (src/agent/loop/). */
export interface LoopSettings {
  /** The agent's own words, said after the rules every agent has. */
  readonly instructions: string;
  /** Names of the tools it is granted: those of its definition that this deployment has. */
  readonly tools: readonly string[];
  readonly maxSteps: number;
  /** A new plan before every so many steps; null for none. */
  readonly planEvery: number | null;
  /** What one answer of the model may be, tokens. */
  readonly maxAnswerTokens: number;
  /** What all questions and answers of one job may be together, tokens. */
  readonly maxTokens: number;
}

/** An owner's endpoint that does the work of an agent of the runtime `remote`. Its key is kept elsewhere, sealed. */
export type RemoteSettings =
  | { readonly protocol: 'openai'; readonly baseUrl: string; readonly model: string }
  | { readonly protocol: 'webhook'; readonly url: string };

/** The agent on Nostr that is hired for the jobs of an agent of the runtime `external`. */
export interface ExternalSettings {
  /** Public key, hex. */
  readonly pubkey: string;
  /** Where it listens, besides its own relay list. */
  readonly relays: readonly string[];
  readonly dialect: 'agent' | 'nip90';
  /** Of the requests it gets. */
  readonly kind: number;
  /** The most it may ask for a job, msats. */
  readonly most_msats: number;
}

/** What is known of an agent that an owner has listed (src/agent/listing/). */
export interface ListedFacts {
  /** Of the listing; its keys hang on it. */
  readonly id: string;
  /** Public key of the owner, hex. */
  readonly owner: string;
  /** Of its description. */
  readonly version: number;
  /** Why it takes no jobs at present; null when it does. */
  readonly closed: { readonly state: 'paused' | 'taken_down' | 'deleted'; readonly reason: string } | null;
  /** Unix ms; the record of an earlier agent of the same name is not its own. */
  readonly since_ms: number;
}

/** Whether agents of a runtime answer in words of their own, which a check can judge. */
export function answersChecks(runtime: RuntimeName): boolean {
  return runtime === 'chat' || runtime === 'team' || runtime === 'remote';
}

/** Whether the agent takes jobs at present. */
export function isOpen(agent: AgentDefinition): boolean {
  return (agent.listed?.closed ?? null) === null;
}

export interface AgentDefinition {
  /** Name in URLs, NIP-05 and `d` tags: lower-case letters, digits, hyphens. */
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly runtime: RuntimeName;
  /** Only with the runtime `chat`. */
  readonly loop?: LoopSettings;
  /** Only with the runtime `remote`. */
  readonly remote?: RemoteSettings;
  /** Only with the runtime `external`. */
  readonly external?: ExternalSettings;
  /** Only for an agent that an owner has listed. */
  readonly listed?: ListedFacts;
  /** URL of a picture. */
  readonly picture?: string;
  readonly termsUrl?: string;
  readonly privacyUrl?: string;
  /** Whether it sits in the arena, by its model: its owner's wish. */
  readonly arena?: boolean;
  /** NIP-90 request kinds it takes; the agent NIP's kind is taken by every agent. */
  readonly jobKinds: readonly number[];
  readonly tasks: readonly { readonly type: string; readonly description: string }[];
  /** Names a request may give as `model`; the slug itself is always accepted. */
  readonly models: readonly string[];
  readonly inputFormats: readonly string[];
  readonly outputFormats: readonly string[];
  readonly maxContextTokens: number;
  /** What becomes of a conversation longer than that; nothing where the runtime keeps none. */
  readonly contextStrategy?: ContextStrategy;
  /** An answer never has more tokens: what a quote by tokens is made of. */
  readonly maxOutputTokens: number;
  /** Limit on messages, inputs and parameters together, bytes. */
  readonly maxInputBytes: number;
  /** From start to result, ms. */
  readonly timeLimit_ms: number;
  /** JSON Schema (2020-12) of `parameters`. */
  readonly parametersSchema: { readonly [key: string]: Json };
  readonly authentication: 'none' | 'nip42';
  readonly rateLimits: {
    /** Jobs an hour of a client that has not authenticated (NIP-42). */
    readonly anonymousPerHour: number;
    readonly authenticatedPerHour: number;
  };
  readonly prices: AgentPrices;
  /** How its jobs may be paid; nothing for a free agent. */
  readonly paymentMethods: readonly PaymentMethod[];
  /** Who owns it and earns by it, with weights; nobody for the operator's own. */
  readonly owners: readonly { readonly payee: string; readonly weight: number }[];
  /** An example of a request body, for the card and the pages. */
  readonly exampleRequest: { readonly [key: string]: Json };
}

/** An agent with the keys it signs with. The secret never leaves `keys.ts` and what signs. */
export interface KeyedAgent extends AgentDefinition {
  readonly pubkey: string;
}
