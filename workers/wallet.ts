/** The {@link Wallet} port from anywhere in this Worker: calls go to the one object that holds the connection. */
import * as z from 'zod';
import type { Wallet } from '../src/payment/wallet.ts';
import {
  amountJson,
  answerOf,
  invoiceJson,
  paidJson,
  toPlain,
  transactionJson,
} from '../src/payment/wallet-json.ts';
import type { Env } from './env.ts';

/** The operator's wallet. */
export function walletOf(env: Env): Wallet {
  // A new stub for each call: one that met a crash of the object stays broken.
  const link = () => env.WALLET.getByName('main');
  return {
    makeInvoice: async (order) => answerOf(invoiceJson, await link().makeInvoice(toPlain(order))),
    makeHold: async (order) => answerOf(invoiceJson, await link().makeHold(toPlain(order))),
    settleHold: async (preimage) => await link().settleHold(preimage),
    cancelHold: async (paymentHash) => await link().cancelHold(paymentHash),
    lookup: async (paymentHash, direction) =>
      answerOf(transactionJson.nullable(), await link().lookup(paymentHash, direction)),
    pay: async (bolt11) => answerOf(paidJson, await link().pay(bolt11)),
    list: async (listing) => answerOf(z.array(transactionJson), await link().list(listing)),
    capabilities: async () => await link().capabilities(),
    balance: async () => answerOf(amountJson, await link().balance()),
  };
}
