/** Tells the relays what agents there are: on start, and again only when that changed. */

import { overallRating } from '../src/arena/report.ts';
import type { ServedCard } from '../src/http/ports.ts';
import { LISTING_RETRACTION_MS, LISTINGS_ANNOUNCED_AT_ONCE, REPUTATION_JOBS } from '../src/limits.ts';
import { type NostrEvent, signAs } from '../src/nostr/event.ts';
import { supportsHold } from '../src/payment/wallet.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { announcements, announcementsDeletion } from '../src/protocol/announcements.ts';
import type { CardReputation } from '../src/protocol/card.ts';
import { type CardText, nextCard } from '../src/protocol/card-version.ts';
import { nip05Address } from '../src/protocol/nip05.ts';
import { findCard, putCard } from '../src/store/agents.ts';
import {
  announcedTo,
  findAnnouncements,
  forgetAnnounced,
  markAnnounced,
  putAnnouncement,
} from '../src/store/announcements.ts';
import { ratingsOfAgent } from '../src/store/arena.ts';
import { type Db, openDb } from '../src/store/db.ts';
import type { ListingRow } from '../src/store/listings.ts';
import { reputationOf } from '../src/store/reputation.ts';
import type { Env } from './env.ts';
import { knownListings } from './listings.ts';
import { marketplaceOf } from './marketplace.ts';
import { publishTo } from './relays.ts';
import { EMBEDDED } from './rpc.ts';
import { walletOf } from './wallet.ts';

/** Announces what is new, and what some relay has not taken yet. Repeat-safe. */
export async function announceAll(env: Env): Promise<void> {
  const { agents } = marketplaceOf(env);
  for (const agent of agents) if (agent.listed === undefined) await announce(env, agent);
  const minute = Math.floor(Date.now() / MINUTE_MS);
  for (const row of inTurn([...knownListings(env).values()], minute, LISTINGS_ANNOUNCED_AT_ONCE))
    await announceListing(env, row);
}

/** Some of a list, others each time, until all of them had their turn. */
function inTurn<T>(list: readonly T[], turn: number, size: number): readonly T[] {
  const parts = Math.max(1, Math.ceil(list.length / size));
  const part = turn % parts;
  return list.slice(part * size, (part + 1) * size);
}

const MINUTE_MS = 60_000;

/** Announces a listed agent as it is now, or that it is no more. Repeat-safe. */
export async function announceListing(env: Env, row: ListingRow): Promise<void> {
  const { agents, agentByPubkey } = marketplaceOf(env);
  const agent = agentByPubkey(row.pubkey);
  if (agent !== undefined && agents.includes(agent)) return await announce(env, agent);
  const gone = row.state === 'deleted' || row.state === 'taken_down';
  if (agent !== undefined && gone) await retract(env, agent, row);
}

/** Retracts what was announced of an agent that is gone (NIP-09), at every relay, for as long as one may have been away. */
async function retract(env: Env, agent: KeyedAgent, row: ListingRow): Promise<void> {
  const now_ms = Date.now();
  if (now_ms - row.updatedAt_ms > LISTING_RETRACTION_MS) return;
  const { config, keysOf } = marketplaceOf(env);
  const db = openDb(env.DB);
  const name = `gone:${row.id}`;
  const [kept] = await findAnnouncements(db, name);
  if (kept !== undefined && kept.publishedAt_ms >= row.updatedAt_ms)
    return await publishMissing(env, [kept.event], now_ms);
  // Those of a later agent of the same name are not its own.
  const own = (await findAnnouncements(db, agent.slug)).filter(({ event }) => event.pubkey === agent.pubkey);
  const template = announcementsDeletion(agent, config, own, Math.floor(now_ms / 1_000));
  const event = signAs(template, keysOf(agent));
  await putAnnouncement(db, {
    agent: name,
    kind: event.kind,
    fingerprint: event.id,
    event,
    publishedAt_ms: now_ms,
  });
  await forgetAnnounced(db, agent.slug, agent.pubkey);
  await publishMissing(env, [event], now_ms);
}

/**
 * The card to serve: the one that is announced, byte for byte, because the announcement names its hash. What has changed
 * since is told by the next announcement.
 */
export async function servedCard(env: Env, agent: KeyedAgent): Promise<ServedCard> {
  const stored = await findCard(openDb(env.DB), agent.slug);
  // Not that of an earlier agent of this name.
  return stored?.pubkey === agent.pubkey ? stored : await currentCard(env, agent);
}

