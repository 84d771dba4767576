/**
 * Goal: money that leaves the operator's node by itself (an owner's earnings, a client's credit) leaves it once and to the
 * msat over real Lightning, also when the node's answer is lost, and when the payee holds what it gets.
 * Method: as lightning.test.ts; the owner's Lightning address is served by somebody else's LNURL server (test/support) that
 * makes its invoices at a third LDK node.
 *
 * What it does not prove: crashes on the way (test/fault), routing fees (the channel is direct).
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NWCClient } from '../peers/alby.ts';
import { type Balances, balancesOf, changeSince } from '../support/lightning/balances.ts';
import { expectBooksToAgree } from '../support/lightning/books.ts';
import { type LightningRig, startLightning } from '../support/lightning/rig.ts';
import { type LnurlServer, startLnurlServer } from '../support/lnurl-server.ts';
import { Customer, demandOf, resultOf } from '../support/paid-jobs.ts';
import { type Service, startService } from '../support/service.ts';
import { signedCall } from '../support/signed-call.ts';

const PRICE_MSATS = 21_000n;
/** A third, rounded up to the msat, is 7 sats: what an owner earns are whole sats, as payouts are. */
const FEE_PERCENT = '33.3333';
const EARNED_MSATS = 14_000n;
/** For what the service does by itself, after its own pauses. */
const PATIENT = { timeout: 25_000, interval: 50 };
/** A payment that somebody holds is looked at once a minute. */
const HELD_PATIENT = { timeout: 75_000, interval: 200 };

let rig: LightningRig;
let lnurl: LnurlServer;
let service: Service;
let payer: NWCClient;
let customer: Customer;
let atFirst: Balances;

beforeAll(async () => {
  rig = await startLightning();
  atFirst = balancesOf(rig);
  lnurl = await startLnurlServer({ alice: rig.wallets.worker.connection() });
  service = await startService({
    env: {
      NWC_URI: rig.wallets.market.connection(),
      OWNERS: `discover-prepaid=${lnurl.address('alice')}`,
      FEE_PERCENT,
      PAYOUT_MIN_SATS: '14',
    },
  });
  payer = new NWCClient({ nostrWalletConnectUrl: rig.wallets.client.connection() });
  customer = await Customer.connect(service);
});

afterEach(() => {
  lnurl.faults = {};
  for (const wallet of Object.values(rig.wallets)) wallet.faults = {};
});

afterAll(async () => {
  customer.client.close();
  payer.close();
  await service.stop();
  await lnurl.close();
  await rig.stop();
});

async function paidJob(words: string): Promise<void> {
  const job = await customer.ask('discover-prepaid', words);
  await payer.payInvoice({ invoice: (await demandOf(job)).bolt11 });
  await resultOf(job);
}

