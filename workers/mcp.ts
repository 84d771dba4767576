/** From a relay to the MCP server: what is a message to it, and the way it takes through the queue. */
import { isMcpLetter } from '../src/door/mcp/nostr-message.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';

/** A message to answer. */
export interface McpOrder {
  readonly mcp: NostrEvent;
  /** Where it came from: `embedded`, or the URL of a relay. */
  readonly via: string;
}

/** Whether an event may be a message to the MCP server. */
export function isMcp(env: Env, event: NostrEvent): boolean {
  return isMcpLetter(event, marketplaceOf(env).ownKeys.publicKey);
}

/** Hands a verified message on. Resolves when the queue has it. */
export async function orderMcp(env: Env, event: NostrEvent, via: string): Promise<void> {
  await env.STEPS.send({ mcp: event, via });
}
