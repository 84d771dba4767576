/**
 * Goal: an agent of another marketplace is hired over the relay, paid from the operator's wallet, once and within the
 * maximum, and what that cost stands in the books to the msat (issue 4; RELIABILITY 7, 9). Objects die on the way.
 *
 * Method: the durable objects as they are, development money, a seller who is only a key and writes its answers by hand;
 * its invoices are the customer's wallet's. Objects are aborted at chosen points and woken by their alarms.
 *
 * What it does not prove: agents nobody here wrote, and real Lightning; schedules of crashes are
 * test/agent/hire/desk.test.ts, those of the payment itself test/payment/payout-desk.test.ts.
 */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { nip19 } from 'nostr-tools';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { RunPaused } from '../../src/agent/loop/outcome.ts';
import { type HireOutcome, hireAgent } from '../../src/agent/tools/hire.ts';
import { HIRE_KEEP_MS } from '../../src/limits.ts';
import type { NostrEvent, Tag } from '../../src/nostr/event.ts';
import { decryptNip44, encryptNip44 } from '../../src/nostr/nip44.ts';
import { entry, toPlainEntry } from '../../src/payment/ledger.ts';
import { checkLedger } from '../../src/payment/ledger-check.ts';
import { msats } from '../../src/payment/msats.ts';
import type { WalletAnswer } from '../../src/payment/wallet.ts';
import { openDb } from '../../src/store/db.ts';
import { ledgerKinds } from '../../src/store/ledger-report.ts';
import { hiring } from '../../workers/hiring.ts';
import { marketplaceOf } from '../../workers/marketplace.ts';
import { walletOf } from '../../workers/wallet.ts';
import { person, signedBy } from '../support/events.ts';
import type { Customer } from '../support/nwc-customer.ts';
import { toolContext } from '../support/tools.ts';
import { customerHere } from './customer.ts';

vi.setConfig({ testTimeout: 40_000 });

const LIMIT = msats(1_000_000);
const SELLER = person('seller').publicKey;
const wallet = walletOf(env);
let customer: Customer;
let runs = 0;
let run = '';

function value<Value>(answer: WalletAnswer<Value>): Value {
  if (answer.type === 'ok') return answer.value;
  throw new Error(JSON.stringify(answer));
}

const order = (amount: number) => ({
  amount: msats(amount),
  purpose: { text: 'work' },
  expiry_s: 600,
});

beforeAll(async () => {
  await env.DEV_WALLET.getByName('main').announce();
  customer = customerHere();
  // The operator has something to pay with: a client's credit.
  const made = value(await wallet.makeInvoice(order(500_000)));
  value(await customer.wallet.pay(made.bolt11));
  const client = 'c'.repeat(64);
  const deposit = entry(`in:${made.paymentHash}`, [
    { from: 'wallet', to: `credit:${client}`, amount: msats(500_000) },
  ]);
  await env.ACCOUNT.getByName(client).post([toPlainEntry(deposit)]);
});

beforeEach(() => {
  run = `run ${++runs}`;
  customer = customerHere();
});

const over = AbortSignal.abort();
const house = (signal = over, isOver = () => false) => {
  const terms = { limit: LIMIT, latest_ms: Date.now() + 3_600_000, isOver };
  const made = hiring(env, run, terms, signal);
  if (made === null) throw new Error('there is a wallet');
  return made;
};

/** One look at the hire, as a step of an agent has it that does not wait; null while it is under way. */
async function outcome(agent: string, most = 100_000): Promise<HireOutcome | null> {
  const wish = { agent, task: `work for ${run}`, most_msats: msats(most) };
  return await house()
    .port.hire('call', wish)
    .catch((error: unknown) => {
      if (error instanceof RunPaused && error.pause.reason === 'waiting') return null;
      throw error;
    });
}

function readBySeller({ content, pubkey }: NostrEvent): string {
  return content === '' ? '' : decryptNip44(content, person('seller'), pubkey);
}

