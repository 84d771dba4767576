/**
 * Zap receipts of our own (NIP-57 Appendix E, kind 9735): published when the wallet says an invoice made for a zap
 * request is paid. They tell the world, and nothing in here reads them back: the wallet's word moved the money before.
 */
import { type EventTemplate, sha256Hex } from '../../nostr/event.ts';
import { KIND } from '../../nostr/kinds.ts';
import type { Invoice } from '../bolt11/invoice.ts';
import type { SettledPayment } from '../settlement.ts';
import { repeatedTags, type ZapRequest } from './request.ts';

/**
 * The receipt of a paid zap, to be signed with the key advertised as `nostrPubkey`. The same payment always gives the
 * same event id, whenever and however often it is written, because its time is the time of settlement.
 *
 * @throws RangeError when invoice, payment and request do not belong together: then there is nothing to certify
 */
export function zapReceipt(request: ZapRequest, invoice: Invoice, payment: SettledPayment): EventTemplate {
  if (payment.paymentHash !== invoice.paymentHash) throw new RangeError('the payment is of another invoice');
  if (invoice.descriptionHash !== sha256Hex(request.raw)) {
    throw new RangeError('the invoice was not made for this zap request');
  }
  return {
    kind: KIND.zapReceipt,
    created_at: payment.settledAt_s,
    content: '',
    tags: [
      ...repeatedTags(request),
      ['P', request.sender],
      ['bolt11', invoice.text],
      ['description', request.raw],
      ['preimage', payment.preimage],
    ],
  };
}
