/**
 * Goal: what an LNURL server in the tests gives out is what our LNURL client takes, on a real node, and each of its faults
 * is one the client refuses by name. So a payout test that goes wrong goes wrong for the reason it means.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { decodeInvoice } from '../../src/payment/bolt11/decode.ts';
import { lightningAddressUrl } from '../../src/payment/lnurl/address.ts';
import { callbackUrl, type PayOffer, readOffer, readPayAnswer } from '../../src/payment/lnurl/client.ts';
import { msats } from '../../src/payment/msats.ts';
import { NWCClient } from '../peers/alby.ts';
import { type LightningRig, startLightning } from '../support/lightning/rig.ts';
import { type LnurlServer, startLnurlServer } from '../support/lnurl-server.ts';

const AMOUNT = msats(20_790);
const BLOCKS = 40;

let rig: LightningRig;
let server: LnurlServer;
let payer: NWCClient;

beforeAll(async () => {
  rig = await startLightning();
  server = await startLnurlServer({ alice: rig.wallets.worker.connection() });
  payer = new NWCClient({ nostrWalletConnectUrl: rig.wallets.market.connection() });
});

afterEach(() => {
  server.faults = {};
});

afterAll(async () => {
  payer.close();
  await server.close();
  await rig.stop();
});

async function offer(): Promise<PayOffer> {
  const url = lightningAddressUrl(server.address('alice'), 'http');
  const read = readOffer(await (await fetch(url ?? '')).json());
  if ('refusal' in read) throw new Error(JSON.stringify(read));
  return read;
}

async function invoice(amount = AMOUNT, comment = '') {
  const offered = await offer();
  const url = callbackUrl(offered, { amount, comment });
  if (typeof url === 'string') throw new Error(url);
  const ownNode = Buffer.from(rig.nodes.market.id).toString('hex');
  const terms = { network: 'regtest', now_s: Math.floor(Date.now() / 1_000), ownNode } as const;
  return readPayAnswer(await (await fetch(url)).json(), offered, { amount, comment }, terms);
}

async function taken(): Promise<{ readonly bolt11: string; readonly paymentHash: string }> {
  const read = await invoice();
  if ('refusal' in read) throw new Error(JSON.stringify(read));
  const given = server.given.at(-1);
  if (given?.paymentHash !== read.paymentHash) throw new Error('another invoice than the server gave out');
  return given;
}

test('its invoices are taken, paid and verified, to the msat', async () => {
  const before = rig.nodes.worker.balance_msats;
  const { bolt11, paymentHash } = await taken();
  const verify = `${server.origin}/lnurlp/callback/alice/${paymentHash}`;
  expect(await (await fetch(verify)).json()).toEqual({
    status: 'OK',
    settled: false,
    preimage: null,
    pr: bolt11,
  });
  const { preimage } = await payer.payInvoice({ invoice: bolt11 });
  expect(rig.nodes.worker.balance_msats - before).toBe(AMOUNT);
  expect(await (await fetch(verify)).json()).toEqual({ status: 'OK', settled: true, preimage, pr: bolt11 });
});

test('a comment arrives', async () => {
  await invoice(AMOUNT, 'for job 17');
  expect(server.given.at(-1)).toMatchObject({ user: 'alice', amount_msats: 20_790, comment: 'for job 17' });
});

test('nobody else lives there', async () => {
  expect((await fetch(`${server.origin}/.well-known/lnurlp/mallory`)).status).toBe(404);
});

test.each([
  [{ surcharge_msats: 1 }, { refusal: 'invoice', reason: 'amount' }],
  [{ wrongHash: true }, { refusal: 'invoice', reason: 'description_hash' }],
  [{ hold: { blocks: 500 } }, { refusal: 'invoice', reason: 'final_cltv' }],
  [{ error: 'out of order' }, { refusal: 'endpoint_error', reason: 'out of order' }],
])('%j is refused as %j', async (faults, refusal) => {
  server.faults = faults;
  expect(await invoice()).toEqual(refusal);
});

test('it can break down, and be slow', async () => {
  server.faults = { status: 503 };
  const callback = `${(await offer()).callback}?amount=${AMOUNT}`;
  expect((await fetch(callback)).status).toBe(503);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.faults = { wait: promise };
  const before = server.given.length;
  const slow = invoice();
  await expect.poll(() => server.given.length).toBe(before + 1);
  expect(await Promise.race([slow, 'waiting'])).toBe('waiting');
  resolve();
  expect(await slow).not.toHaveProperty('refusal');
});

test('it can hold what it gets, and then take it or give it back', async () => {
  server.faults = { hold: { blocks: BLOCKS } };
  const before = rig.nodes.worker.balance_msats;
  for (const end of ['claim', 'giveBack'] as const) {
    const { bolt11, paymentHash } = await taken();
    expect(decodeInvoice(bolt11).minFinalCltv).toBeGreaterThanOrEqual(BLOCKS);
    const paying = payer.payInvoice({ invoice: bolt11 }).then(
      () => 'paid',
      () => 'failed',
    );
    await expect.poll(() => rig.wallets.worker.incoming(paymentHash)?.state).toBe('accepted');
    await server[end](paymentHash);
    expect(await paying).toBe(end === 'claim' ? 'paid' : 'failed');
  }
  expect(rig.nodes.worker.balance_msats - before).toBe(AMOUNT);
});
