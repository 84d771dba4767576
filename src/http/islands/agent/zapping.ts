/** Zaps: a signed request (NIP-57), the invoice for it from the agent's LNURL server (LUD-06), and whether it is paid (LUD-21). */
import * as z from 'zod/mini';
import type { Signer } from '../../../client/signer.ts';
import { KIND } from '../../../nostr/kinds.ts';
import { pageFacts } from '../lib/facts.ts';
import { makeLocal, signerOf } from '../signing/signers.ts';
import type { AgentFacts } from './facts.ts';

const MSATS = 1_000;

const payRequest = z.object({
  callback: z.string(),
  minSendable: z.number(),
  maxSendable: z.number(),
  commentAllowed: z.optional(z.number()),
});
export type Payable = z.output<typeof payRequest>;

const payInvoice = z.object({ pr: z.string(), verify: z.optional(z.string()) });
const payVerify = z.object({ settled: z.boolean() });
const refusal = z.object({ reason: z.string() });

export interface ZapInvoice {
  readonly bolt11: string;
  readonly amount_msats: number;
  /** Where to ask whether it is paid; null where that cannot be asked. */
  readonly verify: string | null;
}

/** LNURL says no with status 200 (LUD-06). @throws Error in the server's words */
async function ask<Schema extends z.ZodMiniType>(schema: Schema, url: string): Promise<z.output<Schema>> {
  const body: unknown = await (await fetch(url, { cache: 'no-store' })).json();
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const said = refusal.safeParse(body);
  throw new Error(said.success ? said.data.reason : 'the agent’s Lightning address does not answer');
}

/** What the agent takes. */
export function payable(agent: AgentFacts): Promise<Payable> {
  return ask(payRequest, `/.well-known/lnurlp/${agent.slug}`);
}

/**
 * An invoice for a zap.
 *
 * @param signer who zaps; null for somebody unknown, who signs with a key of the moment
 */
export async function zapInvoice(
  agent: AgentFacts,
  { callback }: Payable,
  signer: Signer | null,
  sats: number,
  comment: string,
): Promise<ZapInvoice> {
  const amount_msats = sats * MSATS;
  const request = await (signer ?? (await signerOf(makeLocal(), () => undefined))).signEvent({
    kind: KIND.zapRequest,
    created_at: Math.floor(Date.now() / 1_000),
    tags: [
      ['p', agent.pubkey],
      ['amount', String(amount_msats)],
      ['relays', ...pageFacts().relays],
      ...(signer === null ? [['anon']] : []),
    ],
    content: comment,
  });
  const url = new URL(callback);
  url.searchParams.set('amount', String(amount_msats));
  url.searchParams.set('nostr', JSON.stringify(request));
  const { pr, verify = null } = await ask(payInvoice, url.href);
  return { bolt11: pr, amount_msats, verify };
}

/** Whether a zap has arrived. */
export async function isPaid(verify: string): Promise<boolean> {
  return (await ask(payVerify, verify)).settled;
}
