/** Routing: which of our agents a request is for, and in which session it belongs. Pure. */
import { type Rumor, sha256Hex } from '../nostr/event.ts';
import type { AgentKinds } from '../nostr/kinds.ts';
import type { KeyedAgent } from './agent.ts';
import { isTaskAnswer, requestedModel } from './agent-nip.ts';
import { dialectOf } from './dialects.ts';
import type { Envelope } from './model.ts';

export interface Routed {
  readonly agent: KeyedAgent;
  readonly envelope: Envelope;
}

/**
 * Finds the agent a request is for, or null when it is none of ours or no request at all.
 *
 * A request that names an agent is its, even of a kind it does not take: the agent says so itself. One that names
 * only others is left to them. One that names nobody goes to the best agent for it.
 *
 * @param event what carries the tags: the event, or the rumor out of a gift wrap
 * @param agents best first
 * @param addressee given for a rumor: the agent whose key opened its gift wrap, and who alone can open it again
 */
export function route(
  event: Rumor,
  agents: readonly KeyedAgent[],
  kinds: AgentKinds,
  addressee?: KeyedAgent,
): Routed | null {
  const dialect = dialectOf(event.kind, kinds);
  if (dialect === null) return null;
  // Results of the agent NIP have the kind of requests: without this, two agents could talk to each other for ever.
  if (event.kind === kinds.task && isTaskAnswer(event)) return null;
  if (agents.some((agent) => agent.pubkey === event.pubkey)) return null;
  if (addressee !== undefined) return { agent: addressee, envelope: dialect.envelope(event, 'giftwrap') };
  const envelope = dialect.envelope(event);
  const agent =
    envelope.agents.length === 0 ? bestAgent(event, envelope, agents, kinds) : namedAgent(envelope, agents);
  return agent === undefined ? null : { agent, envelope };
}

/** Whether an agent serves requests of this kind. */
export function takesKind(agent: KeyedAgent, kind: number, kinds: AgentKinds): boolean {
  return kind === kinds.task || agent.jobKinds.includes(kind);
}

function namedAgent(envelope: Envelope, agents: readonly KeyedAgent[]): KeyedAgent | undefined {
  for (const pubkey of envelope.agents) {
    const agent = agents.find((candidate) => candidate.pubkey === pubkey);
    if (agent !== undefined) return agent;
  }
  return undefined;
}

function bestAgent(
  event: Rumor,
  envelope: Envelope,
  agents: readonly KeyedAgent[],
  kinds: AgentKinds,
): KeyedAgent | undefined {
  // Encrypted to nobody named: there is no telling who could read it.
  if (envelope.sealing === 'nip44' || envelope.sealing === 'nip04') return undefined;
  if (event.kind !== kinds.task) return agents.find((agent) => takesKind(agent, event.kind, kinds));
  const model = requestedModel(event);
  return (
    agents.find((agent) => agent.slug === model) ??
    agents.find((agent) => model !== null && agent.models.includes(model)) ??
    agents.find((agent) => agent.runtime === 'chat') ??
    agents.find((agent) => agent.runtime === 'discover')
  );
}

/**
 * The name of the durable object that holds a session. The id is the client's to choose, so it is hashed, and only
 * opens what the same client began with the same agent.
 *
 * @param session `t`, or null for jobs outside any conversation
 */
export function sessionName(agentPubkey: string, client: string, session: string | null): string {
  // Lengths in front make the parts unambiguous; JSON keeps lone surrogates apart, which UTF-8 would merge.
  const conversation = session === null ? '' : sha256Hex(JSON.stringify(session));
  return `${agentPubkey.length}:${agentPubkey}:${client.length}:${client}:${conversation}`;
}

/** The parties of a session by its name; null when it is no name of {@link sessionName}. */
export function partiesOf(name: string): { agent: string; client: string } | null {
  const found = /^64:([0-9a-f]{64}):64:([0-9a-f]{64}):/.exec(name);
  const [, agent, client] = found ?? [];
  return agent === undefined || client === undefined ? null : { agent, client };
}