/** The request as it stands on the relay. */
async function posted(): Promise<NostrEvent> {
  return await vi.waitFor(
    async () => {
      const from = marketplaceOf(env).hiringKeys?.publicKey ?? '';
      const all = await env.RELAY.getByName('main').query([{ kinds: [7001], authors: [from] }], 100);
      // Nobody but the seller can read whose work it is.
      const found = all.find((event) => readBySeller(event).includes(`work for ${run}`));
      if (found === undefined) throw new Error('nothing was posted');
      return found;
    },
    { timeout: 10_000 },
  );
}

async function says(
  who: string,
  request: NostrEvent,
  kind: number,
  tags: Tag[],
  content = '',
): Promise<void> {
  const event = signedBy(who, {
    kind,
    created_at: Math.floor(Date.now() / 1_000),
    tags: [['e', request.id], ['p', request.pubkey], ...tags],
    content,
  });
  await env.RELAY.getByName('main').publish([event]);
}

const demand = (bolt11: string, amount: number): Tag[] => [
  ['status', 'payment-required'],
  ['amount', String(amount), bolt11],
];

/** Waits for what it comes to, woken by alarms alone. */
async function ended(agent: string, most?: number): Promise<HireOutcome> {
  return await vi.waitFor(
    async () => {
      const found = await outcome(agent, most);
      if (found === null) throw new Error('it is under way');
      return found;
    },
    { timeout: 30_000, interval: 200 },
  );
}

async function paymentOf(hash: string) {
  return value(await customer.wallet.lookup(hash, 'incoming'))?.state;
}

