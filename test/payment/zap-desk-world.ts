/**
 * An account's zap desk in a bad world: a wallet, a session and relays whose answers get lost, notifications that come
 * twice, late or never, and an object that dies at any call and wakes by its stored alarm. Seeded, with its own clock.
 */
import { createHash } from 'node:crypto';
import { EMBEDDED } from '../../src/link/outbox.ts';
import { type NostrEvent, signEvent, tagValue } from '../../src/nostr/event.ts';
import { fromHex } from '../../src/nostr/hex.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { BookStore } from '../../src/payment/account/book-store.ts';
import { ZapDesk, type ZapDeskPorts } from '../../src/payment/account/zap-desk.ts';
import type { ZapInvoice, ZapInvoiceOrder } from '../../src/payment/account/zap-order.ts';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import { type Msats, msats } from '../../src/payment/msats.ts';
import type { WalletTransaction } from '../../src/payment/wallet.ts';
import { zapRequest } from '../../src/payment/zaps/request.ts';
import { nodeSql } from '../support/node-sql.ts';
import { seeded } from '../support/random.ts';
import { must } from './simulation.ts';

const key = (byte: string) => fromHex(byte.repeat(32));
const RECEIPTS = key('02');
const NODE = key('03');
export const PAYER = key('01');
export const CLIENT = publicKeyOf(key('06'));
export const AGENT = publicKeyOf(key('04'));
export const JOB = { id: 'ab'.repeat(32), session: 'a session' };
export const OTHER_RELAY = 'wss://other.example';
const START_MS = 1_700_000_000_000;

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

/** Probabilities of what goes wrong with one call. */
export interface Faults {
  readonly lostRequest: number;
  readonly lostAnswer: number;
  readonly crash: number;
}
export const FAULTS: Faults = { lostRequest: 0.12, lostAnswer: 0.12, crash: 0.05 };
export const CALM: Faults = { lostRequest: 0, lostAnswer: 0, crash: 0 };

interface Made {
  readonly amount: Msats;
  readonly bolt11: string;
  readonly preimage: string;
  readonly expires_ms: number;
  settledAt_ms: number | null;
}

/** A signed zap request over an amount, as a payer writes it. */
export function zapRequestOf(amount: Msats, comment = ''): string {
  const order = { recipient: AGENT, amount, relays: [OTHER_RELAY], comment };
  return JSON.stringify(signEvent(zapRequest(order, START_MS / 1_000), PAYER));
}

/** What to order for a zap on a job, for one to the agent, and for a plain payment. */
export function orderOf(amount: Msats, what: 'job' | 'agent' | 'plain', comment = ''): ZapInvoiceOrder {
  const request = what === 'plain' ? null : zapRequestOf(amount, comment);
  return {
    slug: 'discover',
    amount,
    descriptionHash: sha256(request ?? 'metadata'),
    request,
    own: what !== 'plain',
    job: what === 'job' ? JOB : null,
    comment,
  };
}

export class DeskWorld {
  now_ms = START_MS;
  faults: Faults = CALM;
  readonly account: string;
  readonly random: () => number;
  readonly sql = nodeSql();
  readonly books = new BookStore(this.sql);
  /** The wallet's invoices by payment hash. */
  readonly made = new Map<string, Made>();
  readonly bound = new Map<string, string>();
  /** Payments the wallet link watches, with the state it has told of. */
  readonly watched = new Map<string, string>();
  /** Sessions that were told, with what their client's books held then. */
  readonly told: { readonly session: string; readonly credit: bigint }[] = [];
  /** Events taken, by relay. */
  readonly taken = new Map<string, NostrEvent[]>();
  readonly logged: string[] = [];
  readonly offered: string[] = [];
  desk: ZapDesk;
  /** Whether the wallet refuses outright to make invoices. */
  refuses = false;
  #alarm_ms: number | null = null;
  #life = 0;
  #preimages = 0;
  readonly #change: (ports: ZapDeskPorts) => ZapDeskPorts;

