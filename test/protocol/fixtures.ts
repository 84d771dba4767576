/** Keys, agents and requests that the protocol tests share. */
import { finalizeEvent, getPublicKey } from 'nostr-tools/pure';
import type { Config } from '../../src/config.ts';
import { readConfig } from '../../src/config.ts';
import { type KeyPair, parseEvent, type VerifiedEvent, verifyEvent } from '../../src/nostr/event.ts';
import { DEFAULT_AGENT_KINDS } from '../../src/nostr/kinds.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import type { AgentDefinition, KeyedAgent } from '../../src/protocol/agent.ts';
import type { Cost, JobOutput } from '../../src/protocol/model.ts';
import { FREE } from '../../src/protocol/prices.ts';

export const kinds = DEFAULT_AGENT_KINDS;
export const NOW_S = 1_800_000_000;

export function pair(fill: number): KeyPair {
  const secretKey = new Uint8Array(32).fill(fill);
  return { secretKey, publicKey: publicKeyOf(secretKey) };
}

/** The client: everything it does goes through nostr-tools. */
export const clientSecret: Uint8Array<ArrayBuffer> = new Uint8Array(32).fill(21);
export const clientPubkey = getPublicKey(clientSecret);
export const agentKeys = pair(11);
export const otherKeys = pair(12);

export const config: Config = readConfig({
  LOCAL: '1',
  PUBLIC_URL: 'https://errand.test',
  RELAYS: 'wss://one.test,wss://two.test/',
});

const definition: AgentDefinition = {
  slug: 'discover',
  name: 'Discover',
  description: 'Finds things',
  runtime: 'discover',
  jobKinds: [5300, 5302],
  tasks: [{ type: 'note-search', description: 'Finds notes' }],
  models: [],
  inputFormats: ['text/plain'],
  outputFormats: ['application/json'],
  maxContextTokens: 1000,
  maxInputBytes: 200,
  timeLimit_ms: 10_000,
  parametersSchema: {
    type: 'object',
    properties: {
      max_results: { type: 'integer', minimum: 1, maximum: 100 },
      fresh: { type: 'boolean' },
      users: { type: 'array', items: { type: 'string', pattern: '^[0-9a-f]{64}$' } },
      weights: { type: 'array', items: { type: 'number' } },
      'odd name': { type: 'object', properties: { deep: { type: 'integer' } } },
      order: { enum: ['new', 'hot'] },
      label: { type: 'string' },
    },
    additionalProperties: false,
  },
  authentication: 'none',
  rateLimits: { anonymousPerHour: 10, authenticatedPerHour: 20 },
  maxOutputTokens: 500,
  prices: FREE,
  paymentMethods: [],
  owners: [],
  exampleRequest: { messages: [{ role: 'user', content: 'zaps' }] },
};

export const discover: KeyedAgent = { ...definition, pubkey: agentKeys.publicKey };
export const chat: KeyedAgent = {
  ...definition,
  slug: 'chat',
  name: 'Chat',
  runtime: 'chat',
  jobKinds: [5050],
  models: ['small-model'],
  pubkey: otherKeys.publicKey,
};

/** An event as a client on nostr-tools signs it, taken in as we take everything in. */
export function signed(
  kind: number,
  tags: string[][],
  content = '',
  created_at = NOW_S,
  secret: Uint8Array = clientSecret,
): VerifiedEvent {
  return taken(finalizeEvent({ kind, created_at, tags, content }, secret));
}

/** What our door makes of an event that came as JSON. */
export function taken(event: unknown): VerifiedEvent {
  const parsed = parseEvent(JSON.parse(JSON.stringify(event)));
  const verified = typeof parsed === 'string' ? parsed : verifyEvent(parsed);
  if (typeof verified === 'string') throw new Error(verified);
  return verified;
}

export const output: JobOutput = {
  content: 'the answer',
  finishReason: 'stop',
  model: 'small-model',
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};
export const cost: Cost = {
  input_tokens: 3,
  output_tokens: 2,
  price_msats: 1500,
  breakdown: [{ item: 'tokens', cost_msats: 1500 }],
};
