/**
 * Goal: the started service is paid real Lightning money, to the msat, also while its wallet's news and answers get
 * lost. Method: black box; the operator's wallet is an LDK node by NWC (`NWC_URI`), the customer's another, driven by
 * Alby's SDK; every test compares the nodes' own balances before and after.
 *
 * What it does not prove: a real chain (blocks are made by the test), force closes, routing among strangers, and that
 * the service survives crashes on the way (test/fault does).
 */
import { type Event, verifyEvent } from 'nostr-tools/pure';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { decodeInvoice } from '../../src/payment/bolt11/decode.ts';
import { NWCClient } from '../peers/alby.ts';
import { type Answers, errorOf, tag } from '../support/client.ts';
import { balancesOf, changeSince } from '../support/lightning/balances.ts';
import { type LightningRig, startLightning } from '../support/lightning/rig.ts';
import {
  type AskedJob,
  Customer,
  demandEventOf,
  demandOf,
  hasBegun,
  isDelivered,
  resultOf,
} from '../support/paid-jobs.ts';
import { type Service, startService } from '../support/service.ts';
import { orderZap } from '../support/zapping.ts';

/** What a job of the priced variants of `discover` costs. */
const PRICE_MSATS = 21_000n;

/** For what the service does by itself, after its own pauses. */
const PATIENT = { timeout: 20_000, interval: 20 };

let rig: LightningRig;
let service: Service;
let payer: NWCClient;
let customer: Customer;

beforeAll(async () => {
  rig = await startLightning();
  service = await startService({ env: { NWC_URI: rig.wallets.market.connection() } });
  payer = new NWCClient({ nostrWalletConnectUrl: rig.wallets.client.connection() });
  customer = await Customer.connect(service);
});

afterEach(() => {
  for (const wallet of Object.values(rig.wallets)) wallet.faults = {};
});

afterAll(async () => {
  customer.client.close();
  payer.close();
  await service.stop();
  await rig.stop();
});

const pay = (bolt11: string) => payer.payInvoice({ invoice: bolt11 });
const NOTHING = { client: 0n, market: 0n, worker: 0n };
const PAID = { client: -PRICE_MSATS, market: PRICE_MSATS, worker: 0n };
/** What the operator's node says of a payment to it. */
const stateOf = (bolt11: string) => rig.wallets.market.incoming(decodeInvoice(bolt11).paymentHash)?.state;
/** Has the operator's wallet not hear of a method, until `afterEach`; says how often it was called. */
function unheard(method: string): () => number {
  let calls = 0;
  rig.wallets.market.faults = {
    dropRequest(asked) {
      if (asked !== method) return false;
      calls++;
      return true;
    },
  };
  return () => calls;
}

describe('a prepaid job', () => {
  test('is worked on once the money is at the operator’s node, and costs what was asked', async () => {
    const before = balancesOf(rig);
    const job = await customer.ask('discover-prepaid', 'paid over two real nodes');
    const { amount_msats, bolt11 } = await demandOf(job);
    expect(amount_msats).toBe(PRICE_MSATS);
    expect(bolt11).toMatch(/^lnbcrt/);
    expect(hasBegun(job)).toBe(false);
    expect(changeSince(rig, before)).toEqual(NOTHING);

    const { preimage } = await pay(bolt11);
    expect(preimage).toMatch(/^[0-9a-f]{64}$/);
    const result = await resultOf(job);
    expect(JSON.parse(tag(result, 'cost') ?? '')).toMatchObject({ price_sats: 21 });
    expect(changeSince(rig, before)).toEqual(PAID);
  });

  test('whose wallet tells nothing is begun when the wallet has been asked', async () => {
    const { promise: open, resolve: letThrough } = Promise.withResolvers<void>();
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    const job = await customer.ask('discover-prepaid', 'without any notification');
    const { bolt11 } = await demandOf(job);
    const before = balancesOf(rig);
    rig.wallets.market.faults = {
      dropNotification: () => true,
      async delay(method) {
        if (method !== 'lookup_invoice') return;
        isAsked();
        await open;
      },
    };
    await pay(bolt11);
    expect(changeSince(rig, before)).toEqual(PAID);
    await asked;
    expect(hasBegun(job)).toBe(false);
    letThrough();
    await resultOf(job);
  });

  test('is begun although the first answers of the wallet are lost', async () => {
    const lost: string[] = [];
    rig.wallets.market.faults = {
      dropNotification: () => true,
      dropReply(method) {
        if (lost.includes(method) || !['make_invoice', 'lookup_invoice'].includes(method)) return false;
        lost.push(method);
        return true;
      },
    };
    const before = balancesOf(rig);
    const job = await customer.ask('discover-prepaid', 'with lost answers');
    await pay((await demandOf(job)).bolt11);
    await resultOf(job);
    expect(lost).toEqual(['make_invoice', 'lookup_invoice']);
    expect(changeSince(rig, before)).toEqual(PAID);
  });

  test('is begun although the customer’s wallet never says that it paid', async () => {
    rig.wallets.client.faults = {
      dropReply: (method) => method === 'pay_invoice',
      dropNotification: () => true,
    };
    const before = balancesOf(rig);
    const job = await customer.ask('discover-prepaid', 'paid without knowing it');
    const unanswered = pay((await demandOf(job)).bolt11).then(
      () => 'answered',
      () => 'timed out',
    );
    await resultOf(job);
    expect(await Promise.race([unanswered, 'nothing yet'])).toBe('nothing yet');
    expect(changeSince(rig, before)).toEqual(PAID);
  });

  test('is not begun twice, nor paid twice, however often its invoice is paid and its events come', async () => {
    rig.wallets.market.faults = { copies: 3 };
    const before = balancesOf(rig);
    const job = await customer.ask('discover-prepaid', 'paid more than once');
    const { bolt11 } = await demandOf(job);
    await pay(bolt11);
    await resultOf(job);
    await expect(pay(bolt11)).rejects.toThrow('already paid');
    await customer.client.publish(job.request);
    const next = await customer.ask('discover', 'to see that nothing more comes');
    await resultOf(next);
    expect(job.answers.events.filter((event) => tag(event, 'result') !== undefined)).toHaveLength(1);
    expect(changeSince(rig, before)).toEqual(PAID);
  });
});

