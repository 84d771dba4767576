/** A zap as clients make it (NIP-57), by nostr-tools, up to the invoice; who pays it is another matter. */
import { makeZapRequest } from 'nostr-tools/nip57';
import { type Event, finalizeEvent } from 'nostr-tools/pure';
import * as z from 'zod';

const answerShape = z.object({ pr: z.string(), verify: z.url() });

export interface ZapOffer {
  /** The signed zap request (kind 9734). */
  readonly request: Event;
  readonly bolt11: string;
  /** Tells whether it was paid (LUD-21). */
  readonly verify: string;
}

export interface ZapOrder {
  /** Base URL of who collects for the agent, and the agent's name there. */
  readonly url: string;
  readonly slug: string;
  /** What is zapped: an event, or a public key. */
  readonly target: Event | string;
  readonly amount_msats: number;
  readonly relay: string;
  readonly secretKey: Uint8Array;
}

/** Asks for the invoice of a zap. @throws Error when the endpoint refuses it */
export async function orderZap(order: ZapOrder): Promise<ZapOffer> {
  const { url, slug, target, amount_msats: amount, relay, secretKey } = order;
  const common = { amount, comment: '', relays: [relay] };
  const template = makeZapRequest(
    typeof target === 'string' ? { pubkey: target, ...common } : { event: target, ...common },
  );
  const { id, pubkey, created_at, kind, tags, content, sig } = finalizeEvent(template, secretKey);
  const request = { id, pubkey, created_at, kind, tags, content, sig };
  const query = new URLSearchParams({ amount: String(amount), nostr: JSON.stringify(request) });
  const answer: unknown = await (await fetch(`${url}/lnurlp/${slug}/callback?${query}`)).json();
  const parsed = answerShape.safeParse(answer);
  if (!parsed.success) throw new Error(`no invoice for a zap: ${JSON.stringify(answer)}`);
  return { request, bolt11: parsed.data.pr, verify: parsed.data.verify };
}