describe('an owner', () => {
  const EARNED = { client: -PRICE_MSATS, market: PRICE_MSATS - EARNED_MSATS, worker: EARNED_MSATS };
  const TWICE = { client: EARNED.client * 2n, market: EARNED.market * 2n, worker: EARNED.worker * 2n };
  const given = () => lnurl.given.length;

  test('is paid what a job earned, at its own node', async () => {
    const before = balancesOf(rig);
    await paidJob('earned');
    await expect.poll(() => changeSince(rig, before), PATIENT).toEqual(EARNED);
    expect(lnurl.given).toMatchObject([{ user: 'alice', amount_msats: Number(EARNED_MSATS) }]);
  });

  test('is paid once when the operator’s wallet never says that it paid', async () => {
    const before = balancesOf(rig);
    const asked = given();
    const lost: string[] = [];
    rig.wallets.market.faults = {
      dropNotification: () => true,
      dropReply(method) {
        if (method === 'pay_invoice') lost.push(method);
        return method === 'pay_invoice';
      },
    };
    await paidJob('earned without knowing it');
    await expect.poll(() => changeSince(rig, before), PATIENT).toEqual(EARNED);
    // The next earnings are only sent once it is known what became of these.
    await paidJob('earned next');
    await expect.poll(() => changeSince(rig, before), HELD_PATIENT).toEqual(TWICE);
    expect(lost).toEqual(['pay_invoice', 'pay_invoice']);
    expect(given()).toBe(asked + 2);
  }, 120_000);

  test('that holds what it gets keeps the rest of its own money waiting, and is not paid twice', async () => {
    const before = balancesOf(rig);
    const asked = given();
    lnurl.faults = { hold: { blocks: 40 } };
    await paidJob('held by its owner');
    await expect.poll(() => lnurl.given.length, PATIENT).toBe(asked + 1);
    const { paymentHash } = lnurl.given.at(-1) ?? { paymentHash: '' };
    await expect.poll(() => rig.wallets.worker.incoming(paymentHash)?.state, PATIENT).toBe('accepted');
    lnurl.faults = {};
    await paidJob('beside it');
    // Nothing is asked for while the first payment may still arrive.
    expect(given()).toBe(asked + 1);
    const waiting = { client: -2n * PRICE_MSATS, market: 2n * PRICE_MSATS - EARNED_MSATS, worker: 0n };
    expect(changeSince(rig, before)).toEqual(waiting);

    await lnurl.claim(paymentHash);
    await expect.poll(() => changeSince(rig, before), HELD_PATIENT).toEqual(TWICE);
    expect(given()).toBe(asked + 2);
  }, 180_000);
});

describe('a client with credit', () => {
  const CREDIT_MSATS = 100_000;
  const call = (method: 'GET' | 'POST', path: string, body?: object) =>
    signedCall(service.url, customer.client.secretKey, method, path, body);
  const credit = async () => (await call('GET', '/account')).json.credit_msats;
  const stateOf = async (id: unknown) => (await call('GET', `/account/refunds/${String(id)}`)).json.state;

  test('has paid for it, and has it back at an address and in a wallet of its own', async () => {
    const before = balancesOf(rig);
    const { json: invoice } = await call('POST', '/account/invoices', { amount_msats: CREDIT_MSATS });
    await payer.payInvoice({ invoice: String(invoice.bolt11) });
    await expect.poll(credit, PATIENT).toBe(CREDIT_MSATS);
    expect(changeSince(rig, before)).toEqual({ client: -100_000n, market: 100_000n, worker: 0n });

    const { json: first } = await call('POST', '/account/refunds', {
      lud16: lnurl.address('alice'),
      amount_msats: 30_500,
    });
    await expect.poll(() => stateOf(first.id), PATIENT).toBe('paid');
    expect(changeSince(rig, before)).toEqual({ client: -100_000n, market: 69_500n, worker: 30_500n });

    const { json: second } = await call('POST', '/account/refunds', {
      nwc: rig.wallets.client.connection(),
    });
    await expect.poll(() => stateOf(second.id), PATIENT).toBe('paid');
    expect(await credit()).toBe(500);
    expect(changeSince(rig, before)).toEqual({ client: -31_000n, market: 500n, worker: 30_500n });
  });

  test('has it back once when the operator’s wallet never says that it paid', async () => {
    const { json: invoice } = await call('POST', '/account/invoices', { amount_msats: 50_000 });
    await payer.payInvoice({ invoice: String(invoice.bolt11) });
    await expect.poll(credit, PATIENT).toBe(50_500);
    const before = balancesOf(rig);
    rig.wallets.market.faults = {
      dropReply: (method) => method === 'pay_invoice',
      dropNotification: () => true,
    };
    const { json } = await call('POST', '/account/refunds', { nwc: rig.wallets.client.connection() });
    await expect.poll(() => stateOf(json.id), HELD_PATIENT).toBe('paid');
    expect(changeSince(rig, before)).toEqual({ client: 50_000n, market: -50_000n, worker: 0n });
    expect(await credit()).toBe(500);
  }, 120_000);
});

test('in the end the books agree with the node, payment by payment', async () => {
  await expectBooksToAgree(service, rig.nodes.market.balance_msats - atFirst.market);
  expect(service.log()).not.toMatch(/books refuse|payout failed|needs the operator|alarm failed/);
});
