/**
 * API keys: purses that an owner fills from its own credit, names, limits to agents, and takes back. What a key may spend is
 * what is in its account, so no sum of its requests can be more. The secret is shown once and kept as its hash.
 */
import { JobError } from '../errors.ts';
import { DOOR_MAX_KEYS } from '../limits.ts';
import { sha256Hex } from '../nostr/event.ts';
import type { RandomBytes } from '../nostr/random.ts';
import type { PostResult } from '../payment/account/book-store.ts';
import type { AccountStatement } from '../payment/account/statement.ts';
import type { Msats } from '../payment/msats.ts';
import type { DoorKey } from '../store/door-keys.ts';

const PREFIX = 'sk-errand-';
const SECRET = /^sk-errand-[A-Za-z0-9_-]{43}$/;

/** Where keys are written down (src/store/door-keys.ts). */
export interface KeyRecord {
  insert(key: DoorKey, secretHash: string): Promise<void>;
  find(owner: string, id: string): Promise<DoorKey | undefined>;
  list(owner: string): Promise<readonly DoorKey[]>;
  open(owner: string): Promise<number>;
  revoke(id: string): Promise<void>;
}

/** The accounts of owners and purses, by public key. Each call is repeat-safe. */
export interface KeyAccounts {
  /** Makes an account a purse, to which nothing is lent. */
  openPurse(client: string): Promise<void>;
  /**
   * Moves credit, and sees it arrive. @param id names the transfer among all there are; the same one moves once
   */
  move(id: string, from: string, to: string, amount: Msats): Promise<PostResult>;
  /** Gives what is in a purse, and whatever comes later, to its owner. */
  closePurse(client: string, owner: string): Promise<void>;
  statement(client: string): Promise<AccountStatement>;
}

export interface KeyRingPorts {
  /** Unix ms. */
  now(): number;
  readonly random: RandomBytes;
  readonly record: KeyRecord;
  readonly accounts: KeyAccounts;
  /** Public key of the purse with this id. */
  clientOf(id: string): string;
}

/** What an owner asks for. */
export interface NewKey {
  readonly name: string;
  readonly budget: Msats;
  /** Null for every agent. */
  readonly agents: readonly string[] | null;
  /** Unix s; null for no end. */
  readonly expiresAt_s: number | null;
}

/** A key with what it holds. */
export interface KeyView extends DoorKey {
  /** What it may still spend. */
  readonly credit: Msats;
  /** What is set aside for its jobs under way. */
  readonly setAside: Msats;
}

/** The hash under which a secret is known; null for what is no secret of ours. */
export function hashOfSecret(secret: string): string | null {
  // 256 random bits: nothing can be guessed, so nothing has to be slow.
  return SECRET.test(secret) ? sha256Hex(secret) : null;
}

export class KeyRing {
  readonly #ports: KeyRingPorts;

  constructor(ports: KeyRingPorts) {
    this.#ports = ports;
  }

  /**
   * Makes a key and moves its budget into it. Cut off in between, it leaves a key without money, or one with its money
   * that shows in the list and can be taken back.
   *
   * @returns the key, and the secret, which nobody sees again
   * @throws JobError INSUFFICIENT_FUNDS when the owner has less; BAD_REQUEST for too many keys
   */
  async create(owner: string, wish: NewKey): Promise<{ readonly key: KeyView; readonly secret: string }> {
    const { record, accounts, random, clientOf } = this.#ports;
    if ((await record.open(owner)) >= DOOR_MAX_KEYS)
      throw new JobError('BAD_REQUEST', `an owner has at most ${DOOR_MAX_KEYS} keys: revoke one`);
    const id = Buffer.from(random(16)).toString('hex');
    const secret = `${PREFIX}${Buffer.from(random(32)).toString('base64url')}`;
    const { budget, ...told } = wish;
    const key = { id, owner, ...told, createdAt_s: this.#now_s, revokedAt_s: null, usedAt_s: null };
    await accounts.openPurse(clientOf(id));
    await record.insert(key, sha256Hex(secret));
    try {
      if (budget > 0n) await this.#move(`key/${id}/first`, owner, clientOf(id), budget);
    } catch (error) {
      if (error instanceof JobError) await record.revoke(id);
      throw error;
    }
    return { key: await this.#view(key), secret };
  }

  /** The keys of an owner, newest first. */
  async list(owner: string): Promise<KeyView[]> {
    const keys = await this.#ports.record.list(owner);
    return await Promise.all(keys.map((key) => this.#view(key)));
  }

  /** @throws JobError NOT_FOUND */
  async find(owner: string, id: string): Promise<KeyView> {
    return await this.#view(await this.#own(owner, id));
  }

  /**
   * Moves more into a key, or some of it back.
   *
   * @param operation the owner's name for this, so that asking again moves nothing more
   * @param back whether the amount comes out of the key
   * @throws JobError NOT_FOUND, BAD_REQUEST for one that is revoked, INSUFFICIENT_FUNDS
   */
  async budget(owner: string, id: string, operation: string, amount: Msats, back: boolean): Promise<KeyView> {
    const key = await this.#own(owner, id);
    if (key.revokedAt_s !== null)
      throw new JobError('BAD_REQUEST', 'this key is revoked', { reason: 'revoked' });
    const purse = this.#ports.clientOf(id);
    const name = `key/${id}/${sha256Hex(operation)}`;
    await (back ? this.#move(name, purse, owner, amount) : this.#move(name, owner, purse, amount));
    return await this.#view(key);
  }

  /**
   * Ends a key. What is in it goes back to its owner, and so does later what its jobs under way do not use. First the
   * money, so that a call that was cut off is finished by asking again.
   *
   * @throws JobError NOT_FOUND
   */
  async revoke(owner: string, id: string): Promise<KeyView> {
    await this.#own(owner, id);
    await this.#ports.accounts.closePurse(this.#ports.clientOf(id), owner);
    await this.#ports.record.revoke(id);
    return await this.find(owner, id);
  }

  async #move(id: string, from: string, to: string, amount: Msats): Promise<void> {
    const result = await this.#ports.accounts.move(id, from, to, amount);
    if (result === 'posted' || result === 'repeated') return;
    if (result === 'conflict')
      throw new JobError('BAD_REQUEST', 'another amount was moved under this name before', {
        reason: 'idempotency_key_reused',
      });
    const { credit } = await this.#ports.accounts.statement(from);
    throw new JobError('INSUFFICIENT_FUNDS', 'There is less credit than that', {
      available_msats: Number(credit),
    });
  }

  async #own(owner: string, id: string): Promise<DoorKey> {
    const key = await this.#ports.record.find(owner, id);
    if (key === undefined) throw new JobError('NOT_FOUND', 'you have no key of this id');
    return key;
  }

  async #view(key: DoorKey): Promise<KeyView> {
    const { credit, setAside } = await this.#ports.accounts.statement(this.#ports.clientOf(key.id));
    return { ...key, credit, setAside };
  }

  get #now_s(): number {
    return Math.floor(this.#ports.now() / 1_000);
  }
}
