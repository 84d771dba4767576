/** What the desk of listings needs from the world around it. */
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config.ts';
import type { RandomBytes } from '../../nostr/random.ts';
import type { Db } from '../../store/db.ts';
import type { ListingRow } from '../../store/listings.ts';

/** An agent on Nostr, as it has announced itself. */
export interface FoundAgent {
  /** Hex. */
  readonly pubkey: string;
  /** Where it can be reached, as far as is known. */
  readonly relays: readonly string[];
  /** Null where no announcement was found. */
  readonly dialect: 'agent' | 'nip90' | null;
  /** NIP-90 kinds it announces. */
  readonly kinds: readonly number[];
}

export interface ListingPorts {
  readonly config: Config;
  readonly db: Db;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Slugs of the agents this deployment brings along. */
  readonly ours: readonly string[];
  /** The deployment's models, the preferred one first; none where none can be asked. */
  readonly models: readonly string[];
  /** Whether a public key is that of an agent here, or one the marketplace itself signs with. */
  isOurs(pubkey: string): Promise<boolean>;
  /** Finds an agent by its npub, nprofile, naddr, or its key in hex; null for a text that names nobody. */
  find(name: string, relays: readonly string[]): Promise<FoundAgent | null>;
  /** A listing has changed: tells whoever keeps it, and the relays. */
  changed(listing: ListingRow): Promise<void>;
  /** Takes the listing's fee from its owner's credit, once; false where there is too little. Repeat-safe. */
  charge(listing: ListingRow): Promise<boolean>;
  /** Asks an endpoint whether it is there; null when it is, else why not, in words for its owner. */
  probe(listing: ListingRow): Promise<string | null>;
}
