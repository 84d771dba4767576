/**
 * Goal: all payments of a run together never leave the cap, however they overlap and whatever the wallet answers; and one
 * invoice is paid once.
 * Method: random invoices asked for at random moments, in a schedule of fast-check's, to a wallet that pays, fails, does
 * not know or breaks; what it may have paid is added up by itself.
 * Not proved: a wallet's own fees, which no client can know beforehand.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Purse } from '../../src/client/purse.ts';
import { sha256Hex } from '../../src/nostr/event.ts';
import { readInvoice } from '../../src/payment/bolt11/decode.ts';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import { msats, ZERO_MSATS } from '../../src/payment/msats.ts';
import type { Wallet } from '../../src/payment/wallet.ts';

const NODE = new Uint8Array(32).fill(9);

function invoice(index: number, amount_msats: number): string {
  return encodeInvoice(
    {
      network: 'regtest',
      amount: msats(amount_msats),
      timestamp_s: 1_800_000_000,
      paymentHash: sha256Hex(`payment ${index}`),
      paymentSecret: sha256Hex(`secret ${index}`),
      description: 'job',
      descriptionHash: null,
    },
    NODE,
  ).text;
}
const INVOICES = [3_000, 5_000, 5_000, 7_000, 11_000, 20_000].map((amount, index) => invoice(index, amount));

const ANSWERS = ['ok', 'failed', 'unknown', 'broken'] as const;
const paid = { type: 'ok', value: { preimage: '00'.repeat(32), fees: ZERO_MSATS } } as const;

test('the cap holds through every schedule, and one invoice is one payment', async () => {
  const asks = fc.array(fc.tuple(fc.constantFrom(...INVOICES), fc.constantFrom(...ANSWERS)), {
    maxLength: 25,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      asks,
      fc.integer({ min: 0, max: 40_000 }),
      async (scheduler, list, cap) => {
        let spent = 0;
        const gone = new Set<string>();
        const answers = new Map(list);
        const pay: Wallet['pay'] = async (text) => {
          const answer = answers.get(text) ?? 'ok';
          await scheduler.schedule(Promise.resolve());
          if (answer === 'failed') return { type: 'failed', code: 'X', message: 'no' };
          expect(gone.has(text)).toBe(false);
          gone.add(text);
          spent += Number(readInvoice(text)?.amount);
          if (answer === 'broken') throw new Error('the wallet broke');
          return answer === 'ok' ? paid : { type: 'unknown', reason: 'no answer' };
        };
        const purse = new Purse(pay, msats(cap));
        const outcomes = Promise.all(list.map(([text]) => purse.pay(text)));
        await scheduler.waitAll();
        await outcomes;
        expect(spent).toBeLessThanOrEqual(cap);
        expect(Number(purse.left)).toBe(cap - spent);
      },
    ),
    { numRuns: 200 },
  );
});

test('what is over the cap, over another amount or no invoice is not asked of the wallet', async () => {
  const purse = new Purse(() => Promise.reject(new Error('asked')), msats(4_000));
  expect(await purse.pay(INVOICES[1] ?? '')).toMatchObject({ type: 'refused', why: 'cap' });
  expect(await purse.pay(INVOICES[0] ?? '', 2_000)).toMatchObject({ type: 'refused', why: 'amount' });
  expect(await purse.pay('lnbc1nonsense')).toMatchObject({ type: 'refused', why: 'invoice' });
  expect(purse.left).toBe(4_000n);
});

test('a payment that certainly failed may be tried again, and its money is there again', async () => {
  const answers = [{ type: 'failed', code: 'NO_ROUTE', message: 'no route' }, paid] as const;
  let call = 0;
  const purse = new Purse(async () => answers[call++] ?? paid, msats(3_000));
  expect(await purse.pay(INVOICES[0] ?? '', 3_000)).toMatchObject({ type: 'failed' });
  expect(await purse.pay(INVOICES[0] ?? '', 3_000)).toMatchObject({ type: 'paid', amount: 3_000n });
  expect(purse.left).toBe(0n);
});

test('routing fees take from what is left', async () => {
  const purse = new Purse(
    async () => ({ type: 'ok', value: { preimage: '00'.repeat(32), fees: msats(1_500) } }),
    msats(10_000),
  );
  await purse.pay(INVOICES[1] ?? '');
  expect(purse.left).toBe(3_500n);
  expect(await purse.pay(INVOICES[2] ?? '')).toMatchObject({ type: 'refused', why: 'cap' });
});
