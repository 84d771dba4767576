/**
 * From a receipt of another provider that reached us to the job it claims to have paid. What comes out is a claim and
 * never a payment (foreign.ts); its payment hash is bound, so that one invoice claims for one job only.
 */
import { type NostrEvent, tagValue } from '../../nostr/event.ts';
import type { AgentKinds } from '../../nostr/kinds.ts';
import type { Network } from '../bolt11/invoice.ts';
import { type Msats, msats, parseMsats } from '../msats.ts';
import { type ClaimedZap, checkForeignReceipt, type ZapRefusal } from './foreign.ts';
import type { ZapProvider } from './provider.ts';
import { readZapRequest } from './request.ts';
import { type ZapLookup, type ZapTarget, zapTarget } from './target.ts';

export interface ClaimPorts extends ZapLookup {
  /** Null when the agent's provider signs nothing that could be believed. Rejects when it could not be asked. */
  readonly provider: () => Promise<ZapProvider | null>;
  readonly network: () => Promise<Network>;
  readonly bind: (paymentHash: string, purpose: string) => Promise<boolean>;
  /** Unix s. */
  readonly now_s: number;
}

/** `no_job`: it names none of this agent's jobs, or none whose event is here; `no_provider`: see {@link ClaimPorts}. */
export type ClaimRefusal = ZapRefusal | 'no_job' | 'no_provider';

export interface ClaimedJob {
  readonly job: NonNullable<ZapTarget['job']>;
  readonly claim: ClaimedZap;
}

/**
 * Checks a receipt, the cheapest look first: what is not about a job of ours costs no question to anybody.
 *
 * @param agent public key of the agent whose address is elsewhere
 * @throws what the ports reject with: then the receipt has to come again
 */
export async function claimedJob(
  receipt: NostrEvent,
  agent: string,
  kinds: AgentKinds,
  ports: ClaimPorts,
): Promise<ClaimedJob | ClaimRefusal> {
  const request = readZapRequest(tagValue(receipt, 'description') ?? '');
  if (typeof request === 'string') return `request_${request}`;
  const event = request.eventId === null ? null : await ports.find(request.eventId);
  const target = event === null ? null : await zapTarget(request, agent, kinds, ports);
  if (event === null || target === null || target === 'unknown_event' || target.job === null) return 'no_job';
  const provider = await ports.provider();
  if (provider === null) return 'no_provider';
  const claim = checkForeignReceipt(receipt, {
    providerPubkey: provider.pubkey,
    endpoints: provider.endpoints,
    payee: agent,
    event: { id: event.id, address: null, createdAt_s: event.created_at },
    client: target.client,
    price: priceIn(event),
    network: await ports.network(),
    now_s: ports.now_s,
    isUsed: () => false,
  });
  if (typeof claim === 'string') return claim;
  return (await ports.bind(claim.paymentHash, `zapped:${target.job.id}`))
    ? { job: target.job, claim }
    : 'payment_used';
}

/** What an event asks for (NIP-90 `amount`), where it does; the session compares again with what it asked. */
function priceIn(event: NostrEvent): Msats {
  return parseMsats(tagValue(event, 'amount') ?? '') ?? msats(1);
}
