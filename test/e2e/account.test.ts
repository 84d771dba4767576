/**
 * Goal: what an agent earns reaches its owners once and exactly, and credit goes back to its client by every way there is.
 * Method: the started service with development money, black box; payer and payee are one wallet driven by Alby's SDK,
 * Lightning addresses are served by an LNURL server of its own on loopback. Does not prove: crashes (the desk's
 * simulation and the fault tests), real Lightning (the rig's tests).
 */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { type Client, connectClient } from '../support/client.ts';
import {
  balanceOf,
  paidJob,
  startOwned,
  stopOwned,
  type OwnedService as World,
} from '../support/owned-service.ts';
import { signedCall } from '../support/signed-call.ts';

const signed = ({ service }: World, client: Client, method: string, path: string, body?: object) =>
  signedCall(service.url, client.secretKey, method, path, body);

const account = async (world: World, client: Client) => (await signed(world, client, 'GET', '/account')).json;

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

/** What the operator's own comparison of books and wallet says. */
async function ledger({ service }: World): Promise<Record<string, unknown>> {
  const secretKey = Buffer.from(service.dev.operator.secret_key, 'hex');
  return (await signedCall(service.url, secretKey, 'GET', '/operator/ledger?grace_s=0')).json;
}

const POLL = { timeout: 25_000, interval: 250 };

describe('an owner', () => {
  let world: World;
  let client: Client;

  beforeAll(async () => {
    const owners = (address: (user: string) => string) => `discover-prepaid=${address('alice')}`;
    world = await startOwned(owners, { env: { FEE_PERCENT: '10', PAYOUT_MIN_SATS: '50' } });
    client = await connectClient(world.service.relay);
  });

  afterAll(async () => {
    client.close();
    expect(world.service.log()).not.toMatch(/books refuse|payout failed|needs the operator|alarm failed/);
    await stopOwned(world);
  });

  test('is paid for three jobs at once, the price less the fee, in whole sats', async () => {
    const before = await balanceOf(world);
    for (const words of ['one', 'two', 'three']) await paidJob(world, client, words);
    const spent = 3 * 21_000;
    // 3 × 18.9 sats are 56.7, and 0.7 wait for the next time.
    const earned = 56_000;
    await expect.poll(() => balanceOf(world), POLL).toBe(before - spent + earned);
    expect(world.lnurl.given.map(({ user, amount_msats }) => [user, amount_msats])).toEqual([
      ['alice', earned],
    ]);
  });

  test('whose server fails is owed, and paid when it is back', async () => {
    const before = await balanceOf(world);
    const given = world.lnurl.given.length;
    world.lnurl.faults = { surcharge_msats: 1 };
    for (const words of ['four', 'five', 'six']) await paidJob(world, client, words);
    await expect.poll(() => world.lnurl.given.length, POLL).toBe(given + 1);
    await expect.poll(() => world.service.log(), POLL).toContain('an owner cannot be paid');
    world.lnurl.faults = {};
    // 0.7 + 56.7; the next try is 30 to 60 s later.
    await expect
      .poll(() => balanceOf(world), { timeout: 90_000, interval: 1_000 })
      .toBe(before - 63_000 + 57_000);
  }, 120_000);
});

