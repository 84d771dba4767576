/** Whom the operator keeps out: those of the configuration, and those of its pages. */
import { BLOCKED_REFRESH_MS } from '../src/limits.ts';
import { Recent } from '../src/link/recent.ts';
import { type BlockedKey, blockKey, isKeptOut, listBlocked, unblockKey } from '../src/store/blocked.ts';
import { openDb } from '../src/store/db.ts';
import { configOf, type Env } from './env.ts';

/** Keys whose last look-up is remembered by one isolate. */
const REMEMBERED = 1_000;

interface Known {
  readonly blocked: boolean;
  /** Unix ms. */
  readonly until_ms: number;
}

const known = new WeakMap<Env, Recent<Known>>();

/**
 * Whether a key is kept out. What was looked up counts for {@link BLOCKED_REFRESH_MS}. A record that cannot be read keeps
 * nobody out: jobs do not wait for it.
 */
export async function isBlocked(env: Env, pubkey: string): Promise<boolean> {
  if (configOf(env).blocked.has(pubkey)) return true;
  let memory = known.get(env);
  if (memory === undefined) {
    memory = new Recent(REMEMBERED);
    known.set(env, memory);
  }
  const now_ms = Date.now();
  const last = memory.get(pubkey);
  if (last !== undefined && last.until_ms > now_ms) return last.blocked;
  try {
    const blocked = await isKeptOut(openDb(env.DB), pubkey);
    memory.set(pubkey, { blocked, until_ms: now_ms + BLOCKED_REFRESH_MS });
    return blocked;
  } catch (error) {
    console.error('the block list could not be read', error);
    return last?.blocked ?? false;
  }
}

/** Keeps a key out: in the record first, then at the embedded relay. Repeat-safe. @returns whether there was room */
export async function block(env: Env, key: BlockedKey): Promise<boolean> {
  const db = openDb(env.DB);
  if (!(await blockKey(db, key))) return false;
  await tellRelay(env);
  return true;
}

/** Lets a key in again. Repeat-safe. @returns whether it was kept out */
export async function unblock(env: Env, pubkey: string): Promise<boolean> {
  const there = await unblockKey(openDb(env.DB), pubkey);
  // Also when it was not in the record: a former call may have ended between the two.
  await tellRelay(env);
  return there;
}

async function tellRelay(env: Env): Promise<void> {
  const keys = await listBlocked(openDb(env.DB));
  await env.RELAY.getByName('main').keepOut(keys.map(({ pubkey }) => pubkey));
  known.delete(env);
}
