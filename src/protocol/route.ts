/** Routing: which of our agents a request is for, and in which session it belongs. Pure. */
import { type Rumor, sha256Hex } from '../nostr/event.ts';
import type { AgentKinds } from '../nostr/kinds.ts';
import { answersChecks, isOpen, type KeyedAgent } from './agent.ts';
import { isTaskAnswer } from './agent-nip.ts';
import { dialectOf } from './dialects.ts';
import type { Envelope } from './model.ts';
import { isFree } from './prices.ts';
import { type Wanted, wantedOf } from './wanted.ts';

export interface Routed {
  /** The one it is for, by what agents say of themselves: the first of the candidates, or who has to say that there are none. */
  readonly agent: KeyedAgent;
  /** Those that may be given it, best fitting first: one for a request that names its agent. Which of several is the broker's choice. */
  readonly candidates: readonly KeyedAgent[];
  readonly envelope: Envelope;
  /** What an open request asks of its agent; null for one that names its agent. */
  readonly wanted: Wanted | null;
}

/**
 * Finds the agent a request is for, or null when it is none of ours or no request at all.
 *
 * A request that names an agent is its, even of a kind it does not take: the agent says so itself. One that names
 * only others is left to them. One that names nobody goes to one of the agents that fit it.
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
  if (addressee !== undefined) return named(addressee, dialect.envelope(event, 'giftwrap'));
  const envelope = dialect.envelope(event);
  if (envelope.agents.length > 0) return named(namedAgent(envelope, agents), envelope);
  // Encrypted to nobody named: there is no telling who could read it.
  if (envelope.sealing === 'nip44' || envelope.sealing === 'nip04') return null;
  const wanted = wantedOf(event, kinds);
  const fit = fitting(event, wanted, agents, kinds);
  const candidates = wanted.check === null ? fit : fit.filter(({ runtime }) => answersChecks(runtime));
  const [agent] = candidates.length > 0 ? candidates : fit;
  return agent === undefined ? null : { agent, candidates, envelope, wanted };
}

function named(agent: KeyedAgent | undefined, envelope: Envelope): Routed | null {
  return agent === undefined ? null : { agent, candidates: [agent], envelope, wanted: null };
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

/**
 * The agents that an open request is for: those it names by `model`, else those that do what it asks. Where it offers no
 * money, the free ones among them, if there are any: nobody asked to be asked for money.
 */
function fitting(
  event: Rumor,
  wanted: Wanted,
  agents: readonly KeyedAgent[],
  kinds: AgentKinds,
): readonly KeyedAgent[] {
  const { model, check } = wanted;
  const isTask = event.kind === kinds.task;
  const able = agents.filter(
    // What is paid to an agent of others is its client's to pay, so nobody gets one who did not name it.
    (agent) =>
      isOpen(agent) && agent.runtime !== 'external' && (isTask || takesKind(agent, event.kind, kinds)),
  );
  const circles: ((agent: KeyedAgent) => boolean)[] = [
    ({ slug }) => slug === model,
    ({ models }) => model !== null && models.includes(model),
    ...(isTask
      ? [
          check === null
            ? ({ runtime }: KeyedAgent) => runtime === 'chat'
            : ({ runtime }: KeyedAgent) => answersChecks(runtime),
          ({ runtime }: KeyedAgent) => runtime === 'discover',
        ]
      : [() => true]),
  ];
  const circle = circles.map((fits) => able.filter(fits)).find((fit) => fit.length > 0) ?? [];
  const free = wanted.offersMoney ? [] : circle.filter(({ prices }) => isFree(prices));
  return free.length > 0 ? free : circle;
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

/** The name of the session of the same client in the same conversation with another agent. */
export function sessionWith(name: string, agentPubkey: string): string {
  const parties = partiesOf(name);
  if (parties === null) throw new Error('this is no name of a session');
  return name.replace(parties.agent, agentPubkey);
}

/** The parties of a session by its name; null when it is no name of {@link sessionName}. */
export function partiesOf(name: string): { agent: string; client: string } | null {
  const found = /^64:([0-9a-f]{64}):64:([0-9a-f]{64}):/.exec(name);
  const [, agent, client] = found ?? [];
  return agent === undefined || client === undefined ? null : { agent, client };
}
