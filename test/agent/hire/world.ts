/**
 * One hired job in a bad world: relays that lose and repeat, a seller and strangers who say anything in any order, an
 * account whose payment takes its time, calls that fail, and a process that dies at any moment. Driven by one seed; the
 * truth is what the account really paid.
 */
import { HireDesk, type HirePorts } from '../../../src/agent/hire/desk.ts';
import type { HireJob, PaymentNews } from '../../../src/agent/hire/job.ts';
import { HireStore } from '../../../src/agent/hire/store.ts';
import type { HireOutcome, HireWish } from '../../../src/agent/tools/hire.ts';
import { HIRE_ANSWER_MS, HIRE_WORK_MS } from '../../../src/limits.ts';
import { type NostrEvent, sha256Hex } from '../../../src/nostr/event.ts';
import { DEFAULT_AGENT_KINDS } from '../../../src/nostr/kinds.ts';
import { encodeInvoice } from '../../../src/payment/bolt11/encode.ts';
import { type Msats, msats } from '../../../src/payment/msats.ts';
import type { Sql } from '../../../src/store/sql.ts';
import { draft, hashOf, NODE, NOW } from '../../payment/payout-model.ts';
import { nodeSql } from '../../support/node-sql.ts';
import { seeded } from '../../support/random.ts';

export const MOST = msats(30_000);
/** Whoever waits for the hire waits for so long. */
export const LATEST = NOW + 30 * 86_400_000;
export const SELLER = 'a'.repeat(64);
const STRANGER = 'b'.repeat(64);
/** Signing is dear, so all worlds share these: two that may be paid, one above the maximum, one that has expired. */
const INVOICES = [21_000, 30_000, 30_001, 5_000].map((amount, at) => {
  const old = at === 3 ? { timestamp_s: NOW / 1_000 - 7_200 } : { expiry_s: 86_400 };
  return encodeInvoice({ ...draft, amount: msats(amount), paymentHash: hashOf(at + 1), ...old }, NODE);
});

export interface Trouble {
  readonly crash: number;
  readonly failure: number;
}
export const CALM: Trouble = { crash: 0, failure: 0 };

class Died extends Error {
  override readonly name = 'Died';
}

export class HireWorld {
  readonly random: () => number;
  now_ms = NOW;
  /** Invoices the account was asked to pay, and what became of each. */
  readonly payments = new Map<string, 'under way' | 'paid' | 'refused'>();
  /** Ids of requests that were posted. */
  readonly posted = new Set<string>();
  readonly faults: unknown[] = [];
  readonly #trouble: Trouble;
  readonly #db: Sql = nodeSql();
  readonly #wish: HireWish;
  #answers: NostrEvent[] = [];
  #dead = false;
  #requests = 0;
  #desk: HireDesk;
  #store: HireStore;

  constructor(seed: number, trouble: Trouble) {
    this.random = seeded(seed);
    this.#trouble = trouble;
    this.#wish = { agent: SELLER, task: 'work', most_msats: MOST };
    this.#store = new HireStore(this.#sql());
    this.#desk = new HireDesk(this.#store, this.#ports());
  }

  /** What the run is told when it asks for its hire; null while it is under way or the process is dead. */
  hire(): HireOutcome | null {
    return this.#alive(() => this.#desk.hire('key', this.#wish, { agent: SELLER, relays: [] }, LATEST));
  }

