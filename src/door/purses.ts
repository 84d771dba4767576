/** Whose purse a caller's `Authorization` opens, and how one without enough in it is asked to pay. */
import { JobError } from '../errors.ts';
import { L402_VALID_S } from '../limits.ts';
import type { KeyPair } from '../nostr/event.ts';
import type { RandomBytes } from '../nostr/random.ts';
import { MSATS_PER_SAT, type Msats, msats } from '../payment/msats.ts';
import type { IssuedInvoice } from '../payment/wallet.ts';
import type { DoorKey } from '../store/door-keys.ts';
import { hashOfSecret } from './keys.ts';
import { type L402Refusal, mintToken, readToken } from './l402.ts';
import type { Purse } from './purse.ts';

/** What whoever has no secret gives where a client insists on an API key. */
export const GUEST_KEY = 'guest';

export interface PursePorts {
  /** Unix ms. */
  now(): number;
  readonly random: RandomBytes;
  /** Where tokens are made: the public URL of this deployment. */
  readonly location: string;
  purseKeys(id: string): KeyPair;
  /** A root key for macaroons, from the master secret. @param identifier hex */
  rootKey(identifier: string): Uint8Array;
  /** The key with this secret, revoked and expired ones too. Notes that it is used, where it can be. */
  keyBySecretHash(hash: string): Promise<DoorKey | undefined>;
  /** Whether nobody serves this owner (BLOCKED_PUBKEYS). */
  isBlocked(owner: string): Promise<boolean>;
  /** Makes an account a purse, to which nothing is lent. */
  openPurse(client: string): Promise<void>;
  credit(client: string): Promise<Msats>;
  /** An invoice whose payment is credit of this client. @throws JobError SERVICE_UNAVAILABLE; null where there is no wallet */
  invoice: ((client: string, amount: Msats) => Promise<IssuedInvoice>) | null;
  /** Asks the wallet about a payment to this client, and books it where it was made. Repeat-safe. */
  settle(client: string, paymentHash: string): Promise<void>;
}

/** A purse that was opened, with the payment that a token stands for. */
export interface OpenedPurse extends Purse {
  /** Hex; null for what is no token. */
  readonly paymentHash: string | null;
}

/** What a caller has to pay before it is served (L402). */
export interface Challenge {
  /** Base64. */
  readonly macaroon: string;
  readonly invoice: IssuedInvoice;
}

const REFUSALS: { readonly [refusal in L402Refusal]: string } = {
  malformed: 'this is no L402 token: <macaroon>:<preimage in hex> is',
  forged: 'this macaroon was not made here',
  unpaid: 'this preimage is not that of the invoice the macaroon came with',
  unknown_caveat: 'this macaroon has a condition that is not known here',
  expired: 'this token has expired; what is left in it can be had back',
};

export class Purses {
  readonly #ports: PursePorts;

  constructor(ports: PursePorts) {
    this.#ports = ports;
  }

  /**
   * The purse that a header opens; null where the caller shows nothing, or says that it is a guest.
   *
   * @throws JobError UNAUTHORIZED with `details.reason`: `malformed`, `unknown_key`, `revoked`, `expired`, `forged`,
   *   `unpaid`, `unknown_caveat`
   */
  async open(authorization: string | undefined): Promise<OpenedPurse | null> {
    if (authorization === undefined) return null;
    const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(authorization.trim()) ?? [];
    switch (scheme.toLowerCase()) {
      case 'bearer':
        return credentials === GUEST_KEY ? null : await this.#byKey(credentials);
      case 'l402':
      case 'lsat':
        return this.byToken(credentials, true);
      default:
        throw refused('malformed', 'Authorization: Bearer <API key>, or L402 <macaroon>:<preimage>');
    }
  }

