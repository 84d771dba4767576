/**
 * Goal: over 1,000 jobs paid by escrow the operator gains its fees minus what the ways cost, to the msat; each client
 * and each worker has exactly what the verdict says; and the books say the same as the wallet (LIGHTNING §7.5: 1–5).
 * Method: the worlds of escrow.test.ts and payout.test.ts one after the other, with an entry posted for each effect
 * that moves money. Wallet, client and worker are the models' truth, and are compared with the books at the end.
 * Does not prove: the same over real Lightning and real storage (the tests with LDK and the fault tests do).
 */
import { expect, test } from 'vitest';
import type { EscrowEffect } from '../../src/payment/escrow.ts';
import { type Books, balanceOf, EMPTY_BOOKS, type Entry, imbalance, post } from '../../src/payment/ledger.ts';
import {
  claimed,
  delivered,
  earned,
  type Outgoing,
  paidOut,
  received,
  released,
  reserved,
} from '../../src/payment/ledger-entries.ts';
import { splitFee } from '../../src/payment/msats.ts';
import type { PayoutEffect } from '../../src/payment/payout.ts';
import { AMOUNT, escrowMachine, runEscrow } from './escrow-model.ts';
import { FEES, AMOUNT as PAYOUT, payoutMachine, runPayout } from './payout-model.ts';

const JOBS = 1_000;
const FEE_PARTS = 100_000;

test(`${JOBS} jobs by escrow: the operator gains its fees to the msat`, { timeout: 60_000 }, () => {
  const split = splitFee(AMOUNT, FEE_PARTS);
  expect(split.payout).toBe(PAYOUT);
  const gained = { real: 0n, fees: 0n, routing: 0n };
  const ends = { paid: 0, owed: 0, nothing: 0 };

  for (let seed = 1; seed <= JOBS; seed++) {
    const ledger = new Ledger();
    const escrow = runEscrow(escrowMachine, seed, (effect) => ledger.escrow(effect));
    const wasTaken = escrow.truth === 'taken';
    expect(balanceOf(ledger.books, 'payee:worker')).toBe(wasTaken ? PAYOUT : 0n);
    const payout = wasTaken ? runPayout(payoutMachine, seed, (effect) => ledger.payout(effect)) : null;

    const arrived = payout?.model.received ?? 0;
    const wallet = (wasTaken ? AMOUNT : 0n) - BigInt(arrived) * (PAYOUT + FEES);
    const { books } = ledger;
    expect(imbalance(books)).toBe(0n);
    expect(balanceOf(books, 'wallet')).toBe(wallet);
    expect(balanceOf(books, 'payee:worker') + balanceOf(books, 'sending:payout')).toBe(
      wasTaken && arrived === 0 ? PAYOUT : 0n,
    );
    expect(balanceOf(books, 'credit:client')).toBe(0n);
    gained.real += arrived === 1 ? wallet : 0n;
    gained.fees += arrived === 1 ? balanceOf(books, 'revenue') : 0n;
    gained.routing += balanceOf(books, 'routing');
    ends[arrived === 1 ? 'paid' : wasTaken ? 'owed' : 'nothing']++;
  }

  expect(gained.real).toBe(gained.fees - gained.routing);
  expect(gained.fees).toBe(BigInt(ends.paid) * split.fee);
  // Every end is there, or the sums above would say little.
  expect(Object.values(ends).every((count) => count > 0)).toBe(true);
  expect(ends.paid).toBeGreaterThan(50);
});

/** The books of one job, kept by the effects of its machines. */
class Ledger {
  books: Books = EMPTY_BOOKS;

  escrow(effect: EscrowEffect): void {
    if (effect.type !== 'settled') return;
    this.post(received(effect.payment, 'client'));
    if (!effect.approved) return;
    this.post(reserved('job', 'client', AMOUNT));
    const terms = { shares: [{ payee: 'worker', weight: 1 }], feeParts: FEE_PARTS };
    const end = delivered({ job: 'job', client: 'client', ...terms, reserved: AMOUNT, charge: AMOUNT });
    this.post(end);
    this.post(earned(end.key, 'worker', PAYOUT));
  }

  payout(effect: PayoutEffect): void {
    if (effect.type !== 'claimed' && effect.type !== 'released' && effect.type !== 'paid') return;
    const out: Outgoing = {
      payout: 'payout',
      source: 'payee:worker',
      amount: PAYOUT,
      paymentHash: effect.paymentHash,
    };
    if (effect.type === 'claimed') this.post(claimed(out));
    else if (effect.type === 'released') this.post(released(out));
    else this.post(paidOut(out, effect.fees));
  }

  private post(next: Entry): void {
    const posted = post(this.books, next);
    if (posted.type !== 'posted') throw new Error(`${next.key}: ${posted.type}`);
    this.books = posted.books;
  }
}