/** The card of an agent as it stands now; stored when it is a new one. */
async function currentCard(env: Env, agent: KeyedAgent): Promise<CardText> {
  const db = openDb(env.DB);
  const stored = await findCard(db, agent.slug);
  const card = nextCard(
    stored?.cardJson ?? null,
    agent,
    marketplaceOf(env).config,
    await cardReputation(db, agent),
    await canHold(env, agent, stored?.cardJson ?? null),
  );
  if (card.cardHash !== stored?.cardHash) {
    await putCard(db, { slug: agent.slug, pubkey: agent.pubkey, ...card, updatedAt_ms: Date.now() });
  }
  return card;
}

async function cardReputation(db: Db, { slug, listed }: KeyedAgent): Promise<CardReputation> {
  const rating = overallRating(await ratingsOfAgent(db, slug));
  const reputation = await reputationOf(db, slug, REPUTATION_JOBS, listed?.since_ms);
  return { ...reputation, ...(rating === null ? {} : { arena_rating: rating }) };
}

/** Whether the wallet can lock payments, where that matters; while it does not answer, as the stored card has it. */
async function canHold(env: Env, agent: KeyedAgent, storedCard: string | null): Promise<boolean> {
  if (!agent.paymentMethods.includes('escrow_hodl_optional')) return true;
  try {
    const answer = await walletOf(env).capabilities();
    if (answer.type === 'ok') return supportsHold(answer.value);
  } catch (error) {
    // The object that holds the connection is away; agents are announced all the same.
    console.warn('asking the wallet for an agent card failed', agent.slug, error);
  }
  return storedCard?.includes('"hold_invoice"') ?? false;
}

/** Where the agent is zapped: elsewhere, if its owner says so, else here, where there is a wallet. */
function lightningAddress(env: Env, agent: KeyedAgent): string | null {
  const { config, receiptKeys } = marketplaceOf(env);
  return (
    config.zapAddresses.get(agent.slug) ??
    (receiptKeys === null ? null : nip05Address(agent, config.publicUrl))
  );
}

async function announce(env: Env, agent: KeyedAgent): Promise<void> {
  const { config, keysOf } = marketplaceOf(env);
  const db = openDb(env.DB);
  const { cardHash } = await currentCard(env, agent);
  const published = await findAnnouncements(db, agent.slug);
  const now_ms = Date.now();
  const events: NostrEvent[] = [];
  for (const { template, fingerprint } of announcements(
    agent,
    config,
    { cardHash, lud16: lightningAddress(env, agent) },
    await announcedAt(db, agent, published, now_ms),
  )) {
    const known = published.find(({ kind }) => kind === template.kind);
    if (known?.fingerprint === fingerprint && known.event.pubkey === agent.pubkey) {
      events.push(known.event);
      continue;
    }
    const event = signAs(template, keysOf(agent));
    await putAnnouncement(db, {
      agent: agent.slug,
      kind: template.kind,
      fingerprint,
      event,
      publishedAt_ms: now_ms,
    });
    events.push(event);
  }
  await publishMissing(env, events, now_ms);
}

/**
 * The time of new announcements, Unix s: behind the deletion of earlier ones, where the agent was taken down and is back, as
 * relays take nothing that a deletion of its address covers (NIP-09).
 */
async function announcedAt(
  db: Db,
  { listed, pubkey }: KeyedAgent,
  published: readonly { readonly event: NostrEvent }[],
  now_ms: number,
): Promise<number> {
  const now_s = Math.floor(now_ms / 1_000);
  // With announcements out there, there was no deletion since.
  if (listed === undefined || published.some(({ event }) => event.pubkey === pubkey)) return now_s;
  const [gone] = await findAnnouncements(db, `gone:${listed.id}`);
  return Math.max(now_s, (gone?.event.created_at ?? 0) + 1);
}

/** Brings events to every relay that has not taken them yet. Repeat-safe. */
export async function publishMissing(env: Env, events: readonly NostrEvent[], now_ms: number): Promise<void> {
  const { config } = marketplaceOf(env);
  const db = openDb(env.DB);
  const ids = events.map(({ id }) => id);
  for (const relay of [EMBEDDED, ...config.relays]) {
    const taken = await announcedTo(db, relay, ids);
    const missing = events.filter(({ id }) => !taken.has(id));
    if (missing.length === 0) continue;
    try {
      const outcomes = await publishTo(env, relay, missing);
      await markAnnounced(
        db,
        relay,
        outcomes.filter(({ ok }) => ok).map(({ id }) => id),
        now_ms,
      );
    } catch (error) {
      // A relay that is away gets its announcements at a later run; the others do not wait for it.
      console.warn('announcing failed', relay, error);
    }
  }
}