describe('two owners', () => {
  let world: World;
  let client: Client;

  beforeAll(async () => {
    const owners = (address: (user: string) => string) =>
      `discover-prepaid=${address('alice')}*2|${address('bob')}*1`;
    world = await startOwned(owners, { env: { FEE_PERCENT: '3.3333', PAYOUT_MIN_SATS: '6' } });
    client = await connectClient(world.service.relay);
  });

  afterAll(async () => {
    client.close();
    expect(world.service.log()).not.toMatch(/books refuse|payout failed|needs the operator|alarm failed/);
    await stopOwned(world);
  });

  test('share a price by their weights, each paid at their own address', async () => {
    const before = await balanceOf(world);
    await paidJob(world, client, 'shared');
    // ⌈21,000 × 3.3333 %⌉ = 700 are the fee; of 20,300 alice has 13,533 and bob 6,767.
    await expect.poll(() => balanceOf(world), POLL).toBe(before - 21_000 + 13_000 + 6_000);
    const given = world.lnurl.given.map(({ user, amount_msats }) => [user, amount_msats]);
    expect(given.toSorted()).toEqual([
      ['alice', 13_000],
      ['bob', 6_000],
    ]);
    await expect
      .poll(() => ledger(world), POLL)
      .toMatchObject({
        sum_msats: 0,
        balances: { wallet: 2_000, revenue: 700, payee: 533 + 767 },
        differences: [],
        pending: [],
      });
  });

  describe('and a client with credit', () => {
    const credit = async () => (await account(world, client)).credit_msats;
    const refund = (body: object) => signed(world, client, 'POST', '/account/refunds', body);
    const stateOf = async (id: unknown) => {
      const { json } = await signed(world, client, 'GET', `/account/refunds/${String(id)}`);
      return json.state;
    };
    let before = 0;

    beforeAll(async () => {
      const asked = await signed(world, client, 'POST', '/account/invoices', { amount_msats: 100_000 });
      expect(asked.status).toBe(201);
      await world.payer.payInvoice({ invoice: String(asked.json.bolt11) });
      await vi.waitUntil(async () => (await credit()) === 100_000, POLL);
      before = await balanceOf(world);
    });

    test('has a part paid to its wallet, whose string is nowhere to be found', async () => {
      const { status, json } = await refund({ nwc: world.nwc, amount_msats: 30_000 });
      expect([status, json.amount_msats, json.lud16]).toEqual([202, 30_000, null]);
      await expect.poll(() => stateOf(json.id), POLL).toBe('paid');
      expect(await balanceOf(world)).toBe(before + 30_000);
      expect(await credit()).toBe(70_000);
      const secret = new URL(world.nwc.replace(/^nostr\+walletconnect/, 'http')).searchParams.get('secret');
      expect(world.service.log()).not.toContain(secret);
    });

    test('has a part paid to a Lightning address', async () => {
      const { status, json } = await refund({ lud16: world.lnurl.address('alice'), amount_msats: 20_500 });
      expect([status, json.lud16]).toEqual([202, world.lnurl.address('alice')]);
      await expect.poll(() => stateOf(json.id), POLL).toBe('paid');
      expect(await balanceOf(world)).toBe(before + 50_500);
      expect(await credit()).toBe(49_500);
    });

    test('has a part paid to an invoice, once, however often it asks', async () => {
      const { invoice } = await world.payer.makeInvoice({ amount: 9_500 });
      const first = await refund({ bolt11: invoice });
      const second = await refund({ bolt11: invoice });
      expect([first.status, second.status]).toEqual([202, 202]);
      expect(second.json.id).toBe(first.json.id);
      await expect.poll(() => stateOf(first.json.id), POLL).toBe('paid');
      expect(await credit()).toBe(40_000);
      expect(await balanceOf(world)).toBe(before + 60_000);
    });

    test('is kept waiting by its own hold invoice, and by nothing else', async () => {
      const preimage = randomBytes(32);
      const payment_hash = sha256(preimage);
      const { invoice } = await world.payer.makeHoldInvoice({ amount: 5_000, payment_hash });
      const { json } = await refund({ bolt11: invoice });
      await expect
        .poll(async () => (await world.payer.lookupInvoice({ payment_hash })).state, POLL)
        .toBe('accepted');
      expect(await stateOf(json.id)).toBe('sending');
      expect(await refund({ lud16: world.lnurl.address('bob') })).toMatchObject({
        status: 400,
        json: { code: 'BAD_REQUEST', details: { reason: 'refund_open', id: json.id } },
      });
      await paidJob(world, client, 'beside', 'credit');
      await world.payer.settleHoldInvoice({ preimage: preimage.toString('hex') });
      await expect.poll(() => stateOf(json.id), { timeout: 70_000, interval: 500 }).toBe('paid');
      expect(await credit()).toBe(14_000);
    }, 90_000);

    test('cannot have more than it has, nor be paid by an invoice of ours', async () => {
      expect(await refund({ lud16: world.lnurl.address('bob'), amount_msats: 14_001 })).toMatchObject({
        status: 402,
        json: { code: 'INSUFFICIENT_FUNDS', details: { available_msats: 14_000 } },
      });
      const own = await signed(world, client, 'POST', '/account/invoices', { amount_msats: 2_000 });
      expect(await refund({ bolt11: own.json.bolt11 })).toMatchObject({
        status: 400,
        json: { code: 'BAD_REQUEST', details: { reason: 'own_invoice' } },
      });
      expect(await credit()).toBe(14_000);
    });

    test('calls off what cannot be delivered', async () => {
      world.lnurl.faults = { status: 500 };
      const { json } = await refund({ lud16: world.lnurl.address('bob') });
      const path = `/account/refunds/${String(json.id)}`;
      await expect
        .poll(async () => (await signed(world, client, 'GET', path)).json.problem, POLL)
        .toBe('unreachable');
      expect(await signed(world, client, 'DELETE', path)).toMatchObject({
        status: 200,
        json: { state: 'cancelled' },
      });
      world.lnurl.faults = {};
      expect(await credit()).toBe(14_000);
    });

    test('has the rest sent where its profile says', async () => {
      await client.publish(client.sign(0, [], JSON.stringify({ lud16: world.lnurl.address('bob') })));
      const { status, json } = await refund({});
      expect([status, json.amount_msats, json.lud16]).toEqual([202, 14_000, world.lnurl.address('bob')]);
      await expect.poll(() => stateOf(json.id), POLL).toBe('paid');
      expect(await account(world, client)).toMatchObject({
        pubkey: client.pubkey,
        credit_msats: 0,
        owing_msats: 0,
        set_aside_msats: 0,
      });
    });

    test('leaves books that agree with the wallet', async () => {
      await expect
        .poll(() => ledger(world), POLL)
        .toMatchObject({ sum_msats: 0, differences: [], pending: [], complete: true });
    });

    test('is told to nobody else', async () => {
      const stranger = await connectClient(world.service.relay);
      expect(await account(world, stranger)).toMatchObject({ credit_msats: 0, refunds: [] });
      const [mine] = (await account(world, client)).refunds as { id: string }[];
      expect(await signed(world, stranger, 'GET', `/account/refunds/${mine?.id}`)).toMatchObject({
        status: 404,
      });
      expect((await fetch(`${world.service.url}/account`)).status).toBe(401);
      stranger.close();
    });
  });
});
