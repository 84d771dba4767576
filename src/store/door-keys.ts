/** API keys in the record: whose they are and what they are for. What they may spend stands in their accounts. */
import { and, count, desc, eq, isNull, lt, or } from 'drizzle-orm';
import * as z from 'zod';
import { DOOR_KEY_USE_GRAIN_S } from '../limits.ts';
import type { Db } from './db.ts';
import { doorKeys } from './door-schema.ts';

export interface DoorKey {
  /** Id of its purse. */
  readonly id: string;
  /** Public key of who made it. */
  readonly owner: string;
  readonly name: string;
  /** Slugs; null for every agent. */
  readonly agents: readonly string[] | null;
  /** Times are Unix s. */
  readonly createdAt_s: number;
  readonly expiresAt_s: number | null;
  readonly revokedAt_s: number | null;
  /** To the hour. */
  readonly usedAt_s: number | null;
}

const agentsJson = z.array(z.string()).nullable();

/** @param secretHash SHA-256 of the secret, hex */
export async function insertKey(db: Db, key: DoorKey, secretHash: string): Promise<void> {
  const agents = key.agents === null ? null : JSON.stringify(key.agents);
  await db.insert(doorKeys).values({ ...key, agents, secretHash });
}

export async function keyBySecretHash(db: Db, secretHash: string): Promise<DoorKey | undefined> {
  const [row] = await db.select().from(doorKeys).where(eq(doorKeys.secretHash, secretHash));
  return row === undefined ? undefined : keyOf(row);
}

/** A key of this owner; undefined for one of others. */
export async function keyOfOwner(db: Db, owner: string, id: string): Promise<DoorKey | undefined> {
  const [row] = await db
    .select()
    .from(doorKeys)
    .where(and(eq(doorKeys.id, id), eq(doorKeys.owner, owner)));
  return row === undefined ? undefined : keyOf(row);
}

/** The keys of an owner, newest first. */
export async function keysOfOwner(db: Db, owner: string, limit: number): Promise<DoorKey[]> {
  const rows = await db
    .select()
    .from(doorKeys)
    .where(eq(doorKeys.owner, owner))
    .orderBy(desc(doorKeys.createdAt_s), desc(doorKeys.id))
    .limit(limit);
  return rows.map(keyOf);
}

/** How many keys of an owner are not revoked. */
export async function openKeys(db: Db, owner: string): Promise<number> {
  const [row] = await db
    .select({ keys: count() })
    .from(doorKeys)
    .where(and(eq(doorKeys.owner, owner), isNull(doorKeys.revokedAt_s)));
  return row?.keys ?? 0;
}

export async function revokeKey(db: Db, id: string, now_s: number): Promise<void> {
  await db
    .update(doorKeys)
    .set({ revokedAt_s: now_s })
    .where(and(eq(doorKeys.id, id), isNull(doorKeys.revokedAt_s)));
}

/** Notes that a key was used; writes nothing where that was noted within the hour. */
export async function noteUse(db: Db, { id, usedAt_s }: DoorKey, now_s: number): Promise<void> {
  const hour_s = now_s - (now_s % DOOR_KEY_USE_GRAIN_S);
  if (usedAt_s !== null && usedAt_s >= hour_s) return;
  await db
    .update(doorKeys)
    .set({ usedAt_s: hour_s })
    .where(and(eq(doorKeys.id, id), or(isNull(doorKeys.usedAt_s), lt(doorKeys.usedAt_s, hour_s))));
}

function keyOf({ secretHash: _, agents, ...key }: typeof doorKeys.$inferSelect): DoorKey {
  return { ...key, agents: agents === null ? null : agentsJson.parse(JSON.parse(agents)) };
}
