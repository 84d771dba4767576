/**
 * Goal: an owner is paid once, whenever the process dies between the claim and the proof of a payment. Method: the
 * service as users start it, with development money; SIGKILL of the whole process tree at each point of a payout, then a
 * start on the same state. The customer's wallet is payer and payee, so that its balance tells how often was paid. Does
 * not prove: wallets that act after the kill (the desk's simulation does).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectClient } from '../support/client.ts';
import { type FaultHarness, startFaultHarness } from '../support/fault-harness.ts';
import { balanceOf, type OwnedService, paidJob, startOwned, stopOwned } from '../support/owned-service.ts';

const home = mkdtempSync(join(tmpdir(), 'errand-payout-'));
let harness: FaultHarness;
let owned: OwnedService;

beforeAll(async () => {
  harness = await startFaultHarness();
  owned = await startOwned((address) => `discover-prepaid=${address('alice')}`, {
    env: { FAULT_URL: harness.url, FEE_PERCENT: '0', PAYOUT_MIN_SATS: '21' },
    persistTo: home,
  });
});

afterAll(async () => {
  await stopOwned(owned);
  harness.close();
  rmSync(home, { recursive: true, force: true });
});

/** An owner's share of one job, paid out, is what the customer has paid for it. */
const isEven = (before: number) =>
  expect.poll(() => balanceOf(owned), { timeout: 30_000, interval: 250 }).toBe(before);

test.each(['payout-claimed', 'wallet-pay', 'payout-sent'])(
  'killed at %s: the owner is paid once',
  async (point) => {
    const before = await balanceOf(owned);
    const client = await connectClient(owned.service.relay);
    const reached = harness.arm(point);
    await paidJob(owned, client, 'words');
    await reached;
    owned.payer.close();
    client.close();
    await owned.service.kill();
    owned = await owned.restart();
    await isEven(before);
  },
  90_000,
);

test('the next job is paid out as if nothing had been', async () => {
  const before = await balanceOf(owned);
  const given = owned.lnurl.given.length;
  const next = await connectClient(owned.service.relay);
  await paidJob(owned, next, 'more words');
  // The desk looks once more before it takes a payment for done; nothing may follow from that.
  await expect.poll(() => owned.lnurl.given.length, { timeout: 30_000, interval: 250 }).toBe(given + 1);
  await isEven(before);
  next.close();
});
