/** The agents' cards as they are served. */
import { eq, lte } from 'drizzle-orm';
import type { Db } from './db.ts';
import { agents } from './schema.ts';

/** A card as served, and what identifies it. */
export interface StoredCard {
  readonly slug: string;
  readonly pubkey: string;
  /** The JSON text, byte for byte. */
  readonly cardJson: string;
  /** SemVer. */
  readonly cardVersion: string;
  /** SHA-256 of `cardJson`, hex: the announcement's `x`, and the ETag. */
  readonly cardHash: string;
  /** SHA-256 of the content without its version, hex. */
  readonly contentHash: string;
  readonly updatedAt_ms: number;
}

/** The card of an agent as it was last stored, or undefined. */
export async function findCard(db: Db, slug: string): Promise<StoredCard | undefined> {
  return db.select().from(agents).where(eq(agents.slug, slug)).get();
}

/** Stores a card in place of the agent's former one, unless that is newer. */
export async function putCard(db: Db, card: StoredCard): Promise<void> {
  const { slug: _, ...set } = card;
  await db
    .insert(agents)
    .values(card)
    .onConflictDoUpdate({ target: agents.slug, set, setWhere: lte(agents.updatedAt_ms, card.updatedAt_ms) });
}