  /** The run is over; what its hire has cost by then. */
  close(): Msats | null {
    return this.#alive(() => {
      this.#desk.close();
      return this.#store.spent();
    });
  }

  /** Sets the money aside, as the tool does before it asks for the hire. */
  setAside(): void {
    this.#alive(() => this.#store.setAside(MOST, 'key', MOST));
  }

  /** Somebody answers: 0 to 1 chooses what. */
  say(): void {
    const by = this.random() < 0.7 ? SELLER : STRANGER;
    const invoice = INVOICES[Math.floor(this.random() * INVOICES.length)];
    const amount = String(Number(invoice?.amount ?? 0n) + (this.random() < 0.1 ? 1 : 0));
    const options: readonly (() => void)[] = [
      () => this.answer(by, 7000, [['status', 'processing']]),
      () =>
        this.answer(by, 7000, [
          ['status', 'payment-required'],
          ['amount', amount, invoice?.text ?? ''],
        ]),
      () => this.answer(by, 7001, [['result', '{}']], `by ${by}`),
      () =>
        this.answer(by, 7001, [
          ['result', '{}'],
          ['bolt11', invoice?.text ?? ''],
        ]),
      () => this.answer(by, 7001, [['error', '{"code":"AGENT_ERROR","message":"no"}']]),
      () => this.answer(by, 7001, [['error', 'broken']]),
      () => this.answer(by, 27_001, [['seq', '0']]),
      () =>
        this.answer(by, 7000, [
          ['status', 'payment-required'],
          ['amount', this.random() < 0.5 ? 'much' : '1e999', invoice?.text ?? ''],
        ]),
      () => this.answer(by, 7000, [['status', 'payment-required'], ['amount']]),
      () => this.answer(by, 7000, []),
    ];
    options[Math.floor(this.random() * options.length)]?.();
  }

  answer(by: string, kind: number, tags: string[][], content = ''): void {
    const at = this.#answers.length;
    const id = sha256Hex(`answer ${at}`);
    this.#answers.push({ id, pubkey: by, kind, tags, content, created_at: NOW / 1_000 + at, sig: '' });
  }

  /** Time passes, and the alarm rings when it is due. */
  async pass(ms: number): Promise<void> {
    this.now_ms += ms;
    if (this.#dead || this.random() < this.#trouble.crash) this.#restart();
    await this.#desk.look().catch((error: unknown) => {
      if (!(error instanceof Died)) throw error;
    });
  }

  /** Ends what can end: nobody fails any more, payments come to their end, and time runs out. */
  async end(): Promise<HireOutcome> {
    for (const [bolt11, state] of this.payments) {
      if (state === 'under way') this.payments.set(bolt11, this.random() < 0.5 ? 'paid' : 'refused');
    }
    this.#restart();
    Object.assign(this.#trouble, CALM);
    for (let at = 0; at < 40; at++) {
      this.hire();
      await this.pass(at < 20 ? 60_000 : HIRE_ANSWER_MS + HIRE_WORK_MS);
    }
    const outcome = this.hire();
    if (outcome === null) throw new Error('the hire does not end');
    return outcome;
  }

  #restart(): void {
    this.#dead = false;
    this.#store = new HireStore(this.#sql());
    this.#desk = new HireDesk(this.#store, this.#ports());
  }

  #alive<Value>(work: () => Value): Value | null {
    try {
      return this.#dead ? null : work();
    } catch (error) {
      if (error instanceof Died) return null;
      throw error;
    }
  }

  /** A database of a process that may be dead. */
  #sql(): Sql {
    const live = () => {
      if (this.#dead) throw new Died();
    };
    return {
      all: (query, ...values) => {
        live();
        return this.#db.all(query, ...values);
      },
      run: (query, ...values) => {
        live();
        return this.#db.run(query, ...values);
      },
      transaction: (work) => this.#db.transaction(work),
    };
  }

  #die(): void {
    if (this.random() >= this.#trouble.crash) return;
    this.#dead = true;
    throw new Died();
  }

  #fail(): void {
    this.#die();
    if (this.random() < this.#trouble.failure) throw new Error('the call failed');
  }

  #ports(): HirePorts {
    return {
      now: () => this.now_ms,
      kinds: DEFAULT_AGENT_KINDS,
      request: ({ task }, { agent }) => ({
        id: sha256Hex(`request ${++this.#requests}`),
        pubkey: 'c'.repeat(64),
        kind: 7001,
        created_at: 1,
        tags: [['p', agent]],
        content: task,
        sig: '',
      }),
      post: async ({ request }) => {
        this.#fail();
        this.posted.add(request.id);
        return this.random() < 0.8;
      },
      answers: async () => {
        this.#fail();
        const heard = this.#answers.filter(() => this.random() >= this.#trouble.failure);
        return this.random() < 0.2 ? [...heard, ...heard].reverse() : heard;
      },
      told: () => undefined,
      open: (event) => event,
      pay: async (job) => this.#pay(job),
      fault: async () => this.#die(),
      log: (_, error) => this.faults.push(error),
    };
  }

  async #pay({ bolt11 }: HireJob): Promise<PaymentNews> {
    if (bolt11 === null) throw new Error('nothing to pay');
    this.#die();
    const before = this.payments.get(bolt11);
    if (before === undefined) this.payments.set(bolt11, 'under way');
    else if (before === 'under way' && this.random() < 0.5) {
      this.payments.set(bolt11, this.random() < 0.7 ? 'paid' : 'refused');
    }
    this.#fail();
    switch (this.payments.get(bolt11)) {
      case 'paid':
        return { state: 'paid' };
      case 'refused':
        return { state: 'refused', reason: 'not_delivered' };
      default:
        return { state: 'unknown' };
    }
  }
}