describe('a hire', () => {
  test('is posted once, paid once it is asked for what it may cost, and told with what it cost', async () => {
    const agent = nip19.npubEncode(SELLER);
    expect(await outcome(agent)).toBeNull();
    const request = await posted();
    expect(request.pubkey).toBe(marketplaceOf(env).hiringKeys?.publicKey);
    expect(request.tags).toContainEqual(['p', SELLER]);
    const made = value(await customer.wallet.makeInvoice(order(21_000)));
    // A stranger's demand and result are nobody's: another was asked.
    const theirs = value(await customer.wallet.makeInvoice(order(1_000)));
    await says('stranger', request, 7000, demand(theirs.bolt11, 1_000));
    await says('stranger', request, 7001, [['result', '{}']], 'junk');
    await says('seller', request, 7000, demand(made.bolt11, 21_000));
    await says('seller', request, 7001, [
      ['error', JSON.stringify({ code: 'PAYMENT_REQUIRED', message: 'pay' })],
      ['bolt11', made.bolt11],
    ]);
    await vi.waitFor(async () => expect(await paymentOf(made.paymentHash)).toBe('settled'), {
      timeout: 20_000,
    });
    expect(await outcome(agent)).toBeNull();
    // Whatever it asks for from now on is not paid.
    const more = value(await customer.wallet.makeInvoice(order(5_000)));
    await says('seller', request, 7000, demand(more.bolt11, 5_000));
    await says('seller', request, 7001, [['result', '{}']], 'done well');
    const result = { type: 'result', by: SELLER, content: 'done well', cost_msats: 21_000n };
    expect(await ended(agent)).toEqual(result);
    expect(await outcome(agent)).toEqual(result);
    expect(await paymentOf(theirs.paymentHash)).toBe('pending');
    expect(await paymentOf(more.paymentHash)).toBe('pending');
    const all = await env.RELAY.getByName('main').query([{ kinds: [7001], authors: [request.pubkey] }], 10);
    expect(all.map(({ id }) => id)).toEqual([request.id]);
  });

  test('that asks for more than it may cost, or for another amount than it says, is not paid', async () => {
    const dear = value(await customer.wallet.makeInvoice(order(100_001)));
    expect(await outcome(SELLER)).toBeNull();
    await says('seller', await posted(), 7000, demand(dear.bolt11, 100_001));
    expect(await ended(SELLER)).toMatchObject({ type: 'failed', cost_msats: 0n });
    expect(await paymentOf(dear.paymentHash)).toBe('pending');
  });

  test('is not begun for an agent of ours, nor for a name that is none, and sets no money aside', async () => {
    const own = marketplaceOf(env).agentBySlug('discover')?.pubkey ?? '';
    const made = house();
    const tool = hireAgent(made.port, made.budget);
    for (const agent of [own, 'scout', 'npub1nothing', 'f'.repeat(64)]) {
      const text = await tool.run({ agent, task: 'x', max_sats: 5 }, toolContext({ key: agent }));
      expect(text).toContain('delivered nothing (cost: 0 sats)');
    }
    expect(await made.budget.remaining()).toBe(LIMIT);
  });

  test('survives the death of all objects at any point, is paid once and costs once', async () => {
    expect(await outcome(SELLER)).toBeNull();
    await abortAllDurableObjects();
    const request = await posted();
    const made = value(await customerHere().wallet.makeInvoice(order(30_000)));
    await says('seller', request, 7000, demand(made.bolt11, 30_000));
    // Dies when the account was asked to pay, before anybody has heard what became of it.
    await runDurableObjectAlarm(env.HIRED.get(env.HIRED.idFromName(run)));
    await abortAllDurableObjects();
    customer = customerHere();
    await vi.waitFor(async () => expect(await paymentOf(made.paymentHash)).toBe('settled'), {
      timeout: 20_000,
    });
    await abortAllDurableObjects();
    await says('seller', request, 7001, [['result', '{}']], 'done');
    expect(await ended(SELLER)).toMatchObject({ type: 'result', by: SELLER, cost_msats: 30_000n });
  });

  test('is sealed for who was asked, and its sealed result is read', async () => {
    expect(await outcome(SELLER)).toBeNull();
    const request = await posted();
    expect(JSON.stringify(request)).not.toContain('work for');
    expect(request.tags).toContainEqual(['encrypted']);
    const said = { choices: [{ message: { content: 'for your eyes' } }] };
    const sealed = (tags: Tag[]) => encryptNip44(JSON.stringify(tags), person('seller'), request.pubkey);
    // Sealed for somebody else: it is no answer, and hurts nothing.
    await says(
      'seller',
      request,
      7001,
      [['encrypted']],
      encryptNip44('x', person('seller'), person('stranger').publicKey),
    );
    await says('seller', request, 7001, [['encrypted']], sealed([['result', JSON.stringify(said)]]));
    expect(await ended(SELLER)).toMatchObject({ type: 'result', content: 'for your eyes', cost_msats: 0n });
  });

  test('that is called off costs what is on its way, nothing more, and nobody is hired after it', async () => {
    const over = house(undefined, () => true);
    expect(await over.budget.setAside('call', msats(30_000))).toBe(30_000n);
    expect(await outcome(SELLER, 30_000)).toBeNull();
    const request = await posted();
    expect(await over.spent()).toBe(0n);
    const late = value(await customer.wallet.makeInvoice(order(30_000)));
    await says('seller', request, 7000, demand(late.bolt11, 30_000));
    expect(await ended(SELLER, 30_000)).toMatchObject({ type: 'failed', reason: 'it was called off' });
    expect(await paymentOf(late.paymentHash)).toBe('pending');
    const wish = { agent: SELLER, task: 'more', most_msats: msats(1) };
    expect(await over.port.hire('another', wish)).toMatchObject({ type: 'failed', cost_msats: 0n });
  });
});

test('what was only asked about is forgotten some day', async () => {
  const { budget, spent } = house();
  expect([await spent(), await budget.remaining()]).toEqual([0n, LIMIT]);
  const object = env.HIRED.get(env.HIRED.idFromName(run));
  const kept = () =>
    runInDurableObject(object, async (_, { storage }) => ({
      alarm: await storage.getAlarm(),
      tables: storage.sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'hire%'").toArray().length,
    }));
  const before = await kept();
  expect(before.alarm).toBeGreaterThan(Date.now() + HIRE_KEEP_MS - 60_000);
  expect(before.tables).toBeGreaterThan(0);
  expect(await runDurableObjectAlarm(object)).toBe(true);
  expect(await kept()).toEqual({ alarm: null, tables: 0 });
});

test('the books agree with the wallet: what was paid for hires is their only expense', async () => {
  const db = openDb(env.DB);
  await vi.waitFor(
    async () => {
      const result = await checkLedger({ db, wallet, now_ms: Date.now() }, 0);
      expect(result).toMatchObject({ type: 'checked', differences: [], pending: [], ownMoney: 0n });
      expect((await ledgerKinds(db)).hiring).toBe(51_000);
    },
    { timeout: 20_000, interval: 300 },
  );
});
