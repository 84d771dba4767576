/**
 * Goal: owners and clients get what is theirs over real Lightning, to the msat and once, also when the wallet's answers
 * get lost and the payee holds the payment. Method: black box; operator, client and owner are LDK nodes by NWC, the
 * owner's Lightning address is served by Alby's SDK; the nodes' own balances are the truth.
 *
 * What it does not prove: a real chain, routing among strangers (the ways here are one channel long and free), and
 * crashes (test/fault/kill-payout.test.ts).
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NWCClient } from '../peers/alby.ts';
import { balancesOf, changeSince } from '../support/lightning/balances.ts';
import { type LightningRig, startLightning } from '../support/lightning/rig.ts';
import { type LnurlServer, startLnurlServer } from '../support/lnurl-server.ts';
import { Customer, demandOf, resultOf } from '../support/paid-jobs.ts';
import { type Service, startService } from '../support/service.ts';
import { signedCall } from '../support/signed-call.ts';

/** For what the service does by itself, after its own pauses. */
const PATIENT = { timeout: 30_000, interval: 50 };
/** A job costs 21 sats and brings its owner 18.9, of which whole sats are sent. */
const JOB = 21_000n;

let rig: LightningRig;
let lnurl: LnurlServer;
let service: Service;
let payer: NWCClient;
let customer: Customer;
/** What the owner's account keeps because it is less than a sat, msats. */
let kept = 0n;

beforeAll(async () => {
  rig = await startLightning();
  lnurl = await startLnurlServer({ alice: rig.wallets.worker.connection() });
  const NWC_URI = rig.wallets.market.connection();
  const OWNERS = `discover-prepaid=${lnurl.address('alice')}`;
  service = await startService({ env: { NWC_URI, OWNERS, FEE_PERCENT: '10', PAYOUT_MIN_SATS: '18' } });
  payer = new NWCClient({ nostrWalletConnectUrl: rig.wallets.client.connection() });
  customer = await Customer.connect(service);
});

afterEach(() => {
  for (const wallet of Object.values(rig.wallets)) wallet.faults = {};
  lnurl.faults = {};
});

afterAll(async () => {
  expect(service.log()).not.toMatch(/books refuse|payout failed|needs the operator|alarm failed/);
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

/** What an owner is sent after one more job. */
function nextPayout(): bigint {
  const owed = kept + 18_900n;
  kept = owed % 1_000n;
  return owed - kept;
}

const call = (method: string, path: string, body?: object) =>
  signedCall(service.url, customer.client.secretKey, method, path, body);

describe('an owner', () => {
  test('is paid after the job, at its own node', async () => {
    const before = balancesOf(rig);
    const sent = nextPayout();
    await paidJob('that somebody else earns by');
    const expected = { client: -JOB, market: JOB - sent, worker: sent };
    await expect.poll(() => changeSince(rig, before), PATIENT).toEqual(expected);
  });

  test('is paid once although the wallet never says that it paid', async () => {
    const before = balancesOf(rig);
    const given = lnurl.given.length;
    const sent = nextPayout();
    let lost = 0;
    rig.wallets.market.faults = {
      dropNotification: () => true,
      dropReply(method) {
        if (method === 'pay_invoice') lost++;
        return method === 'pay_invoice';
      },
    };
    await paidJob('with a payment that is slow to be known');
    const expected = { client: -JOB, market: JOB - sent, worker: sent };
    await expect.poll(() => changeSince(rig, before), PATIENT).toEqual(expected);
    await expect.poll(() => lost, PATIENT).toBe(1);
    rig.wallets.market.faults = {};
    await paidJob('after which the owner is paid again');
    const more = nextPayout();
    const both = { client: -2n * JOB, market: 2n * JOB - sent - more, worker: sent + more };
    await expect.poll(() => changeSince(rig, before), PATIENT).toEqual(both);
    expect(lnurl.given.length - given).toBe(2);
  });

  test('who holds the payment keeps nobody waiting but itself', async () => {
    const before = balancesOf(rig);
    const given = lnurl.given.length;
    lnurl.faults = { hold: { blocks: 144 } };
    const held = nextPayout();
    await paidJob('whose payout is held');
    const locked = { client: -JOB, market: JOB - held, worker: 0n };
    await expect.poll(() => changeSince(rig, before), PATIENT).toEqual(locked);
    await paidJob('done meanwhile');
    expect(lnurl.given.length - given).toBe(1);

    lnurl.faults = {};
    await lnurl.claim(lnurl.given.at(-1)?.paymentHash ?? '');
    const next = nextPayout();
    const done = { client: -2n * JOB, market: 2n * JOB - held - next, worker: held + next };
    await expect.poll(() => changeSince(rig, before), { ...PATIENT, timeout: 70_000 }).toEqual(done);
    expect(lnurl.given.length - given).toBe(2);
  }, 90_000);
});

describe('a client', () => {
  const credit = async () => (await call('GET', '/account')).json.credit_msats;
  const stateOf = async (id: unknown) => (await call('GET', `/account/refunds/${String(id)}`)).json.state;

  test('pays credit in, and has it back in its own wallet', async () => {
    const before = balancesOf(rig);
    const { json } = await call('POST', '/account/invoices', { amount_msats: 50_000 });
    await payer.payInvoice({ invoice: String(json.bolt11) });
    await expect.poll(credit, PATIENT).toBe(50_000);
    expect(changeSince(rig, before)).toEqual({ client: -50_000n, market: 50_000n, worker: 0n });

    const nwc = rig.wallets.client.connection();
    const refund = await call('POST', '/account/refunds', { nwc, amount_msats: 30_000 });
    expect([refund.status, refund.json]).toMatchObject([202, { amount_msats: 30_000 }]);
    await expect.poll(() => stateOf(refund.json.id), PATIENT).toBe('paid');
    expect(changeSince(rig, before)).toEqual({ client: -20_000n, market: 20_000n, worker: 0n });
  });

  test('has the rest sent to an invoice, once, although the wallet never says so', async () => {
    const before = balancesOf(rig);
    const { invoice } = await payer.makeInvoice({ amount: 20_000 });
    rig.wallets.market.faults = {
      dropNotification: () => true,
      dropReply: (method) => method === 'pay_invoice',
      copies: 2,
    };
    const refund = await call('POST', '/account/refunds', { bolt11: invoice });
    await expect.poll(() => stateOf(refund.json.id), PATIENT).toBe('paid');
    expect((await call('POST', '/account/refunds', { bolt11: invoice })).json.id).toBe(refund.json.id);
    expect(changeSince(rig, before)).toEqual({ client: 20_000n, market: -20_000n, worker: 0n });
    expect(await credit()).toBe(0);
  });
});

test('books and node agree about all of it', async () => {
  const operator = Buffer.from(service.dev.operator.secret_key, 'hex');
  await expect
    .poll(async () => (await signedCall(service.url, operator, 'GET', '/operator/ledger?grace_s=0')).json, {
      ...PATIENT,
      interval: 500,
    })
    .toMatchObject({ sum_msats: 0, differences: [], pending: [] });
});
