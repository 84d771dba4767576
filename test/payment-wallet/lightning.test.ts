/**
 * Goal: our wallet client over NIP-47 moves real Lightning money: invoices, payments over two hops, hold invoices that
 * are settled, cancelled and left to lapse; and it tells apart what is done, what is not and what is unknown while
 * answers get lost, come twice or come late, and while the wallet has the habits of Alby Hub and Electrum.
 *
 * Method: three LDK nodes with NWC services by nostr-tools over a relay nobody here wrote (test/support/lightning). The
 * truth is taken from the services' own books and from the nodes' balances, not from what our client says.
 *
 * What it does not prove: a real chain (blocks are made by the test), force closes, nodes that restart, and routing
 * among strangers.
 */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nodeDial } from '../../cli/dial.ts';
import { msats } from '../../src/payment/msats.ts';
import { SocketTransport } from '../../src/payment/nwc/socket-transport.ts';
import type { InvoiceOrder, IssuedInvoice, WalletAnswer } from '../../src/payment/wallet.ts';
import { walletHistory } from '../../src/payment/wallet-history.ts';
import { type LightningRig, startLightning, type Who } from '../support/lightning/rig.ts';
import type { Habits } from '../support/lightning/wallet-service.ts';
import { type Customer, customerOf, REAL_TIME } from '../support/nwc-customer.ts';

const ORDER: InvoiceOrder = { amount: msats(21_000), purpose: { text: 'a job' }, expiry_s: 600 };
const transports: SocketTransport[] = [];

function connect(rig: LightningRig, who: Who, time = REAL_TIME): Customer {
  return customerOf(
    rig.wallets[who].connection(),
    (uri, take) => {
      const ports = { ...REAL_TIME, dial: nodeDial, signAuth: () => undefined };
      const transport = new SocketTransport(uri, ports, take);
      transports.push(transport);
      return transport;
    },
    { time },
  );
}

/** A clock whose timers run `factor` times as fast, for timeouts that would take a minute. */
function hurried(factor: number): typeof REAL_TIME {
  return { now: REAL_TIME.now, after: (delay_ms, work) => REAL_TIME.after(delay_ms / factor, work) };
}

function value<Value>(answer: WalletAnswer<Value>): Value {
  if (answer.type === 'ok') return answer.value;
  throw new Error(JSON.stringify(answer));
}

function newSecret() {
  const preimage = randomBytes(32).toString('hex');
  return { preimage, paymentHash: hashOf(preimage) };
}

const hashOf = (preimage: string) => createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');

afterEach(() => {
  for (const transport of transports.splice(0)) transport.rest();
});

