/** The desk of listings over a test's own database: no relay is asked, every endpoint answers. */
import { ListingChanges } from '../../src/agent/listing/changes.ts';
import { ListingDesk } from '../../src/agent/listing/desk.ts';
import type { ListingPorts } from '../../src/agent/listing/ports.ts';
import { readConfig } from '../../src/config.ts';
import type { ListingPort } from '../../src/http/ports.ts';
import { secureRandom } from '../../src/nostr/random.ts';
import type { Db } from '../../src/store/db.ts';
import { hexOf } from './records.ts';

/** Unix ms at which listings are made, unless a test says otherwise. */
export const LISTED_AT_MS = 1_800_000_000_000;

export function listingDouble(
  db: Db,
  over: Partial<ListingPorts> = {},
  env: Readonly<Record<string, string>> = {},
): ListingPort {
  const wallet = `nostr+walletconnect://${hexOf(70)}?relay=wss://wallet.example&secret=${hexOf(71)}`;
  const config = readConfig({ LOCAL: '1', PUBLIC_URL: 'https://market.example', NWC_URI: wallet, ...env });
  const ports: ListingPorts = {
    config,
    db,
    clock: () => LISTED_AT_MS,
    random: secureRandom,
    ours: ['discover', 'chat'],
    models: ['small'],
    isOurs: async () => false,
    find: async (name) => ({ pubkey: name, relays: [], dialect: 'agent', kinds: [] }),
    changed: async () => undefined,
    charge: async () => true,
    probe: async () => null,
    ...over,
  };
  const desk = new ListingDesk(ports);
  return { desk, changes: new ListingChanges(ports, desk) };
}
