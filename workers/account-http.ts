/** What the HTTP side asks of a client's account: its object, the operator's wallet, and the client's own wallet. */
import { JobError } from '../src/errors.ts';
import type { AccountPorts } from '../src/http/ports.ts';
import {
  ACCOUNT_INVOICES_PER_HOUR,
  ACCOUNT_REFUNDS_PER_HOUR,
  INVOICE_EXPIRY_S,
  LISTING_CHANGES_PER_HOUR,
} from '../src/limits.ts';
import { KIND } from '../src/nostr/kinds.ts';
import { payoutJson, refundedJson, statementJson } from '../src/payment/account/statement.ts';
import { profileAddress } from '../src/payment/lnurl/address.ts';
import type { Env } from './env.ts';
import { invoiceOfGuest } from './guest-wallet.ts';
import { walletOf } from './wallet.ts';

const PER_HOUR = {
  refunds: ACCOUNT_REFUNDS_PER_HOUR,
  invoices: ACCOUNT_INVOICES_PER_HOUR,
  listings: LISTING_CHANGES_PER_HOUR,
};

export function accountPorts(env: Env): AccountPorts {
  const account = (client: string) => env.ACCOUNT.getByName(client);
  const link = () => env.WALLET.getByName('main');
  return {
    async leave(client, what) {
      const { granted, until_ms } = await account(client).take(`account:${what}`, PER_HOUR[what], 1);
      return granted > 0 ? null : until_ms;
    },
    statement: async (client) => statementJson.parse(await account(client).statement()),
    async profileAddress(client) {
      const filter = { kinds: [KIND.profile], authors: [client], limit: 1 };
      const [profile] = await env.RELAY.getByName('main').query([filter], 1);
      return profile === undefined ? null : profileAddress(profile.content);
    },
    async guestInvoice(uri, amount) {
      const order = { amount, purpose: { text: 'Refund' }, expiry_s: INVOICE_EXPIRY_S };
      const background = (work: Promise<unknown>) => {
        // A socket that does not open is told to the caller by its handlers.
        void work.catch(() => undefined);
      };
      const answer = await invoiceOfGuest(env, uri, order, background);
      if (answer.type === 'ok') return answer.value.bolt11;
      // What the wallet says may quote its connection string, so it is not passed on.
      if (answer.type === 'unknown')
        throw new JobError('SERVICE_UNAVAILABLE', 'The wallet did not answer with an invoice');
      throw new JobError('BAD_REQUEST', 'The wallet cannot be used for a refund', { reason: answer.code });
    },
    refundTo: async (client, address, amount) =>
      refundedJson.parse(await account(client).refundTo(address, amount.toString())),
    refundBy: async (client, bolt11) => refundedJson.parse(await account(client).refundBy(bolt11)),
    refund: async (client, id) => payoutJson.nullable().parse(await account(client).refund(id)),
    cancelRefund: async (client, id) => refundedJson.nullable().parse(await account(client).cancelRefund(id)),

    async invoice(client, amount) {
      const order = { amount, purpose: { text: 'Credit' }, expiry_s: INVOICE_EXPIRY_S };
      const answer = await walletOf(env).makeInvoice(order);
      if (answer.type !== 'ok')
        throw new JobError('SERVICE_UNAVAILABLE', 'The wallet makes no invoice at the moment');
      const { paymentHash, expiresAt_s } = answer.value;
      if (!(await link().bind(paymentHash, `topup:${client}`))) {
        console.error('the wallet made an invoice with a hash that was used', paymentHash);
        throw new JobError('SERVICE_UNAVAILABLE', 'The wallet makes no invoice at the moment');
      }
      // Nobody knows the invoice before it is watched, so none is paid unseen.
      await link().watch(paymentHash, client, 'topup', expiresAt_s * 1_000, 'account');
      return answer.value;
    },
  };
}
