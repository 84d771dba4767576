/** Credit of those who call at the doors: what there is, more of it, and back with it. */
import { JobError, type JobFailure } from '../errors.ts';
import { MSATS_PER_SAT, type Msats, msats, msatsFromSats, toNumber } from '../payment/msats.ts';
import type { Purse } from './purse.ts';
import type { Payable } from './view.ts';

/** What the till asks of the accounts. Clients are public keys of purses. */
export interface TillPorts {
  credit(client: string): Promise<Msats>;
  /** What of it can be paid back now. @throws JobError while another refund is under way */
  refundable(client: string): Promise<Msats>;
  /** Uses up leave for a call that costs others work; null, or the Unix ms at which to come again. */
  leave(client: string, what: 'refunds' | 'invoices'): Promise<number | null>;
  /** An invoice whose payment is the client's credit. @throws JobError */
  invoice(
    client: string,
    amount: Msats,
  ): Promise<{ readonly bolt11: string; readonly paymentHash: string; readonly expiresAt_s: number }>;
  /** Begins to pay credit back to a Lightning address, or says why not. */
  refundTo(client: string, address: string, amount: Msats): Promise<{ readonly state: string } | JobFailure>;
  /** Pays credit back to an invoice. */
  refundBy(client: string, bolt11: string): Promise<{ readonly state: string } | JobFailure>;
  now(): number;
}

/** Where credit goes back to. */
export type Destination = { readonly lightning_address: string } | { readonly bolt11: string };

export class Till {
  readonly #ports: TillPorts;

  constructor(ports: TillPorts) {
    this.#ports = ports;
  }

  /** What a purse has, msats. */
  async credit({ keys }: Purse): Promise<number> {
    return toNumber(await this.#ports.credit(keys.publicKey));
  }

  /** An invoice that fills the purse. @throws JobError */
  async fill({ keys }: Purse, sats: number): Promise<Payable> {
    const amount = msatsFromSats(sats);
    if (amount === null || amount === 0n)
      throw new JobError('BAD_REQUEST', 'sats must be a whole number, from 1');
    await this.#leave(keys.publicKey, 'invoices');
    const { bolt11, expiresAt_s } = await this.#ports.invoice(keys.publicKey, amount);
    const amount_msats = toNumber(amount);
    return { bolt11, amount_msats, amount_sats: sats, expires_at: expiresAt_s, escrow: false };
  }

  /**
   * Pays back what a purse has, in whole sats. Not that of an API key: it is its owner's, who has other ways (docs/doors.md).
   *
   * @returns how that stands
   * @throws JobError
   */
  async refund({ kind, keys }: Purse, destination: Destination): Promise<string> {
    if (kind !== 'guest' && kind !== 'nostr')
      throw new JobError('FORBIDDEN', 'The credit of this token goes back to its owner only');
    await this.#leave(keys.publicKey, 'refunds');
    const refundable = await this.#ports.refundable(keys.publicKey);
    const whole = msats(refundable - (refundable % MSATS_PER_SAT));
    if (whole === 0n) throw new JobError('INSUFFICIENT_FUNDS', 'There is no credit to pay back');
    const outcome =
      'bolt11' in destination
        ? await this.#ports.refundBy(keys.publicKey, destination.bolt11)
        : await this.#ports.refundTo(keys.publicKey, destination.lightning_address, whole);
    if ('code' in outcome) throw new JobError(outcome.code, outcome.message, outcome.details);
    return outcome.state;
  }

  /** @throws JobError RATE_LIMIT_EXCEEDED */
  async #leave(client: string, what: 'refunds' | 'invoices'): Promise<void> {
    const until_ms = await this.#ports.leave(client, what);
    if (until_ms === null) return;
    throw new JobError('RATE_LIMIT_EXCEEDED', `too many ${what} in an hour`, {
      retry_after_s: Math.max(1, Math.ceil((until_ms - this.#ports.now()) / 1_000)),
    });
  }
}