describe('a job in escrow', () => {
  const LOCKED = { client: -PRICE_MSATS, market: 0n, worker: 0n };

  test('is locked before it starts, and taken before its result leaves', async () => {
    const settles = unheard('settle_hold_invoice');
    const before = balancesOf(rig);
    const job = await customer.ask('discover-escrow', 'locked on a real channel');
    const { bolt11 } = await demandOf(job);
    expect(changeSince(rig, before)).toEqual(NOTHING);
    const paid = pay(bolt11);
    await expect.poll(settles, PATIENT).toBeGreaterThan(1);
    expect(stateOf(bolt11)).toBe('accepted');
    expect(changeSince(rig, before)).toEqual(LOCKED);
    expect(isDelivered(job)).toBe(false);

    rig.wallets.market.faults = {};
    await resultOf(job);
    expect((await paid).preimage).toMatch(/^[0-9a-f]{64}$/);
    expect(stateOf(bolt11)).toBe('settled');
    expect(changeSince(rig, before)).toEqual(PAID);
  });

  test('that was called off gives a payment back that comes all the same', async () => {
    const before = balancesOf(rig);
    const job = await customer.ask('discover-escrow', 'never mind');
    const { bolt11 } = await demandOf(job);
    await customer.callOff(job);
    await expect.poll(() => customer.phaseOf(job), PATIENT).toBe('cancelled');
    await expect(pay(bolt11)).rejects.toThrow('did not arrive');
    await expect.poll(() => stateOf(bolt11), PATIENT).toBe('failed');
    expect(changeSince(rig, before)).toEqual(NOTHING);
    expect(hasBegun(job)).toBe(false);
  });

  test('whose money could not be taken before the deadline gives it back, and no result', async () => {
    const settles = unheard('settle_hold_invoice');
    const before = balancesOf(rig);
    const job = await customer.ask('discover-escrow', 'too late');
    const { bolt11 } = await demandOf(job);
    const paying = pay(bolt11).then(
      () => 'paid',
      (error: Error) => error.message,
    );
    await expect.poll(settles, PATIENT).toBeGreaterThan(0);
    const { paymentHash } = decodeInvoice(bolt11);
    const deadline = rig.wallets.market.incoming(paymentHash)?.settle_deadline ?? 0;
    rig.mine(deadline - rig.chain.height - 1);
    expect(changeSince(rig, before)).toEqual(LOCKED);
    rig.mine(1);
    expect(await paying).toMatch('did not arrive');
    expect(changeSince(rig, before)).toEqual(NOTHING);

    expect(errorOf(await job.answers.end())).toMatchObject({ code: 'TIMEOUT' });
    expect(isDelivered(job)).toBe(false);
    expect(rig.nodes.market.openChannels).toBe(2);
  });

  test('that is called off while its money is being taken leaves it as credit, which pays the next job', async () => {
    const settles = unheard('settle_hold_invoice');
    const before = balancesOf(rig);
    const job = await customer.ask('discover-escrow', 'called off too late');
    const { bolt11 } = await demandOf(job);
    const paid = pay(bolt11);
    await expect.poll(settles, PATIENT).toBeGreaterThan(0);
    await customer.callOff(job);
    await expect.poll(() => customer.phaseOf(job), PATIENT).toBe('cancelled');
    rig.wallets.market.faults = {};
    await paid;
    expect(changeSince(rig, before)).toEqual(PAID);
    expect(isDelivered(job)).toBe(false);

    // Its money is credit in a moment; a job that comes before is asked for money of its own.
    const next: AskedJob[] = [];
    await expect
      .poll(async () => {
        const asked = await customer.ask('discover-prepaid', `by credit ${next.length}`);
        next.push(asked);
        await asked.answers.find((event) => event.kind === 7001);
        return next.filter(isDelivered).length;
      }, PATIENT)
      .toBe(1);
    expect(changeSince(rig, before)).toEqual(PAID);
  });
});

