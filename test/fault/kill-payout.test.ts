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
import { balanceOf, paidJob, startOwned, stopOwned } from '../support/owned-service.ts';

let harness: FaultHarness;
beforeAll(async () => {
  harness = await startFaultHarness();
});
afterAll(() => harness.close());

test.each(['payout-claimed', 'wallet-pay', 'payout-sent'])(
  'killed at %s: the owner is paid once',
  async (point) => {
    const home = mkdtempSync(join(tmpdir(), 'errand-payout-'));
    const owned = await startOwned((address) => `discover-prepaid=${address('alice')}`, {
      env: { FAULT_URL: harness.url, FEE_PERCENT: '0', PAYOUT_MIN_SATS: '21' },
      persistTo: home,
    });
    const before = await balanceOf(owned);
    const client = await connectClient(owned.service.relay);
    const reached = harness.arm(point);
    await paidJob(owned, client, 'words');
    await reached;
    owned.payer.close();
    client.close();
    await owned.service.kill();

    const again = await owned.restart();
    await expect.poll(() => balanceOf(again), { timeout: 30_000, interval: 250 }).toBe(before);
    // The desk looks once more before it takes the payment for done; nothing may follow from that.
    const next = await connectClient(again.service.relay);
    await paidJob(again, next, 'more words');
    await expect.poll(() => again.lnurl.given.length, { timeout: 30_000, interval: 250 }).toBe(2);
    await expect.poll(() => balanceOf(again), { timeout: 30_000, interval: 250 }).toBe(before);
    next.close();
    await stopOwned(again);
    rmSync(home, { recursive: true, force: true });
  },
  90_000,
);
