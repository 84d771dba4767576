/**
 * The broker: which agent has an open request (decision 0013). Who fits is `src/protocol/route.ts`, who of them gets it is
 * `src/arena/choice.ts`; here the choice is stored before anybody acts on it.
 */
import { type Applicant, type Choice, choose, type Known } from '../src/arena/choice.ts';
import { Knowledge, readKnown } from '../src/arena/knowledge.ts';
import { systemClock } from '../src/clock.ts';
import { JobError } from '../src/errors.ts';
import { type Broker, type Delivered, FIRST, type NextAgent, type Placement } from '../src/job/broker.ts';
import { BROKER_MAX_AGENTS } from '../src/limits.ts';
import type { Rumor } from '../src/nostr/event.ts';
import { refuseQuote } from '../src/payment/pricing.ts';
import { isOpen, type KeyedAgent } from '../src/protocol/agent.ts';
import { dialectNamed } from '../src/protocol/dialects.ts';
import type { JobBody } from '../src/protocol/model.ts';
import { type Routed, route, sessionName, sessionWith } from '../src/protocol/route.ts';
import { checkBody } from '../src/protocol/validate.ts';
import type { AssignmentRecord } from '../src/store/assignment-record.ts';
import { assign, findAssignment, passOn } from '../src/store/assignments.ts';
import { openDb } from '../src/store/db.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import { quoteOf } from './quotes.ts';

/** Where a request goes, and on what terms. */
export interface Placed {
  readonly session: string;
  readonly placement: Placement;
}

/**
 * Finds the session of a request. Where several agents fit, whoever asks first decides, for good: repeated deliveries by
 * whatever relay get the same answer. Where one fits nothing is written.
 *
 * @param event what carries the tags
 */
export async function place(env: Env, event: Rumor, routed: Routed): Promise<Placed> {
  const { agent, candidates, envelope, wanted } = routed;
  const sessionOf = ({ pubkey }: KeyedAgent) => sessionName(pubkey, envelope.client, envelope.session);
  if (wanted === null || (wanted.check === null && candidates.length === 1))
    return { session: sessionOf(agent), placement: FIRST };
  const choice = await choiceFor(env, event, routed, candidates, 0);
  const chosen = choice.type === 'agent' ? bySlug(env, choice.agent) : agent;
  const refusal = choice.type === 'agent' ? null : choice.failure;
  // Decided anew it may be refused or not, and the session keeps what came first; but it is the same session.
  if (candidates.length < 2) return { session: sessionOf(chosen), placement: { ...FIRST, refusal } };
  const held = await assign(openDb(env.DB), {
    jobId: envelope.id,
    agent: chosen.slug,
    session: sessionOf(chosen),
    tried: [],
    state: refusal === null ? 'assigned' : 'refused',
    failure: refusal,
    createdAt_ms: systemClock(),
  });
  return { session: held.session, placement: placementOf(held, false) };
}

/** The sessions that have or had a job for which several agents fit, the present one first; none for any other job. */
export async function holdersOf(env: Env, jobId: string): Promise<readonly string[]> {
  const held = await findAssignment(openDb(env.DB), jobId);
  if (held === undefined) return [];
  const { agentBySlug } = marketplaceOf(env);
  const earlier = held.tried.flatMap((slug) => {
    const agent = slug === held.agent ? undefined : agentBySlug(slug);
    return agent === undefined ? [] : [sessionWith(held.session, agent.pubkey)];
  });
  return [held.session, ...earlier];
}

/** The way from an agent that failed to the next. */
export function brokerOf(env: Env): Broker {
  return {
    nextAgent: (jobId, request, failedAgent) => nextAgent(env, jobId, request, failedAgent),
    async callOff(jobId, client) {
      for (const session of await holdersOf(env, jobId))
        await env.SESSION.getByName(session).cancel(jobId, client);
    },
  };
}

async function nextAgent(
  env: Env,
  jobId: string,
  request: Delivered,
  failedAgent: string,
): Promise<NextAgent> {
  const held = await findAssignment(openDb(env.DB), jobId);
  if (held === undefined) return { type: 'nobody' };
  if (held.tried.includes(failedAgent)) return await given(env, held, request, failedAgent);
  if (held.agent !== failedAgent || held.state !== 'assigned') return { type: 'nobody' };
  const passed = await passOn(openDb(env.DB), held, await after(env, held, request), systemClock());
  return await given(env, passed, request, failedAgent);
}

