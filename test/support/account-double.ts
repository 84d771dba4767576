/** A client's account as the HTTP side sees it: 21.5 sats of credit, one refund at a time, a wallet that makes one invoice. */
import type { AccountPorts } from '../../src/http/ports.ts';
import type { PayoutView } from '../../src/payment/account/payout-desk.ts';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import { type Msats, msats, ZERO_MSATS } from '../../src/payment/msats.ts';

export const CREDIT = msats(21_500);
export const ADDRESS = 'ann@pay.example';

/** A signed invoice for an amount. */
export function invoiceFor(amount: Msats): string {
  return encodeInvoice(
    {
      network: 'regtest',
      amount,
      timestamp_s: 1_800_000_000,
      paymentHash: 'ab'.repeat(32),
      paymentSecret: '22'.repeat(32),
      description: 'refund',
      descriptionHash: null,
    },
    new Uint8Array(32).fill(7),
  ).text;
}

export function accountDouble(over: Partial<AccountPorts> = {}): AccountPorts {
  const refunds: PayoutView[] = [];
  const add = (id: string, amount: Msats, destination: string | null): PayoutView => {
    const view = { id, amount, destination, problem: null, openedAt_ms: 1, closedAt_ms: null };
    const refund: PayoutView = { ...view, state: destination === null ? 'sending' : 'waiting' };
    refunds.unshift(refund);
    return refund;
  };
  return {
    leave: async () => null,
    statement: async () => ({ credit: CREDIT, owing: ZERO_MSATS, setAside: msats(9), refunds }),
    profileAddress: async () => ADDRESS,
    guestInvoice: async (_, amount) => invoiceFor(amount),
    refundTo: async (_, address, amount) => add(`to-${refunds.length}`, amount, address),
    refundBy: async (_, bolt11) => add(`by-${bolt11.length}`, msats(1_000), null),
    refund: async (_, id) => refunds.find((refund) => refund.id === id) ?? null,
    cancelRefund: async (_, id) => {
      const refund = refunds.find((one) => one.id === id);
      return refund === undefined ? null : { ...refund, state: 'cancelled' };
    },
    invoice: async (_, amount) => ({
      bolt11: invoiceFor(amount),
      paymentHash: 'ab'.repeat(32),
      amount,
      createdAt_s: 1_800_000_000,
      expiresAt_s: 1_800_000_900,
    }),
    ...over,
  };
}
