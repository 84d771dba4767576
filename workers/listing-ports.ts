/** What the desk of listings asks of this Worker: its agents, the relays, and whoever keeps what is listed. */
import { ListingChanges } from '../src/agent/listing/changes.ts';
import { ListingDesk } from '../src/agent/listing/desk.ts';
import type { ListingPorts } from '../src/agent/listing/ports.ts';
import { systemClock } from '../src/clock.ts';
import type { ListingPort } from '../src/http/ports.ts';
import { linkGroups } from '../src/link/shard.ts';
import { secureRandom } from '../src/nostr/random.ts';
import { toPlainEntry } from '../src/payment/ledger.ts';
import { listed } from '../src/payment/ledger-entries.ts';
import { msats } from '../src/payment/msats.ts';
import { openDb } from '../src/store/db.ts';
import type { ListingRow } from '../src/store/listings.ts';
import { announceListing } from './announcer.ts';
import type { Env } from './env.ts';
import { findExternal } from './external-search.ts';
import { freshListings } from './listings.ts';
import { findAgent, marketplaceOf, ownAgents } from './marketplace.ts';
import { probeEndpoint } from './remote-health.ts';

export function listingPorts(env: Env): ListingPort {
  const { config, ownKeys, receiptKeys, hiringKeys } = marketplaceOf(env);
  const { agents, models } = ownAgents(env);
  const signers = new Set([ownKeys, receiptKeys, hiringKeys].flatMap((keys) => keys?.publicKey ?? []));
  const ports: ListingPorts = {
    config,
    db: openDb(env.DB),
    clock: systemClock,
    random: secureRandom,
    ours: agents.map(({ slug }) => slug),
    models,
    isOurs: async (pubkey) => signers.has(pubkey) || (await findAgent(env, pubkey)) !== undefined,
    find: (name, relays) => findExternal(env, name, relays),
    changed: (row) => listingChanged(env, row),
    charge: (row) => charge(env, row),
    probe: (row) => probeEndpoint(env, row),
  };
  const desk = new ListingDesk(ports);
  return { desk, changes: new ListingChanges(ports, desk) };
}

/** The fee is booked under the listing's id, so that it is paid once however often it is asked for. */
async function charge(env: Env, { id, owner }: ListingRow): Promise<boolean> {
  const fee = msats(marketplaceOf(env).config.listing.fee_msats);
  const [result] = await env.ACCOUNT.getByName(owner).post([toPlainEntry(listed(id, owner, fee))]);
  return result === 'posted' || result === 'repeated';
}

/**
 * Tells whoever listens for events, then the relays. What fails here comes by itself: each isolate looks for changes every
 * few seconds, and announcements are looked after every minute.
 */
export async function listingChanged(env: Env, row: ListingRow): Promise<void> {
  await freshListings(env, 0);
  const links = linkGroups(marketplaceOf(env).config.relays).filter(({ urls }) => urls.length > 0);
  const told = await Promise.allSettled([
    env.RELAY.getByName('main').listingsChanged(),
    ...links.map(({ name }) => env.LINKS.getByName(name).listingsChanged()),
  ]);
  for (const one of told)
    if (one.status === 'rejected') console.error('a listing was not told', row.slug, one.reason);
  try {
    await announceListing(env, row);
  } catch (error) {
    console.error('a listing was not announced', row.slug, error);
  }
}
