/** Asks a Lightning address for an invoice: the two requests of LNURL-pay (LUD-06, LUD-16), each through the guarded door. */
import { JobError } from '../../errors.ts';
import { assertPublicUrl, type GuardOptions, hostOf } from '../../net/guard.ts';
import type { Invoice } from '../bolt11/invoice.ts';
import { lightningAddressUrl } from './address.ts';
import {
  type CallbackOrder,
  callbackUrl,
  type InvoiceTerms,
  type PayOffer,
  readOffer,
  readPayAnswer,
} from './client.ts';

/** Why there is no invoice, as a code that owners and clients may see. What strangers wrote is not part of it. */
export interface PayeeProblem {
  readonly problem: string;
}

/** Who is to be paid, wherever they are. */
export interface Payee {
  /** What is wrong with an address, as far as it can be seen without asking it; null when nothing is. */
  refusal(address: string): string | null;
  /** What an address takes at the moment. */
  offer(address: string): Promise<PayOffer | PayeeProblem>;
  /** An invoice that is exactly what was ordered. */
  invoice(offer: PayOffer, order: CallbackOrder, terms: InvoiceTerms): Promise<Invoice | PayeeProblem>;
}

export interface PayeeOptions {
  /** Who may be asked. Where private addresses are allowed, those on the loopback are asked in the clear. */
  readonly guard: Omit<GuardOptions, 'schemes'>;
  /** Reads a stranger's URL. @throws JobError */
  readonly read: (url: string) => Promise<string>;
}

/** Addresses are asked by https; LUD-16 knows http for onion hosts only, which we do not reach. */
export function lnurlPayee({ guard, read }: PayeeOptions): Payee {
  const local = guard.allowPrivate;
  return {
    refusal(address) {
      const url = endpointOf(address, local);
      if (url === null) return 'no_address';
      try {
        assertPublicUrl(url, { ...guard, schemes: ['https'] });
        return null;
      } catch (error) {
        if (error instanceof JobError) return problemOf(error);
        throw error;
      }
    },

    async offer(address) {
      const url = endpointOf(address, local);
      if (url === null) return { problem: 'no_address' };
      const answer = await readJson(read, url);
      if ('problem' in answer) return answer;
      const offer = readOffer(answer.json);
      return 'refusal' in offer ? { problem: offer.refusal } : offer;
    },

    async invoice(offer, order, terms) {
      const url = callbackUrl(offer, order);
      if (typeof url === 'string') return { problem: url };
      const answer = await readJson(read, url.href);
      if ('problem' in answer) return answer;
      const invoice = readPayAnswer(answer.json, offer, order, terms);
      if (!('refusal' in invoice)) return invoice;
      return {
        problem: invoice.refusal === 'invoice' ? `invoice_${invoice.reason}` : invoice.refusal,
      };
    },
  };
}

/** Where a Lightning address is asked, or null when it is none. */
export function endpointOf(address: string, local: boolean): string | null {
  const url = lightningAddressUrl(address);
  if (url === null || !local) return url;
  const host = hostOf(new URL(url));
  return host === 'localhost' || /^127(?:\.\d+){3}$/.test(host) ? lightningAddressUrl(address, 'http') : url;
}

async function readJson(
  read: PayeeOptions['read'],
  url: string,
): Promise<{ readonly json: unknown } | PayeeProblem> {
  try {
    return { json: JSON.parse(await read(url)) };
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: 'malformed' };
    if (!(error instanceof JobError)) throw error;
    return { problem: problemOf(error) };
  }
}

function problemOf({ code, details }: JobError): string {
  const reason = details?.reason;
  return code === 'BAD_REQUEST' && typeof reason === 'string' ? `url_${reason}` : 'unreachable';
}
