/** Keys the operator keeps out at run time. */
import { asc, eq } from 'drizzle-orm';
import { BLOCKED_KEYS_MAX } from '../limits.ts';
import type { Db } from './db.ts';
import { blockedKeys } from './schema.ts';

export interface BlockedKey {
  readonly pubkey: string;
  /** The operator's note to itself. */
  readonly reason: string;
  readonly at_ms: number;
}

/** All of them, by key. */
export async function listBlocked(db: Db): Promise<readonly BlockedKey[]> {
  return db.select().from(blockedKeys).orderBy(asc(blockedKeys.pubkey)).limit(BLOCKED_KEYS_MAX);
}

/** Keeps a key out. Repeat-safe: the newer note stays. @returns whether there was room for it */
export async function blockKey(db: Db, key: BlockedKey): Promise<boolean> {
  const known = await listBlocked(db);
  if (known.length >= BLOCKED_KEYS_MAX && !known.some(({ pubkey }) => pubkey === key.pubkey)) return false;
  const { reason, at_ms } = key;
  await db
    .insert(blockedKeys)
    .values(key)
    .onConflictDoUpdate({ target: blockedKeys.pubkey, set: { reason, at_ms } });
  return true;
}

/** Lets a key in again. @returns whether it was kept out */
export async function unblockKey(db: Db, pubkey: string): Promise<boolean> {
  const gone = await db
    .delete(blockedKeys)
    .where(eq(blockedKeys.pubkey, pubkey))
    .returning({ pubkey: blockedKeys.pubkey });
  return gone.length > 0;
}

/** Whether a key is kept out: one row read at the most. */
export async function isKeptOut(db: Db, pubkey: string): Promise<boolean> {
  const row = await db
    .select({ pubkey: blockedKeys.pubkey })
    .from(blockedKeys)
    .where(eq(blockedKeys.pubkey, pubkey))
    .get();
  return row !== undefined;
}
