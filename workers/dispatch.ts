/** From a verified event to the session it concerns. Used by whatever takes events in: relay, links, HTTP. */
import { CANCEL_PATIENCE_MS, JOB_MAX_CALLED_OFF } from '../src/limits.ts';
import { type NostrEvent, type Rumor, tagValue, tagValues } from '../src/nostr/event.ts';
import { isHex32 } from '../src/nostr/hex.ts';
import { isJobRequestKind, KIND } from '../src/nostr/kinds.ts';
import { isGiftWrap } from '../src/nostr/nip59.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { namesReview } from '../src/protocol/review.ts';
import { route, sessionName } from '../src/protocol/route.ts';
import { unwrap } from '../src/protocol/sealing.ts';
import { openDb } from '../src/store/db.ts';
import { findJob } from '../src/store/jobs.ts';
import { holdersOf, place } from './broker.ts';
import type { Env } from './env.ts';
import { takeForeignZap, zappedElsewhere } from './foreign-zaps.ts';
import { marketplaceOf } from './marketplace.ts';
import { isMcp, orderMcp } from './mcp.ts';
import { mayBeReview, takeBack, takeReviewOf } from './reviews.ts';
import { type Delivery, EMBEDDED } from './rpc.ts';
import { mayBeWords, takeComment, takeMessage } from './words.ts';

/** Whether an event may concern a session: a cheap look, before anything is stored or decrypted. */
export function concerns(env: Env, event: NostrEvent): boolean {
  if (isMcp(env, event)) return true;
  const { agentByPubkey, requestKinds, config, hiringKeys } = marketplaceOf(env);
  if (event.kind === KIND.deletion) return event.tags.some((tag) => tag[0] === 'e') || namesReview(event);
  if (event.kind === KIND.jobReview) return mayBeReview(env, event);
  if (isGiftWrap(event)) return namesOne(event, agentByPubkey);
  if (event.kind === KIND.zapReceipt) return zappedElsewhere(env, event) !== null;
  if (event.kind === KIND.comment) return mayBeWords(env, event);
  if (!isJobRequestKind(event.kind) && event.kind !== config.kinds.task) return false;
  // What we ask of others is not for us: our agents must not hire each other in a circle.
  if (agentByPubkey(event.pubkey) !== undefined || event.pubkey === hiringKeys?.publicKey) return false;
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
  const { known, config, agentByPubkey, keysOf } = marketplaceOf(env);
  const session = (jobId: string) => sessionOf(env, jobId);
  if (isMcp(env, delivery.event)) return await orderMcp(env, delivery.event, delivery.via);
  if (delivery.event.kind === KIND.zapReceipt) {
    return await takeForeignZap(env, delivery.event, session);
  }
  if (delivery.event.kind === KIND.comment)
    return await takeComment(env, delivery.event, delivery.via, session);
  if (delivery.event.kind === KIND.jobReview) return await takeReviewOf(env, delivery.event);
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
  if (inner.kind === KIND.deletion) {
    const overtaking = addressee !== undefined || delivery.via !== EMBEDDED;
    return await cancel(env, inner, overtaking);
  }
  if (inner.kind === KIND.directMessage && addressee?.runtime === 'team')
    return await takeMessage(env, inner, addressee, delivery.via, session);
  const routed = route(inner, known, config.kinds, addressee);
  if (routed === null) return;
  const { session: name, placement } = await place(env, inner, routed);
  await env.SESSION.getByName(name).open(delivery, placement);
}

/**
 * @param overtaking whether the job may not be known yet although its request was taken: one that the embedded relay
 *   does not hold is found by its first answer or by the record, which come a moment later
 * @throws Error when it has to be tried again for that reason
 */
async function cancel(env: Env, deletion: Rumor, overtaking: boolean): Promise<void> {
  await takeBack(env, deletion);
  let unknown = false;
  for (const jobId of tagValues(deletion, 'e').slice(0, JOB_MAX_CALLED_OFF)) {
    const sessions = await sessionsOf(env, jobId);
    if (sessions.length === 0) unknown = true;
    for (const session of sessions) await env.SESSION.getByName(session).cancel(jobId, deletion.pubkey);
  }
  // Nobody checks the time of a wrapped one: dated into the future it would come again until then.
  const apart_ms = Math.abs(Date.now() - deletion.created_at * 1_000);
  if (unknown && overtaking && apart_ms < CANCEL_PATIENCE_MS)
    throw new Error('a cancellation came before the job it names is known');
}

/** The session that holds a job; null when no such job is known. */
export async function sessionOf(env: Env, jobId: string): Promise<string | null> {
  const [session] = await sessionsOf(env, jobId);
  return session ?? null;
}

/**
 * The session that holds a job, then those that had it before: by the request, if the embedded relay has it (be it
 * withdrawn: that is how clients cancel), by what the broker has noted, by what an agent of ours answered, or else by the
 * marketplace's record, which lags by a moment.
 */
export async function sessionsOf(env: Env, jobId: string): Promise<readonly string[]> {
  if (!isHex32(jobId)) return [];
  const { known, config } = marketplaceOf(env);
  const relay = env.RELAY.getByName('main');
  const request = await relay.find(jobId);
  const routed = request === null ? null : route(request, known, config.kinds);
  if (routed === null || routed.candidates.length > 1) {
    const noted = await holdersOf(env, jobId);
    if (noted.length > 0) return noted;
  }
  if (request !== null && routed !== null) return [(await place(env, request, routed)).session];
  const authors = known.map(({ pubkey }) => pubkey);
  const [answer] = await relay.query([{ '#e': [jobId], authors, limit: 1 }], 1);
  const client = answer === undefined ? undefined : tagValue(answer, 'p');
  if (answer !== undefined && client !== undefined)
    return [sessionName(answer.pubkey, client, tagValue(answer, 't') ?? null)];
  const recorded = await findJob(openDb(env.DB), jobId);
  return recorded === undefined ? [] : [recorded.session];
}
