/** Where a local marketplace keeps its things, who holds them, and the keys made for development. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { toHex } from '../../src/nostr/hex.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Where `npm start` keeps its state when nothing else is said. */
export const DEFAULT_HOME = join(ROOT, '.errand');

const hexKey = z.string().regex(/^[0-9a-f]{64}$/);

/** `dev.json`: how to reach the running marketplace, and keys to play client and operator with. */
export const devFile = z.object({
  url: z.url(),
  relay: z.url(),
  agents: z.array(
    z.object({
      slug: z.string(),
      pubkey: hexKey,
      npub: z.string(),
      /** What each job costs; 0 for a free agent. */
      price_msats: z.int(),
      /** What 1,000 tokens cost on top, where the price depends on them. */
      price_per_1k_input_tokens_msats: z.int(),
      price_per_1k_output_tokens_msats: z.int(),
      price_per_1m_fuel_msats: z.int(),
      /** The ways to pay it, in the words of the agent card. */
      payment: z.array(z.string()),
    }),
  ),
  customer: z.object({ secret_key: hexKey, nwc: z.string().nullable() }),
  operator: z.object({ pubkey: hexKey, secret_key: hexKey }),
  /** The folder mails that are sent become files in, and the URL that takes mails (scripts/local/mail.ts). */
  mail: z.object({ from: z.string(), folder: z.string(), inbound: z.url() }),
});
export type DevFile = z.infer<typeof devFile>;

const keyFile = z.object({ customer: hexKey, operator: hexKey });
/** Secret keys for development, hex. */
export type DevKeys = z.infer<typeof keyFile>;

/** Paths below one home folder. `npm run reset` removes the whole folder. */
export interface Home {
  readonly path: string;
  /** What wrangler calls `--persist-to`: `wrangler d1 execute errand --local --persist-to <this>` reads the same data. */
  readonly state: string;
  readonly dev: string;
  readonly keys: string;
  /** Mails that were sent, a file each. */
  readonly mail: string;
  readonly lock: string;
}

export function homeAt(path: string): Home {
  const home = resolve(path);
  return {
    path: home,
    state: join(home, 'state'),
    dev: join(home, 'dev.json'),
    keys: join(home, 'keys.json'),
    mail: join(home, 'mail'),
    lock: join(home, 'lock.sqlite'),
  };
}

/** Nothing can be kept in this folder, or what is kept there is damaged; the message says what to do. */
export class HomeUnusable extends Error {
  override readonly name = 'HomeUnusable';
}

/** Another process holds this home. */
export class HomeInUse extends Error {
  override readonly name = 'HomeInUse';
}

/** A marketplace killed just now may hold its lock a moment longer; whoever restarts it at once waits for that, ms. */
const LOCK_PATIENCE_MS = 2_000;

/**
 * Takes the home for this process until it ends, however it ends: the lock is SQLite's own file lock, which the
 * operating system drops with the process, so a killed marketplace leaves nothing stale behind.
 *
 * @returns lets the home go
 * @throws HomeInUse when a running process has it
 * @throws HomeUnusable when the folder cannot be made or written to
 */
export function holdHome(home: Home): () => void {
  const lock = openLock(home);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (error instanceof Error && error.message.includes('locked')) {
      throw new HomeInUse(`A marketplace is already running on ${home.path}. Stop it first.`);
    }
    throw error;
  }
  return () => lock.close();
}

function openLock(home: Home): DatabaseSync {
  try {
    mkdirSync(home.path, { recursive: true });
    return new DatabaseSync(home.lock, { timeout: LOCK_PATIENCE_MS });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HomeUnusable(
      `State cannot be kept in ${home.path} (${why}). Choose another folder: --persist-to <folder>`,
      { cause },
    );
  }
}

/** The development keys of this home, made on first use. @throws HomeUnusable when the file is damaged */
export function devKeys(home: Home, random: () => Uint8Array): DevKeys {
  const stored = readIfThere(home.keys);
  if (stored !== undefined) {
    const kept = keyFile.safeParse(parseJson(stored));
    if (!kept.success)
      throw new HomeUnusable(`${home.keys} is damaged. Restore it, or begin anew: npm run reset`);
    return kept.data;
  }
  const keys = { customer: toHex(random()), operator: toHex(random()) };
  writeWhole(home.keys, JSON.stringify(keys));
  return keys;
}

/** The operator's public key that belongs to these development keys. */
export function operatorPubkey(keys: DevKeys): string {
  return publicKeyOf(Uint8Array.from(Buffer.from(keys.operator, 'hex')));
}

export function writeDevFile(home: Home, dev: DevFile): void {
  writeWhole(home.dev, `${JSON.stringify(dev, null, 2)}\n`);
}

export function removeDevFile(home: Home): void {
  rmSync(home.dev, { force: true });
}

/** What `npm start` wrote, or undefined when nothing is running. @throws ZodError on a file of another shape */
export function readDevFile(home: Home): DevFile | undefined {
  const stored = readIfThere(home.dev);
  return stored === undefined ? undefined : devFile.parse(JSON.parse(stored));
}

/** A reader never sees half a file; keys are for this user only. */
function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
