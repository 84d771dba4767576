/**
 * Goal: the started service is paid real Lightning money, to the msat, also while its wallet's news and answers get
 * lost. Method: black box; the operator's wallet is an LDK node by NWC (`NWC_URI`), the customer's another, driven by
 * Alby's SDK; every test compares the nodes' own balances before and after.
 *
 * What it does not prove: a real chain (blocks are made by the test), force closes, routing among strangers, and that
 * the service survives crashes on the way (test/fault does).
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NWCClient } from '../peers/alby.ts';
import { tag } from '../support/client.ts';
import { balancesOf, changeSince } from '../support/lightning/balances.ts';
import { type LightningRig, startLightning } from '../support/lightning/rig.ts';
import { Customer, demandOf, hasBegun, resultOf } from '../support/paid-jobs.ts';
import { type Service, startService } from '../support/service.ts';

/** What a job of the priced variants of `discover` costs. */
const PRICE_MSATS = 21_000n;

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

describe('a prepaid job', () => {
  test('is worked on once the money is at the operator’s node, and costs what was asked', async () => {
    const before = balancesOf(rig);
    const job = await customer.ask('discover-prepaid', 'paid over two real nodes');
    const { amount_msats, bolt11 } = await demandOf(job);
    expect(amount_msats).toBe(PRICE_MSATS);
    expect(bolt11).toMatch(/^lnbcrt/);
    expect(hasBegun(job)).toBe(false);
    expect(changeSince(rig, before)).toEqual({ client: 0n, market: 0n, worker: 0n });

    const { preimage } = await pay(bolt11);
    expect(preimage).toMatch(/^[0-9a-f]{64}$/);
    const result = await resultOf(job);
    expect(JSON.parse(tag(result, 'cost') ?? '')).toMatchObject({ price_sats: 21 });
    expect(changeSince(rig, before)).toEqual({ client: -PRICE_MSATS, market: PRICE_MSATS, worker: 0n });
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
    expect(changeSince(rig, before)).toEqual({ client: -PRICE_MSATS, market: PRICE_MSATS, worker: 0n });
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
    expect(changeSince(rig, before)).toEqual({ client: -PRICE_MSATS, market: PRICE_MSATS, worker: 0n });
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
    expect(changeSince(rig, before)).toEqual({ client: -PRICE_MSATS, market: PRICE_MSATS, worker: 0n });
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
    expect(changeSince(rig, before)).toEqual({ client: -PRICE_MSATS, market: PRICE_MSATS, worker: 0n });
  });
});
