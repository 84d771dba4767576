/**
 * Goal: whatever is lost, repeated, late or killed, each zap that was paid is its account's credit exactly once, its
 * job's session hears of it after that, its receipt is one event at every relay that is owed it; and what was not paid
 * leaves no trace in the books and no receipt.
 * Method: the desk over real SQLite in a seeded bad world (zap-desk-world.ts); rules are checked at each step and when
 * the world has been calm for a while. Mutants of the desk's ways run through the same world and have to be caught.
 * Does not prove: the wallet link's own watching (test/payment-wallet/watches.test.ts) and the platform's storage.
 */
import { describe, expect, test } from 'vitest';
import {
  INVOICE_EXPIRY_S,
  ZAP_KEEP_PAID_MS,
  ZAP_KEEP_UNPAID_MS,
  ZAP_MAX_OPEN,
  ZAP_MAX_OPEN_OTHERS,
} from '../../src/limits.ts';
import { EMBEDDED } from '../../src/link/outbox.ts';
import type { ZapDeskPorts } from '../../src/payment/account/zap-desk.ts';
import { tipsAccount } from '../../src/payment/account/zap-order.ts';
import { msats } from '../../src/payment/msats.ts';
import { must, Violation } from './simulation.ts';
import { CALM, CLIENT, DeskWorld, FAULTS, JOB, OTHER_RELAY, orderOf } from './zap-desk-world.ts';

const BAD_ROUNDS = 60;
const CALM_ROUNDS = 60;
/** In calm rounds the longest retry (five minutes) has to come several times. */
const CALM_ROUND_MS = 120_000;

const TIPS = tipsAccount('discover');

/** Runs one schedule and checks every rule. */
async function run(seed: number, change?: (ports: ZapDeskPorts) => ZapDeskPorts): Promise<DeskWorld> {
  const account = seed % 3 === 0 ? TIPS : CLIENT;
  const world = new DeskWorld(seed, account, change);
  const amounts = [1_000, 21_000, 33_333];
  world.faults = FAULTS;
  let orders = 0;
  for (let round = 0; round < BAD_ROUNDS; round++) {
    if (round % 6 === 0) {
      const amount = msats(amounts[Math.floor(world.random() * amounts.length)] ?? 1_000);
      const what = account === TIPS ? 'plain' : world.random() < 0.6 ? 'job' : 'agent';
      await world.order(orderOf(amount, what, `number ${orders++}`));
    }
    // Payers see what was offered; each may pay at any time while it can be paid, also at the very end.
    for (const hash of world.offered) {
      const open = world.now_ms < (world.made.get(hash)?.expires_ms ?? 0);
      if (open && world.random() < 0.05) world.pay(hash);
    }
    await world.pass(Math.floor(world.random() < 0.1 ? world.random() * 600_000 : world.random() * 8_000));
    await world.tell();
    check(world);
  }
  world.faults = CALM;
  for (let round = 0; round < CALM_ROUNDS; round++) {
    await world.pass(CALM_ROUND_MS);
    await world.tell();
    check(world);
  }
  final(world);
  return world;
}

const paidOf = (world: DeskWorld) =>
  [...world.made].flatMap(([hash, { amount, settledAt_ms }]) =>
    settledAt_ms === null ? [] : [{ hash, amount }],
  );

/** What holds at any moment. */
function check(world: DeskWorld): void {
  const paid = paidOf(world);
  const arrived = paid.reduce((sum, { amount }) => sum + amount, 0n);
  must(world.books.balance('wallet') <= arrived, 'nothing is booked that did not arrive');
  const hashes = new Set(paid.map(({ hash }) => hash));
  for (const relay of [EMBEDDED, OTHER_RELAY]) {
    for (const [hash, ids] of world.receiptIds(relay)) {
      must(hashes.has(hash), 'no receipt without money');
      must(ids.size === 1, 'one receipt for a payment, however often it is sent');
    }
  }
  for (const { credit } of world.told) must(credit > 0n, 'a session hears of money that is in the books');
}

/** What holds in the end. */
function final(world: DeskWorld): void {
  const paid = paidOf(world);
  const arrived = paid.reduce((sum, { amount }) => sum + amount, 0n);
  must(world.books.balance('wallet') === arrived, 'everything that arrived is booked, once');
  if (world.account === TIPS) {
    const { books } = world;
    must(books.balance(`credit:${TIPS}`) === 0n, 'a gift is divided at once');
    const shared = -books.balance('transit:owner@elsewhere.example');
    must(books.balance('revenue') >= arrived / 10n && shared >= -arrived, 'the operator has its part');
  } else {
    must(world.books.balance(`credit:${world.account}`) === arrived, 'all of it is credit');
    for (const relay of [EMBEDDED, OTHER_RELAY]) {
      const receipts = world.receiptIds(relay);
      for (const { hash } of paid) must(receipts.has(hash), 'every paid zap has its receipt');
    }
  }
  const jobs = paid.filter(({ hash }) => {
    const row = world.sql.all('SELECT facts FROM zaps WHERE hash = ?', hash)[0];
    return row !== undefined && JSON.parse(String(row.facts)).job !== null;
  });
  if (jobs.length > 0) must(world.told.length > 0, 'the session heard of its money');
  must(world.told.length >= jobs.length, 'it heard of each payment');
  must(!world.logged.some((line) => line.startsWith('unhandled')), 'no error is lost');
}