/** The assignment that follows when its agent has failed. */
async function after(env: Env, held: AssignmentRecord, { event }: Delivered): Promise<AssignmentRecord> {
  const { known, config } = marketplaceOf(env);
  const tried = [...held.tried, held.agent];
  const routed = route(event, known, config.kinds);
  const untried = routed?.candidates.filter(({ slug }) => !tried.includes(slug)) ?? [];
  const choice =
    routed === null || untried.length === 0
      ? null
      : await choiceFor(env, event, routed, untried, tried.length);
  if (choice?.type !== 'agent') return { ...held, tried, state: 'nobody_left' };
  const { slug, pubkey } = bySlug(env, choice.agent);
  return { ...held, agent: slug, session: sessionWith(held.session, pubkey), tried };
}

/** Who came after an agent that failed; if that one has the job now, it is made sure that it got the request. */
async function given(
  env: Env,
  held: AssignmentRecord,
  { event, via }: Delivered,
  failedAgent: string,
): Promise<NextAgent> {
  // Another one has failed since, so it got it.
  const later = held.tried[held.tried.indexOf(failedAgent) + 1];
  if (later !== undefined) return { type: 'agent', agent: later };
  if (held.state !== 'assigned') return { type: 'nobody' };
  const delivery = { event, via, authenticated: [] };
  await env.SESSION.getByName(held.session).open(delivery, placementOf(held, true));
  return { type: 'agent', agent: held.agent };
}

function placementOf({ tried, failure }: AssignmentRecord, passedOn: boolean): Placement {
  return { turn: tried.length, passedOn, refusal: failure };
}

function bySlug(env: Env, slug: string): KeyedAgent {
  const agent = marketplaceOf(env).agentBySlug(slug);
  if (agent === undefined) throw new Error(`an agent was chosen that is not here: ${slug}`);
  return agent;
}

async function choiceFor(
  env: Env,
  event: Rumor,
  routed: Routed,
  candidates: readonly KeyedAgent[],
  turn: number,
): Promise<Choice> {
  const job = { id: routed.envelope.id, check: routed.wanted?.check ?? null, turn };
  const known = candidates.length === 0 ? new Map<string, Known>() : await knowledgeOf(env).get();
  return choose(job, applicants(env, event, routed, candidates), known);
}

/** Those of the candidates that take such a request, for what the client offers, if any do; else all, and one of them says why not. */
function applicants(
  env: Env,
  event: Rumor,
  { envelope }: Routed,
  candidates: readonly KeyedAgent[],
): readonly Applicant[] {
  const all = candidates.map(({ slug }) => ({ agent: slug, price_msats: 0 }));
  const marketplace = marketplaceOf(env);
  const dialect = dialectNamed(envelope.dialect, marketplace.config.kinds);
  const body = quietly(() => dialect.body(event, envelope, unreadable));
  if (body === null) return all;
  const offers = candidates.flatMap((agent) => {
    const checked = quietly((): JobBody => checkBody(body, agent, envelope.dialect));
    const offer = checked && quietly(() => ({ quote: quoteOf(marketplace, agent, checked, 0) }));
    return checked === null || offer === null ? [] : [{ agent: agent.slug, checked, ...offer }];
  });
  const affordable = offers.filter(
    ({ quote, checked }) => quote === null || refuseQuote(quote, checked) === null,
  );
  const fit = affordable.length > 0 ? affordable : offers;
  if (fit.length === 0) return all;
  return fit.map(({ agent, quote }) => ({ agent, price_msats: Number(quote?.max ?? 0n) }));
}

/** What an agent refuses with a word to the client is no candidate's, and no fault. */
function quietly<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof JobError) return null;
    throw error;
  }
}

/** Open requests that are encrypted are nobody's, so there is nothing to decrypt. */
function unreadable(): never {
  throw new JobError('BAD_REQUEST', 'an open request cannot be encrypted');
}

const known = new WeakMap<Env, Knowledge>();

function knowledgeOf(env: Env): Knowledge {
  let knowledge = known.get(env);
  if (knowledge === undefined) {
    // Agents come and go; of those behind these nothing is known, as of new ones.
    const agents = () => marketplaceOf(env).agents.filter(isOpen).slice(0, BROKER_MAX_AGENTS);
    knowledge = new Knowledge((now_ms) => readKnown(openDb(env.DB), agents(), now_ms), systemClock);
    known.set(env, knowledge);
  }
  return knowledge;
}
