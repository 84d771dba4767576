/** The ledger's lines about the wallet, read as payments. */
import type { LedgerLine } from '../store/ledger.ts';
import type { BookedPayment, BookFacts, Direction, paymentName } from './reconcile.ts';

/** Accounts whose lines say what a payment moved and what its way cost. */
export const PAYMENT_ACCOUNTS = ['wallet', 'routing'] as const;

const KEY = /^(in|out):([0-9a-f]{64})$/;
/** The operator's own money, which no payment of the marketplace stands for. */
const DEPOSIT = /^deposit:/;

/** Sums the lines by key. @param lines those of {@link PAYMENT_ACCOUNTS}, whole entries */
export function bookedPayments(lines: readonly LedgerLine[]): Pick<BookFacts, 'payments' | 'strays'> {
  const payments: BookedPayment[] = [];
  const strays: BookFacts['strays'][number][] = [];
  for (const [key, those] of Map.groupBy(lines, (line) => line.key)) {
    const wallet = sumOn('wallet', those);
    const fees = sumOn('routing', those);
    const [, side, paymentHash] = KEY.exec(key) ?? [];
    if (paymentHash === undefined) {
      if (wallet !== 0n && !DEPOSIT.test(key)) strays.push({ name: key, msats: wallet });
      continue;
    }
    const direction: Direction = side === 'in' ? 'incoming' : 'outgoing';
    const at_ms = Math.max(...those.map((line) => line.at_ms));
    // An outgoing payment takes the fee from the wallet too.
    const amount = direction === 'incoming' ? wallet : -wallet - fees;
    payments.push({ direction, paymentHash, amount, fees, at_ms });
  }
  return { payments, strays };
}

/** The keys under which payments would be booked. */
export function keysOf(payments: readonly Parameters<typeof paymentName>[0][]): string[] {
  return payments.map(
    ({ direction, paymentHash }) => `${direction === 'incoming' ? 'in' : 'out'}:${paymentHash}`,
  );
}

function sumOn(account: string, lines: readonly LedgerLine[]): bigint {
  return lines
    .filter((line) => line.account === account)
    .reduce((sum, { amount_msats }) => sum + BigInt(amount_msats), 0n);
}