async function failingSeeds(
  count: number,
  change?: (ports: ZapDeskPorts) => ZapDeskPorts,
): Promise<number[]> {
  const failing: number[] = [];
  for (let seed = 1; seed <= count; seed++) {
    try {
      await run(seed, change);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      failing.push(seed);
    }
  }
  return failing;
}

describe('the desk in a bad world', () => {
  test('breaks no rule in any schedule', { timeout: 120_000 }, async () => {
    expect(await failingSeeds(300)).toEqual([]);
  });

  test('meets payments, and what is never paid, in these schedules', async () => {
    let paid = 0;
    let unpaid = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const world = await run(seed);
      paid += paidOf(world).length;
      unpaid += world.offered.length - paidOf(world).length;
    }
    expect(paid).toBeGreaterThan(10);
    expect(unpaid).toBeGreaterThan(5);
  });

  const swallow =
    <Arguments extends unknown[]>(call: (...given: Arguments) => Promise<void>) =>
    (...given: Arguments) =>
      call(...given).catch(() => undefined);
  const mutants: Readonly<Record<string, (ports: ZapDeskPorts) => ZapDeskPorts>> = {
    'forgets a watch whose order was lost': (ports) => ({ ...ports, watch: swallow(ports.watch) }),
    'forgets a session that could not be told': (ports) => ({ ...ports, credited: swallow(ports.credited) }),
    'dates a receipt when it is written': (ports) => ({
      ...ports,
      sign: (receipt) => ports.sign({ ...receipt, created_at: Math.floor(ports.now() / 1_000) }),
    }),
    'takes every answer of a relay for a yes': (ports) => ({
      ...ports,
      publish: async (target, events) => {
        await ports.publish(target, events).catch(() => undefined);
        return events.map(({ id }) => ({ id, ok: true, reason: '' }));
      },
    }),
    'books nothing and tells all the same': (ports) => ({ ...ports, post: () => 'posted' }),
  };
  for (const [mistake, change] of Object.entries(mutants)) {
    test(`is caught when it ${mistake}`, { timeout: 60_000 }, async () => {
      expect((await failingSeeds(24, change)).length).toBeGreaterThan(0);
    });
  }
});

