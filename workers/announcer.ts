/** Tells the relays what agents there are: on start, and again only when that changed. */

import { overallRating } from '../src/arena/report.ts';
import type { ServedCard } from '../src/http/ports.ts';
import { type NostrEvent, signAs } from '../src/nostr/event.ts';
import { supportsHold } from '../src/payment/wallet.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { announcements } from '../src/protocol/announcements.ts';
import type { CardReputation } from '../src/protocol/card.ts';
import { type CardText, nextCard } from '../src/protocol/card-version.ts';
import { nip05Address } from '../src/protocol/nip05.ts';
import { findCard, putCard } from '../src/store/agents.ts';
import {
  announcedTo,
  findAnnouncements,
  markAnnounced,
  putAnnouncement,
} from '../src/store/announcements.ts';
import { ratingsOfAgent } from '../src/store/arena.ts';
import { type Db, openDb } from '../src/store/db.ts';
import { reputationOf } from '../src/store/reputation.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import { publishTo } from './relays.ts';
import { EMBEDDED } from './rpc.ts';
import { walletOf } from './wallet.ts';

/** Announces what is new, and what some relay has not taken yet. Repeat-safe. */
export async function announceAll(env: Env): Promise<void> {
  for (const agent of marketplaceOf(env).agents) await announce(env, agent);
}

/**
 * The card to serve: the one that is announced, byte for byte, because the announcement names its hash. What has changed
 * since is told by the next announcement.
 */
export async function servedCard(env: Env, agent: KeyedAgent): Promise<ServedCard> {
  return (await findCard(openDb(env.DB), agent.slug)) ?? (await currentCard(env, agent));
}

/** The card of an agent as it stands now; stored when it is a new one. */
async function currentCard(env: Env, agent: KeyedAgent): Promise<CardText> {
  const db = openDb(env.DB);
  const stored = await findCard(db, agent.slug);
  const card = nextCard(
    stored?.cardJson ?? null,
    agent,
    marketplaceOf(env).config,
    await cardReputation(db, agent.slug),
    await canHold(env, agent, stored?.cardJson ?? null),
  );
  if (card.cardHash !== stored?.cardHash) {
    await putCard(db, { slug: agent.slug, pubkey: agent.pubkey, ...card, updatedAt_ms: Date.now() });
  }
  return card;
}

async function cardReputation(db: Db, agent: string): Promise<CardReputation> {
  const rating = overallRating(await ratingsOfAgent(db, agent));
  return { ...(await reputationOf(db, agent)), ...(rating === null ? {} : { arena_rating: rating }) };
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
    Math.floor(now_ms / 1000),
  )) {
    const known = published.find(({ kind }) => kind === template.kind);
    if (known?.fingerprint === fingerprint) {
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