describe('an ordinary wallet', () => {
  let rig: LightningRig;
  let client: Customer;
  let market: Customer;

  beforeAll(async () => {
    rig = await startLightning();
  });

  afterAll(async () => {
    await rig.stop();
  });

  const begin = () => {
    rig.wallets.market.faults = {};
    rig.wallets.client.faults = {};
    client = connect(rig, 'client');
    market = connect(rig, 'market');
  };
  const made = async (): Promise<IssuedInvoice> => value(await market.wallet.makeInvoice(ORDER));
  const hold = async () => {
    const secret = newSecret();
    const invoice = value(
      await market.wallet.makeHold({ ...ORDER, paymentHash: secret.paymentHash, minCltvDelta: 144 }),
    );
    return { ...secret, ...invoice };
  };
  const held = async (paymentHash: string) => {
    await expect
      .poll(async () => value(await market.wallet.lookup(paymentHash, 'incoming'))?.state, { timeout: 5_000 })
      .toBe('accepted');
  };

  test('says what it can, height included', async () => {
    begin();
    expect(value(await market.wallet.capabilities())).toMatchObject({
      network: 'regtest',
      alias: 'market',
      nodePubkey: Buffer.from(rig.nodes.market.id).toString('hex'),
      blockHeight: rig.chain.height,
    });
  });

  test('is paid, once, with a preimage that proves it', async () => {
    begin();
    const before = rig.nodes.market.balance_msats;
    const invoice = await made();
    expect(value(await market.wallet.lookup(invoice.paymentHash, 'incoming'))?.state).toBe('pending');
    const paid = value(await client.wallet.pay(invoice.bolt11));
    expect(hashOf(paid.preimage)).toBe(invoice.paymentHash);
    expect(value(await market.wallet.lookup(invoice.paymentHash, 'incoming'))).toMatchObject({
      state: 'settled',
      amount: 21_000n,
      preimage: paid.preimage,
    });
    expect(rig.nodes.market.balance_msats - before).toBe(21_000n);
    // Asked again, the answer is that it was paid, whatever this wallet calls that.
    expect(value(await client.wallet.pay(invoice.bolt11))).toEqual(paid);
    expect(rig.nodes.market.balance_msats - before).toBe(21_000n);
    await expect.poll(() => market.notified, { timeout: 5_000 }).toContain(invoice.paymentHash);
  });

  test('says what it holds, and lists what it settled', async () => {
    begin();
    const invoice = await made();
    value(await client.wallet.pay(invoice.bolt11));
    expect(value(await market.wallet.balance())).toBe(rig.nodes.market.balance_msats);
    const { transactions, since_s } = value(await walletHistory(market.wallet, 5, 10));
    expect(since_s).toBeNull();
    expect(transactions).toContainEqual(
      expect.objectContaining({ paymentHash: invoice.paymentHash, state: 'settled', amount: 21_000n }),
    );
  });

  test('pays over two hops, and says the fee', async () => {
    begin();
    const worker = connect(rig, 'worker');
    const invoice = value(await worker.wallet.makeInvoice(ORDER));
    const paid = value(await client.wallet.pay(invoice.bolt11));
    expect(paid.fees).toBe(1_000n);
    expect(rig.wallets.worker.incoming(invoice.paymentHash)?.state).toBe('settled');
  });

  test('makes invoices with a description hash, as zaps need them', async () => {
    begin();
    const hash = hashOf('00');
    const invoice = value(await market.wallet.makeInvoice({ ...ORDER, purpose: { hash } }));
    expect(invoice.amount).toBe(21_000n);
  });

  test('holds, and settles when told to', async () => {
    begin();
    const before = rig.nodes.market.balance_msats;
    const { bolt11, preimage, paymentHash } = await hold();
    const paying = client.wallet.pay(bolt11);
    await held(paymentHash);
    const locked = value(await market.wallet.lookup(paymentHash, 'incoming'));
    expect(locked?.settleDeadline).toBeGreaterThan(rig.chain.height + 24);
    expect(locked?.preimage).toBeNull();
    expect(rig.nodes.market.balance_msats).toBe(before);
    expect(await market.wallet.settleHold(preimage)).toEqual({ type: 'ok', value: null });
    expect(value(await paying).preimage).toBe(preimage);
    expect(rig.nodes.market.balance_msats - before).toBe(21_000n);
    expect(await market.wallet.settleHold(preimage)).toEqual({ type: 'ok', value: null });
    expect((await market.wallet.cancelHold(paymentHash)).type).not.toBe('ok');
  });

  test('holds, and gives back when told to', async () => {
    begin();
    const before = rig.nodes.client.balance_msats;
    const { bolt11, preimage, paymentHash } = await hold();
    const paying = client.wallet.pay(bolt11);
    await held(paymentHash);
    expect(rig.nodes.client.balance_msats).toBeLessThan(before);
    expect(await market.wallet.cancelHold(paymentHash)).toEqual({ type: 'ok', value: null });
    expect(await paying).toMatchObject({ type: 'failed', code: 'PAYMENT_FAILED' });
    expect(rig.nodes.client.balance_msats).toBe(before);
    expect(await market.wallet.cancelHold(paymentHash)).toEqual({ type: 'ok', value: null });
    expect((await market.wallet.settleHold(preimage)).type).not.toBe('ok');
    expect(rig.nodes.client.balance_msats).toBe(before);
  });

  test('gives back by itself at the deadline, and then nothing can be settled any more', async () => {
    begin();
    const before = rig.nodes.client.balance_msats;
    const { bolt11, preimage, paymentHash } = await hold();
    const paying = client.wallet.pay(bolt11);
    await held(paymentHash);
    const deadline = value(await market.wallet.lookup(paymentHash, 'incoming'))?.settleDeadline ?? 0;
    rig.mine(deadline - rig.chain.height - 1);
    expect(value(await market.wallet.lookup(paymentHash, 'incoming'))?.state).toBe('accepted');
    rig.mine(1);
    expect(await paying).toMatchObject({ type: 'failed', code: 'PAYMENT_FAILED' });
    expect(value(await market.wallet.lookup(paymentHash, 'incoming'))?.state).toBe('failed');
    expect((await market.wallet.settleHold(preimage)).type).not.toBe('ok');
    expect(rig.nodes.client.balance_msats).toBe(before);
    expect(rig.nodes.market.openChannels).toBe(2);
  });

  test('an answer that is lost leaves the payment unknown, and looking it up says that it was made', async () => {
    begin();
    const invoice = await made();
    client = connect(rig, 'client', hurried(20));
    await client.wallet.capabilities();
    rig.wallets.client.faults = { dropReply: (method) => method === 'pay_invoice' };
    expect(await client.wallet.pay(invoice.bolt11)).toMatchObject({ type: 'unknown' });
    const found = value(await client.wallet.lookup(invoice.paymentHash, 'outgoing'));
    expect(found).toMatchObject({ state: 'settled', direction: 'outgoing' });
    expect(rig.wallets.market.incoming(invoice.paymentHash)?.state).toBe('settled');
  });

  test('a hold invoice whose answer was lost is the same invoice when it is asked for again', async () => {
    begin();
    market = connect(rig, 'market', hurried(20));
    await market.wallet.capabilities();
    const secret = newSecret();
    const order = { ...ORDER, paymentHash: secret.paymentHash, minCltvDelta: 144 };
    rig.wallets.market.faults = { dropReply: (method) => method === 'make_hold_invoice' };
    expect(await market.wallet.makeHold(order)).toMatchObject({ type: 'unknown' });
    rig.wallets.market.faults = {};
    const again = value(await market.wallet.makeHold(order));
    expect(again.bolt11).toBe(rig.wallets.market.incoming(secret.paymentHash)?.invoice);
  });

  test('answers that come twice and late, and no notifications at all, change nothing', async () => {
    begin();
    rig.wallets.market.faults = {
      copies: 3,
      dropNotification: () => true,
      delay: () => new Promise((resolve) => setTimeout(resolve, 50)),
    };
    rig.wallets.client.faults = { copies: 3, dropNotification: () => true };
    const invoice = await made();
    const paid = value(await client.wallet.pay(invoice.bolt11));
    expect(value(await market.wallet.lookup(invoice.paymentHash, 'incoming'))).toMatchObject({
      state: 'settled',
      preimage: paid.preimage,
    });
    expect(market.notified).toEqual([]);
  });

  test.each<[string, string, Record<string, unknown>]>([
    ['another amount', 'make_invoice', {}],
    ['a wrong preimage', 'pay_invoice', { preimage: 'ab'.repeat(32) }],
    ['no preimage', 'pay_invoice', { preimage: undefined }],
    [
      'settled, without a preimage that fits',
      'lookup_invoice',
      { state: 'settled', preimage: '00'.repeat(32) },
    ],
    ['another payment', 'lookup_invoice', { payment_hash: 'cd'.repeat(32) }],
  ])('a wallet that lies is not believed: %s', async (_what, lied, change) => {
    begin();
    const invoice = await made();
    const cheaper = value(await market.wallet.makeInvoice({ ...ORDER, amount: msats(1_000) }));
    const lie = (method: string, result: Record<string, unknown>) =>
      method === lied
        ? { ...result, ...(lied === 'make_invoice' ? { invoice: cheaper.bolt11 } : change) }
        : result;
    rig.wallets.market.faults = { lie };
    rig.wallets.client.faults = { lie };
    if (lied === 'make_invoice')
      expect(await market.wallet.makeInvoice(ORDER)).toMatchObject({ type: 'failed', code: 'BROKEN_ANSWER' });
    else if (lied === 'pay_invoice')
      expect(await client.wallet.pay(invoice.bolt11)).toMatchObject({ type: 'unknown' });
    else
      expect(await market.wallet.lookup(invoice.paymentHash, 'incoming')).toMatchObject({ type: 'unknown' });
  });
});