describe('the desk', () => {
  const offer = async (world: DeskWorld, what: 'job' | 'agent' | 'plain' = 'job', comment = '') => {
    const made = await world.order(orderOf(msats(21_000), what, comment));
    if (made?.type !== 'offered') throw new Error(`no invoice: ${made?.type}`);
    return made.paymentHash;
  };

  test('books a paid zap, tells the session and publishes the receipt', async () => {
    const world = new DeskWorld(1);
    const hash = await offer(world);
    expect(world.desk.payment(hash)).toMatchObject({ payment: null });
    world.pay(hash);
    await world.tell();
    expect(world.books.balance(`credit:${CLIENT}`)).toBe(21_000n);
    expect(world.told).toEqual([{ session: JOB.session, credit: 21_000n }]);
    expect(world.receipts()).toHaveLength(1);
    expect(world.receipts(OTHER_RELAY)).toEqual(world.receipts());
    expect(world.desk.payment(hash)).toMatchObject({ payment: { paymentHash: hash, amount: 21_000n } });
  });

  test('divides a plain payment at once: it is nobody’s credit', async () => {
    const world = new DeskWorld(1, TIPS);
    const hash = await offer(world, 'plain');
    world.pay(hash);
    await world.tell();
    expect(world.books.balances()).toEqual(
      new Map([
        ['revenue', 2_100n],
        ['transit:owner@elsewhere.example', 18_900n],
        ['wallet', 21_000n],
      ]),
    );
    expect(world.receipts()).toEqual([]);
  });

  test('does nothing twice when news come again', async () => {
    const world = new DeskWorld(1);
    const hash = await offer(world);
    world.pay(hash);
    for (let time = 0; time < 3; time++) {
      world.desk.changed(world.transaction(hash));
      await world.quiet();
    }
    expect(world.books.balance(`credit:${CLIENT}`)).toBe(21_000n);
    expect([world.told.length, world.receipts().length]).toEqual([1, 1]);
  });

  test.each([
    ['pending', { state: 'pending' }],
    ['held', { state: 'accepted' }],
    ['expired', { state: 'expired' }],
    ['paid with too little', { amount: msats(20_999) }],
    ['paid with a preimage of something else', { preimage: '11'.repeat(32) }],
    ['paid without a preimage', { preimage: null }],
    ['our own payment out', { direction: 'outgoing' }],
  ] as const)('moves nothing for a payment that is %s', async (_, change) => {
    const world = new DeskWorld(1);
    const hash = await offer(world);
    world.pay(hash);
    world.desk.changed({ ...world.transaction(hash), ...change });
    await world.quiet();
    expect(world.books.balances()).toEqual(new Map());
    expect([world.told, world.receipts()]).toEqual([[], []]);
    expect(world.desk.payment(hash)).toMatchObject({ payment: null });
  });

  test('counts money that comes when the zap is long forgotten', async () => {
    const world = new DeskWorld(1);
    const hash = await offer(world);
    await world.pass(INVOICE_EXPIRY_S * 1_000 + ZAP_KEEP_UNPAID_MS + 1_000);
    expect(world.desk.payment(hash)).toBeNull();
    world.pay(hash);
    await world.tell();
    expect(world.books.balance(`credit:${CLIENT}`)).toBe(21_000n);
  });

  test('can be asked for a week about a paid zap, and then forgets it', async () => {
    const world = new DeskWorld(1);
    const hash = await offer(world);
    world.pay(hash);
    await world.tell();
    await world.pass(ZAP_KEEP_PAID_MS - 1_000);
    expect(world.desk.payment(hash)).not.toBeNull();
    await world.pass(2_000);
    expect(world.desk.payment(hash)).toBeNull();
    expect(world.sql.all('SELECT * FROM zaps')).toEqual([]);
  });

  test('makes so many open invoices and no more, until some are paid or expire', async () => {
    const world = new DeskWorld(1);
    const hashes = [];
    for (let i = 0; i < ZAP_MAX_OPEN; i++) hashes.push(await offer(world, 'job', `${i}`));
    expect(await world.order(orderOf(msats(1_000), 'job'))).toEqual({ type: 'busy' });
    world.pay(hashes[0] ?? '');
    await world.tell();
    await offer(world, 'job', 'after a payment');
    expect(await world.order(orderOf(msats(1_000), 'job'))).toEqual({ type: 'busy' });
    await world.pass(INVOICE_EXPIRY_S * 1_000);
    await offer(world, 'job', 'after the others expired');
  });

  test('does not let strangers use up the invoices of the account’s own client', async () => {
    const world = new DeskWorld(1);
    const stranger = (i: number) => ({ ...orderOf(msats(1_000), 'job', `${i}`), own: false });
    for (let i = 0; i < ZAP_MAX_OPEN_OTHERS; i++) await world.order(stranger(i));
    expect(await world.order(stranger(-1))).toEqual({ type: 'busy' });
    await offer(world, 'job', 'my own');
  });

  test('counts invoices that are being made, too', async () => {
    const world = new DeskWorld(1);
    const asked = Array.from({ length: ZAP_MAX_OPEN + 5 }, (_, i) =>
      world.desk.invoice(orderOf(msats(1_000), 'job', `${i}`)),
    );
    const types = (await Promise.all(asked)).map(({ type }) => type);
    expect(types.filter((type) => type === 'offered')).toHaveLength(ZAP_MAX_OPEN);
  });

  test('shows no invoice that the wallet refused, or whose hash stands for something else', async () => {
    const world = new DeskWorld(1);
    world.refuses = true;
    expect(await world.order(orderOf(msats(1_000), 'job'))).toEqual({ type: 'unavailable' });
    world.refuses = false;
    const stranger = new DeskWorld(1, CLIENT, (ports) => ({ ...ports, bind: async () => false }));
    expect(await stranger.order(orderOf(msats(1_000), 'job'))).toEqual({ type: 'unavailable' });
    expect(stranger.sql.all('SELECT * FROM zaps')).toEqual([]);
  });

  test('shows an invoice once, also when the wallet gives the same again', async () => {
    const world = new DeskWorld(1);
    await offer(world);
    const [[hash, made] = ['', null]] = [...world.made];
    const again = new DeskWorld(1, CLIENT, (ports) => ({
      ...ports,
      wallet: {
        makeInvoice: async () => ({
          type: 'ok',
          value: {
            bolt11: made?.bolt11 ?? '',
            paymentHash: hash,
            amount: msats(21_000),
            createdAt_s: 0,
            expiresAt_s: 2_000_000_000,
          },
        }),
      },
    }));
    expect(await again.order(orderOf(msats(21_000), 'job'))).toMatchObject({ type: 'offered' });
    expect(await again.order(orderOf(msats(21_000), 'job', 'another'))).toEqual({ type: 'unavailable' });
  });

  test('does not spin over a receipt that cannot be written', async () => {
    const world = new DeskWorld(1, CLIENT, (ports) => ({
      ...ports,
      sign: () => {
        throw new Error('no key');
      },
    }));
    const hash = await offer(world);
    world.pay(hash);
    await world.tell();
    expect(world.told).toHaveLength(1);
    const before = world.logged.length;
    await world.pass(3_600_000);
    expect(world.logged.length).toBe(before);
  });
});