  /**
   * The purse of a token.
   *
   * @param current whether it has to serve still; what is left in an expired one is its holder's all the same
   * @throws JobError UNAUTHORIZED
   */
  byToken(credentials: string, current: boolean): OpenedPurse {
    const token = readToken(credentials, this.#ports.rootKey, current ? this.#now_s : null);
    if (typeof token === 'string') throw refused(token, REFUSALS[token]);
    const { tokenId, paymentHash, agents } = token;
    return { ...this.#purse('token', `l402:${tokenId}`), agents, paymentHash };
  }

  /** A new purse for somebody unknown; whoever keeps its name has the same one again. */
  guest(name = this.#newId()): OpenedPurse {
    return { ...this.#purse('guest', `guest:${name}`), agents: null, paymentHash: null };
  }

  /** Sees to it that a purse spends what is in it, and that nothing is lent to it. Repeat-safe. */
  async lendNothing({ keys }: Purse): Promise<void> {
    await this.#ports.openPurse(keys.publicKey);
  }

  /** What a purse can spend, with what was paid into it a moment ago. @param wanted nobody is asked where there is as much */
  async credit({ keys, paymentHash }: OpenedPurse, wanted: Msats): Promise<Msats> {
    const client = keys.publicKey;
    const credit = await this.#ports.credit(client);
    if (credit >= wanted || paymentHash === null) return credit;
    await this.#ports.settle(client, paymentHash);
    return await this.#ports.credit(client);
  }

  /**
   * An invoice for what is missing, and the macaroon by which its payment is the caller's: of a new purse, or of the same one
   * where a token is used up, so that nothing is left behind.
   *
   * @param agent the one it serves for
   * @throws JobError SERVICE_UNAVAILABLE where the wallet makes none
   */
  async challenge(purse: OpenedPurse | null, agent: string, missing: Msats): Promise<Challenge> {
    const { invoice: make, rootKey, location } = this.#ports;
    if (make === null) throw new JobError('SERVICE_UNAVAILABLE', 'nothing can be paid here');
    const tokenId = purse?.kind === 'token' ? purse.id.slice('l402:'.length) : this.#newId();
    const client = this.#purse('token', `l402:${tokenId}`).keys.publicKey;
    await this.#ports.openPurse(client);
    // Many wallets pay whole sats only; what that is too much is credit of the purse.
    const whole = msats(((missing + MSATS_PER_SAT - 1n) / MSATS_PER_SAT) * MSATS_PER_SAT);
    const invoice = await make(client, whole);
    const { paymentHash } = invoice;
    const expiresAt_s = this.#now_s + L402_VALID_S;
    return {
      macaroon: mintToken({ tokenId, paymentHash, agents: [agent], expiresAt_s }, rootKey, location),
      invoice,
    };
  }

  async #byKey(secret: string): Promise<OpenedPurse> {
    const hash = hashOfSecret(secret);
    const key = hash === null ? undefined : await this.#ports.keyBySecretHash(hash);
    if (key === undefined) throw refused('unknown_key', 'this API key is not known here');
    if (key.revokedAt_s !== null) throw refused('revoked', 'this API key was revoked');
    if (key.expiresAt_s !== null && key.expiresAt_s <= this.#now_s)
      throw refused('expired', 'this API key has expired');
    if (await this.#ports.isBlocked(key.owner))
      throw new JobError('FORBIDDEN', 'the owner of this key is blocked here');
    return { ...this.#purse('key', key.id), agents: key.agents, paymentHash: null };
  }

  #purse(kind: Purse['kind'], id: string): Purse {
    return { kind, id, keys: this.#ports.purseKeys(id), agents: null };
  }

  #newId(): string {
    return Buffer.from(this.#ports.random(32)).toString('hex');
  }

  get #now_s(): number {
    return Math.floor(this.#ports.now() / 1_000);
  }
}

/** The `WWW-Authenticate` header of a challenge (L402). */
export function challengeHeader({ macaroon, invoice }: Challenge): string {
  return `L402 macaroon="${macaroon}", invoice="${invoice.bolt11}"`;
}

function refused(reason: string, message: string): JobError {
  return new JobError('UNAUTHORIZED', message, { reason });
}
