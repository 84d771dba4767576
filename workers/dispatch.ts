/** From a verified event to the session it concerns. Used by whatever takes events in: relay, links, HTTP. */
import type { NostrEvent, Rumor } from '../src/nostr/event.ts';
import { tagValues } from '../src/nostr/event.ts';
import { isJobRequestKind, KIND } from '../src/nostr/kinds.ts';
import { isGiftWrap } from '../src/nostr/nip59.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { route, sessionName } from '../src/protocol/route.ts';
import { unwrap } from '../src/protocol/sealing.ts';
import { openDb } from '../src/store/db.ts';
import { findJob } from '../src/store/jobs.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import type { Delivery } from './rpc.ts';

/** Whether an event may concern a session: a cheap look, before anything is stored or decrypted. */
export function concerns(env: Env, event: NostrEvent): boolean {
  const { agentByPubkey, requestKinds, config } = marketplaceOf(env);
  if (event.kind === KIND.deletion) return event.tags.some((tag) => tag[0] === 'e');
  if (isGiftWrap(event)) return namesOne(event, agentByPubkey);
  if (!isJobRequestKind(event.kind) && event.kind !== config.kinds.task) return false;
  if (agentByPubkey(event.pubkey) !== undefined) return false;
  if (event.tags.some((tag) => tag[0] === 'p')) return namesOne(event, agentByPubkey);
  return requestKinds.has(event.kind);
}

function namesOne(event: NostrEvent, agentByPubkey: (pubkey: string) => unknown): boolean {
  return event.tags.some(
    (tag) => tag[0] === 'p' && tag[1] !== undefined && agentByPubkey(tag[1]) !== undefined,
  );
}

/**
 * Hands an event to its session. Resolves when it is durably taken (or is for nobody here); rejects when it must
 * be tried again. Repeat-safe.
 */
export async function dispatch(env: Env, delivery: Delivery): Promise<void> {
  const { agents, config, agentByPubkey, keysOf } = marketplaceOf(env);
  let inner: Rumor = delivery.event;
  let addressee: KeyedAgent | undefined;
  if (isGiftWrap(inner)) {
    addressee = tagValues(inner, 'p')
      .map(agentByPubkey)
      .find((agent) => agent !== undefined);
    const rumor = addressee === undefined ? null : unwrap(delivery.event, keysOf(addressee));
    if (rumor === null) return;
    inner = rumor;
  }
  if (inner.kind === KIND.deletion) return await cancel(env, inner);
  const routed = route(inner, agents, config.kinds, addressee);
  if (routed === null) return;
  const { agent, envelope } = routed;
  const name = sessionName(agent.pubkey, envelope.client, envelope.session);
  await env.SESSION.getByName(name).open(delivery);
}

async function cancel(env: Env, deletion: Rumor): Promise<void> {
  const { agents, config } = marketplaceOf(env);
  for (const jobId of tagValues(deletion, 'e')) {
    const session = await sessionOf(env, jobId, agents, config.kinds);
    if (session !== null) await env.SESSION.getByName(session).cancel(jobId, deletion.pubkey);
  }
}

/** The session that holds a job: by the request if the embedded relay has it, else by the marketplace's record. */
export async function sessionOf(
  env: Env,
  jobId: string,
  agents = marketplaceOf(env).agents,
  kinds = marketplaceOf(env).config.kinds,
): Promise<string | null> {
  if (!/^[0-9a-f]{64}$/.test(jobId)) return null;
  // Not by a query: the deletion that cancels a job has already taken its request out of sight.
  const request = await env.RELAY.getByName('main').find(jobId);
  const routed = request === null ? null : route(request, agents, kinds);
  if (routed !== null)
    return sessionName(routed.agent.pubkey, routed.envelope.client, routed.envelope.session);
  return (await findJob(openDb(env.DB), jobId))?.session ?? null;
}