describe('wallets with habits', () => {
  async function withHabits(habits: Habits, work: (rig: LightningRig) => Promise<void>): Promise<void> {
    const rig = await startLightning({ habits: { market: habits } });
    try {
      await work(rig);
    } finally {
      await rig.stop();
    }
  }

  test('Electrum: NIP-04 only, no holds, and description hashes that prove no zap', async () => {
    await withHabits({ encryption: 'nip04', likeElectrum: true }, async (rig) => {
      const { wallet } = connect(rig, 'market');
      expect(value(await wallet.capabilities()).methods).not.toContain('make_hold_invoice');
      expect(value(await wallet.makeInvoice(ORDER)).amount).toBe(21_000n);
      expect(await wallet.makeInvoice({ ...ORDER, purpose: { hash: hashOf('00') } })).toMatchObject({
        type: 'failed',
        code: 'BROKEN_ANSWER',
      });
      const { paymentHash } = newSecret();
      expect(await wallet.makeHold({ ...ORDER, paymentHash, minCltvDelta: 144 })).toMatchObject({
        type: 'failed',
        code: 'NOT_IMPLEMENTED',
      });
    });
  });

  test.each(['nip04', 'nip44_v2'] as const)(
    'a wallet without an info event is found out by asking: %s',
    async (encryption) => {
      await withHabits({ encryption, shy: true }, async (rig) => {
        const { wallet } = connect(rig, 'market', hurried(10));
        expect(value(await wallet.makeInvoice(ORDER)).amount).toBe(21_000n);
      });
    },
  );

  test('Alby Hub: what it calls expired may be held, and what nobody paid cannot be cancelled', async () => {
    await withHabits({ likeAlbyHub: true }, async (rig) => {
      const market = connect(rig, 'market');
      const client = connect(rig, 'client');
      const { preimage, paymentHash } = newSecret();
      // Long enough to be paid on a loaded machine, short enough to be waited for.
      const order = { ...ORDER, expiry_s: 5, paymentHash, minCltvDelta: 144 };
      const invoice = value(await market.wallet.makeHold(order));
      expect(await market.wallet.cancelHold(paymentHash)).toMatchObject({
        type: 'failed',
        code: 'NOT_FOUND',
      });
      const paying = client.wallet.pay(invoice.bolt11);
      await expect
        .poll(() => rig.wallets.market.incoming(paymentHash)?.state, { timeout: 5_000 })
        .toBe('accepted');
      await expect
        .poll(() => Date.now() / 1_000, { timeout: 10_000 })
        .toBeGreaterThan(invoice.expiresAt_s + 1);
      expect(value(await market.wallet.lookup(paymentHash, 'incoming'))?.state).toBe('accepted');
      expect(await market.wallet.settleHold(preimage)).toEqual({ type: 'ok', value: null });
      expect(await market.wallet.settleHold(preimage)).toEqual({ type: 'ok', value: null });
      expect(value(await paying).preimage).toBe(preimage);
    });
  });
});