  /** @param change makes a mutant: a desk whose ways to the world are wrong in some way */
  constructor(
    seed: number,
    account = CLIENT,
    change: (ports: ZapDeskPorts) => ZapDeskPorts = (ports) => ports,
  ) {
    this.account = account;
    this.random = seeded(seed);
    this.#change = change;
    this.desk = this.#start();
  }

  /** Orders an invoice as a callback does; null when its caller is gone. */
  async order(order: ZapInvoiceOrder): Promise<ZapInvoice | null> {
    let answer: ZapInvoice | null = null;
    const life = this.#life;
    this.desk.invoice(order).then((made) => {
      if (life !== this.#life) return;
      answer = made;
      if (made.type === 'offered') {
        must(this.desk.payment(made.paymentHash) !== null, 'an invoice is stored before it is shown');
        must(this.bound.has(made.paymentHash), 'its payment hash has a purpose before it is shown');
        this.offered.push(made.paymentHash);
      }
    });
    await this.quiet();
    return answer;
  }

  /** The payer pays, and the wallet has the money. */
  pay(paymentHash: string): void {
    const made = this.made.get(paymentHash);
    if (made !== undefined) made.settledAt_ms ??= this.now_ms;
  }

  transaction(paymentHash: string): WalletTransaction {
    const made = this.made.get(paymentHash);
    if (made === undefined) throw new Error('no such invoice');
    const settled = made.settledAt_ms !== null;
    const expired = this.now_ms >= made.expires_ms;
    return {
      direction: 'incoming',
      state: settled ? 'settled' : expired ? 'expired' : 'pending',
      paymentHash,
      amount: made.amount,
      fees: msats(0),
      bolt11: made.bolt11,
      preimage: settled ? made.preimage : null,
      createdAt_s: Math.floor(made.expires_ms / 1_000) - 900,
      expiresAt_s: Math.floor(made.expires_ms / 1_000),
      settledAt_s: made.settledAt_ms === null ? null : Math.floor(made.settledAt_ms / 1_000),
      settleDeadline: null,
    };
  }

  /** The wallet link looks at what it watches and tells what changed, until it was taken; sometimes twice. */
  async tell(): Promise<void> {
    for (const [hash, told] of this.watched) {
      const transaction = this.transaction(hash);
      if (transaction.state === told && !this.#chance(0.1)) continue;
      if (this.#chance(this.faults.lostRequest)) continue;
      this.desk.changed(transaction);
      await this.quiet();
      if (!this.#chance(this.faults.lostAnswer)) this.watched.set(hash, transaction.state);
    }
  }

  /** Time passes; the alarm rings if it is due, also in an object that was just born for it. */
  async pass(ms: number): Promise<void> {
    this.now_ms += ms;
    if (this.#alarm_ms !== null && this.#alarm_ms <= this.now_ms) {
      this.#alarm_ms = null;
      this.desk.tick();
      this.#appoint();
    }
    await this.quiet();
  }

  /** The object dies with all its memory; the next call or alarm finds a new one. */
  crash(): void {
    this.#life++;
    this.desk = this.#start();
  }

  /** Everything that can be done without time passing is done. */
  async quiet(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Payment hashes of the receipts a relay took, with their ids. */
  receiptIds(relay: string): ReadonlyMap<string, ReadonlySet<string>> {
    const hashOf = new Map([...this.made].map(([hash, { bolt11 }]) => [bolt11, hash]));
    const ids = new Map<string, Set<string>>();
    for (const event of this.receipts(relay)) {
      const hash = hashOf.get(tagValue(event, 'bolt11') ?? '') ?? 'of no invoice';
      ids.set(hash, (ids.get(hash) ?? new Set()).add(event.id));
    }
    return ids;
  }

  receipts(relay = EMBEDDED): NostrEvent[] {
    return this.taken.get(relay) ?? [];
  }

  #start(): ZapDesk {
    const life = this.#life;
    const ports: ZapDeskPorts = {
      now: () => this.now_ms,
      random: this.random,
      defer: (work) => {
        work.catch((error: unknown) => this.logged.push(`unhandled: ${error}`));
      },
      woken: () => {
        if (life === this.#life) this.#appoint();
      },
      log: (what, error) => this.logged.push(`${what}: ${error}`),
      wallet: {
        makeInvoice: async ({ amount, purpose, expiry_s }) => {
          if (this.refuses) return { type: 'failed', code: 'INTERNAL', message: 'no' };
          if ('text' in purpose) throw new Error('a zap commits to a hash');
          const preimage = (++this.#preimages).toString(16).padStart(64, '0');
          const paymentHash = sha256(fromHex(preimage));
          const invoice = encodeInvoice(
            {
              network: 'regtest',
              amount,
              timestamp_s: Math.floor(this.now_ms / 1_000),
              paymentHash,
              paymentSecret: '22'.repeat(32),
              description: null,
              descriptionHash: purpose.hash,
            },
            NODE,
          );
          const expires_ms = this.now_ms + expiry_s * 1_000;
          const answer = await this.#call(life, () => {
            this.made.set(paymentHash, {
              amount,
              bolt11: invoice.text,
              preimage,
              expires_ms,
              settledAt_ms: null,
            });
            return {
              bolt11: invoice.text,
              paymentHash,
              amount,
              createdAt_s: Math.floor(this.now_ms / 1_000),
              expiresAt_s: Math.floor(expires_ms / 1_000),
            };
          }).catch(() => null);
          return answer === null ? { type: 'unknown', reason: 'timeout' } : { type: 'ok', value: answer };
        },
      },
      bind: (hash, purpose) =>
        this.#call(life, () => {
          if (!this.bound.has(hash)) this.bound.set(hash, purpose);
          return this.bound.get(hash) === purpose;
        }),
      watch: (hash) =>
        this.#call(life, () => void (this.watched.has(hash) || this.watched.set(hash, 'pending'))),
      post: (entry) => this.books.post(entry, this.now_ms),
      terms: () => ({ shares: [{ payee: 'owner@elsewhere.example', weight: 1 }], feeParts: 100_000 }),
      relays: (urls) => urls,
      sign: (receipt) => signEvent(receipt, RECEIPTS),
      publish: (target, events) =>
        this.#call(life, () => {
          if (this.#chance(this.faults.lostRequest))
            return events.map(({ id }) => ({ id, ok: false, reason: 'rate-limited: slow down' }));
          this.taken.set(target, [...(this.taken.get(target) ?? []), ...events]);
          return events.map(({ id }) => ({ id, ok: true, reason: '' }));
        }),
      credited: (session) =>
        this.#call(
          life,
          () => void this.told.push({ session, credit: this.books.balance(`credit:${this.account}`) }),
        ),
    };
    return new ZapDesk(this.account, this.sql, this.#change(ports));
  }

  /** One call to somebody else: it may not arrive, its answer may not come back, and the caller may die of it. */
  async #call<Value>(life: number, work: () => Value): Promise<Value> {
    const never = new Promise<never>(() => undefined);
    // What one turn stores and appoints commits together; nobody dies in the middle of it.
    await undefined;
    if (life !== this.#life) return await never;
    if (this.#chance(this.faults.lostRequest)) throw new Error('lost');
    const dies = this.#chance(this.faults.crash);
    if (dies && this.#chance(0.5)) {
      this.crash();
      return await never;
    }
    const value = work();
    if (dies) {
      this.crash();
      return await never;
    }
    if (this.#chance(this.faults.lostAnswer)) throw new Error('the answer was lost');
    return life === this.#life ? value : await never;
  }

  /** What the account's object does with its alarm. */
  #appoint(): void {
    const next_ms = this.desk.nextAt_ms();
    if (next_ms !== null && (this.#alarm_ms === null || next_ms < this.#alarm_ms)) this.#alarm_ms = next_ms;
  }

  #chance(probability: number): boolean {
    return this.random() < probability;
  }
}