describe('a postpaid job', () => {
  test('is done first, and its invoice is paid later', async () => {
    const before = balancesOf(rig);
    const job = await customer.ask('discover-postpaid', 'on trust');
    const result = await resultOf(job);
    expect(changeSince(rig, before)).toEqual(NOTHING);
    await pay(tag(result, 'bolt11') ?? '');
    expect(changeSince(rig, before)).toEqual(PAID);
  });
});

describe('a metered job', () => {
  test('takes what it may cost at most, and what it does not use is credit', async () => {
    const before = balancesOf(rig);
    const job = await customer.ask('discover-metered', 'a few words');
    const { amount_msats, bolt11 } = await demandOf(job);
    await pay(bolt11);
    const cost = JSON.parse(tag(await resultOf(job), 'cost') ?? '');
    expect(changeSince(rig, before)).toEqual({ client: -amount_msats, market: amount_msats, worker: 0n });
    expect(BigInt(cost.price_sats * 1_000)).toBeLessThan(amount_msats);
  });
});

describe('a zap', () => {
  const SLUG = 'discover-prepaid';
  const zap = (target: Event, amount_msats: number, { client } = customer) => {
    const { url, relay } = service;
    return orderZap({ url, relay, slug: SLUG, target, amount_msats, secretKey: client.secretKey });
  };
  const receiptOf = (answers: Answers) => answers.find((event) => event.kind === 9735);
  const verified = async (verify: string) => await (await fetch(verify)).json();

  test('on what asks for a job’s money pays the job, and its receipt follows the node’s word', async () => {
    const before = balancesOf(rig);
    const job = await customer.ask(SLUG, 'zapped');
    const asked = await demandEventOf(job);
    const receipts = customer.client.answers(asked.id);
    const { request, bolt11, verify } = await zap(asked, Number(PRICE_MSATS));
    expect(await verified(verify)).toMatchObject({ settled: false, preimage: null });
    const { preimage } = await pay(bolt11);
    await resultOf(job);
    const receipt = await receiptOf(receipts);
    expect(verifyEvent(receipt)).toBe(true);
    expect(JSON.parse(tag(receipt, 'description') ?? '')).toEqual(request);
    expect(tag(receipt, 'bolt11')).toBe(bolt11);
    expect(tag(receipt, 'preimage')).toBe(preimage);
    expect(await verified(verify)).toMatchObject({ settled: true, preimage, pr: bolt11 });
    expect(changeSince(rig, before)).toEqual(PAID);
  });

  test('of less than the price is credit, and the next one completes it', async () => {
    const before = balancesOf(rig);
    // A client without any credit of earlier tests.
    const poor = await Customer.connect(service);
    const job = await poor.ask(SLUG, 'zapped twice');
    const asked = await demandEventOf(job);
    await pay((await zap(asked, 20_000, poor)).bolt11);
    await receiptOf(poor.client.answers(asked.id));
    expect(await poor.phaseOf(job)).toBe('waiting');
    await pay((await zap(asked, 1_000, poor)).bolt11);
    await resultOf(job);
    expect(changeSince(rig, before)).toEqual(PAID);
    poor.client.close();
  });

  test('is not believed to be paid before the node has the money, whatever its wallet’s news', async () => {
    const job = await customer.ask(SLUG, 'zapped without a word');
    const asked = await demandEventOf(job);
    const receipts = customer.client.answers(asked.id);
    const before = balancesOf(rig);
    const { bolt11 } = await zap(asked, Number(PRICE_MSATS));
    rig.wallets.market.faults = { dropNotification: () => true };
    await pay(bolt11);
    expect(receipts.events).toEqual([]);
    await resultOf(job);
    await receiptOf(receipts);
    expect(changeSince(rig, before)).toEqual(PAID);
  });
});
