/** What a zap through the address of one of our agents pays: a job, or nothing in particular. */
import { type NostrEvent, tagValue } from '../../nostr/event.ts';
import { type AgentKinds, isJobResultKind, KIND } from '../../nostr/kinds.ts';
import { partiesOf } from '../../protocol/route.ts';
import type { ZapRequest } from './request.ts';

/** Whose credit the money is, and which session is to hear of it. */
export interface ZapTarget {
  /** Public key of the job's client, whoever zaps: many clients sign zaps with throwaway keys. Else the zapper's. */
  readonly client: string;
  /** The zapped job and the session that holds it; null for a zap to the agent. */
  readonly job: { readonly id: string; readonly session: string } | null;
}

/** Where events and jobs are found. */
export interface ZapLookup {
  /** An event that the embedded relay holds. */
  find(id: string): Promise<NostrEvent | null>;
  /** The name of the session that holds a job. */
  sessionOf(jobId: string): Promise<string | null>;
}

/**
 * Finds what is zapped. `unknown_event`: an event that has nothing to do with this agent, for which nobody should be
 * asked to pay here.
 *
 * @param agent public key of the agent whose address is used; the zap request names it
 */
export async function zapTarget(
  { sender, eventId, address }: Pick<ZapRequest, 'sender' | 'eventId' | 'address'>,
  agent: string,
  kinds: AgentKinds,
  { find, sessionOf }: ZapLookup,
): Promise<ZapTarget | 'unknown_event'> {
  const toAgent: ZapTarget = { client: sender, job: null };
  if (address !== null && address.split(':')[1] !== agent) return 'unknown_event';
  if (eventId === null) return toAgent;
  const event = await find(eventId);
  // A request that came by an outside relay is known by what was answered to it.
  const jobId = event === null ? eventId : jobOf(event, agent, kinds);
  if (jobId === null) return toAgent;
  const session = await sessionOf(jobId);
  const parties = session === null ? null : partiesOf(session);
  if (session === null || parties === null || parties.agent !== agent) return 'unknown_event';
  return { client: parties.client, job: { id: jobId, session } };
}

/** The job an event belongs to: what the agent answered, or the request itself. Null for what else the agent says. */
function jobOf(event: NostrEvent, agent: string, kinds: AgentKinds): string | null {
  if (event.pubkey !== agent) return event.id;
  const answers = event.kind === KIND.jobFeedback || event.kind === kinds.task || isJobResultKind(event.kind);
  return answers ? (tagValue(event, 'e') ?? null) : null;
}
