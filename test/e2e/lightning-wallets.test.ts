/**
 * Goal: the started service keeps its word with wallets that differ from the specification: Alby Hub, which cannot cancel
 * what nobody has paid yet and calls what it holds expired, and Electrum, which holds nothing. Method: black box, as
 * lightning.test.ts, with LDK nodes whose wallet services have these habits (LIGHTNING §2.3).
 *
 * What it does not prove: that these are all the habits those wallets have.
 */
import { describe, expect, test } from 'vitest';
import { decodeInvoice } from '../../src/payment/bolt11/decode.ts';
import { NWCClient } from '../peers/alby.ts';
import { balancesOf, changeSince } from '../support/lightning/balances.ts';
import { type LightningRig, startLightning } from '../support/lightning/rig.ts';
import type { Habits } from '../support/lightning/wallet-service.ts';
import { Customer, demandOf, hasBegun, isDelivered, resultOf } from '../support/paid-jobs.ts';
import { type Service, startService } from '../support/service.ts';

const PRICE_MSATS = 21_000n;
const PAID = { client: -PRICE_MSATS, market: PRICE_MSATS, worker: 0n };
const PATIENT = { timeout: 20_000, interval: 20 };

interface Stage {
  readonly rig: LightningRig;
  readonly service: Service;
  readonly customer: Customer;
  readonly pay: (bolt11: string) => Promise<unknown>;
}

async function withWallet(market: Habits, play: (stage: Stage) => Promise<void>): Promise<void> {
  const rig = await startLightning({ habits: { market } });
  const service = await startService({ env: { NWC_URI: rig.wallets.market.connection() } });
  const payer = new NWCClient({ nostrWalletConnectUrl: rig.wallets.client.connection() });
  const customer = await Customer.connect(service);
  try {
    await play({ rig, service, customer, pay: (bolt11) => payer.payInvoice({ invoice: bolt11 }) });
  } finally {
    customer.client.close();
    payer.close();
    await service.stop();
    await rig.stop();
  }
}

describe('a wallet like Alby Hub', () => {
  test('takes an escrow with its result; and one that is paid after it was called off goes back by itself', async () => {
    await withWallet({ likeAlbyHub: true }, async ({ rig, service, customer, pay }) => {
      // What npm start says of the wallet: development money would not pay this one's invoices.
      expect(service.dev.customer.nwc).toBeNull();
      expect(service.log()).toContain('the one of NWC_URI');
      const before = balancesOf(rig);
      const done = await customer.ask('discover-escrow', 'held by a hub');
      const paid = pay((await demandOf(done)).bolt11);
      await resultOf(done);
      await paid;
      expect(changeSince(rig, before)).toEqual(PAID);

      const job = await customer.ask('discover-escrow', 'never mind');
      const { bolt11 } = await demandOf(job);
      await customer.callOff(job);
      await expect.poll(() => customer.phaseOf(job), PATIENT).toBe('cancelled');
      // The hub has answered that there is nothing to cancel, and would hold the payment for a day.
      const stateOf = () => rig.wallets.market.incoming(decodeInvoice(bolt11).paymentHash)?.state;
      expect(stateOf()).toBe('pending');
      await expect(pay(bolt11)).rejects.toThrow('did not arrive');
      expect(stateOf()).toBe('failed');
      expect(changeSince(rig, before)).toEqual(PAID);
      expect(hasBegun(job)).toBe(false);
    });
  });
});

describe('a wallet like Electrum', () => {
  test('is paid before the job where nothing can be held', async () => {
    await withWallet({ likeElectrum: true }, async ({ rig, customer, pay }) => {
      const before = balancesOf(rig);
      const job = await customer.ask('discover-escrow', 'held by nobody');
      const { amount_msats, bolt11 } = await demandOf(job);
      expect(amount_msats).toBe(PRICE_MSATS);
      expect(isDelivered(job)).toBe(false);
      await pay(bolt11);
      await resultOf(job);
      expect(changeSince(rig, before)).toEqual(PAID);
    });
  });
});
