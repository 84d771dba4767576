/** What a job would cost with an agent of this deployment. */
import { fuelBudget } from '../src/agent/code/order.ts';
import { readTeamOrder } from '../src/agent/team/request.ts';
import type { OfferedQuote } from '../src/http/ports.ts';
import { msats } from '../src/payment/msats.ts';
import { type Quote, quote } from '../src/payment/pricing.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import type { JobBody } from '../src/protocol/model.ts';
import { isFree } from '../src/protocol/prices.ts';
import type { Marketplace } from './marketplace.ts';
import { checkTerms } from './verified-terms.ts';

/**
 * The most it can cost; null when it is free.
 *
 * @param body checked against what the agent takes
 * @param history_bytes UTF-8 of the earlier turns that go along in a session
 * @throws JobError where a team cannot work as the request wants it
 */
export function quoteOf(
  marketplace: Pick<Marketplace, 'teamOf'>,
  agent: KeyedAgent,
  body: JobBody,
  history_bytes: number,
): Quote | null {
  const { prices } = agent;
  if (isFree(prices)) return null;
  const fuel = agent.runtime === 'code' ? fuelBudget(body.parameters) : 0;
  if (agent.runtime !== 'team') return quote(agent, body, history_bytes, fuel);
  const { budget } = readTeamOrder(marketplace.teamOf(agent), prices, body);
  return { max: budget, fixed: false, prices };
}

/** The same for who asks before posting, with what the session would refuse it for. @throws JobError */
export function offeredQuote(
  marketplace: Marketplace,
  agent: KeyedAgent,
  body: JobBody,
  client: string | null,
): OfferedQuote {
  // Nobody can have encrypted anything for a client without a key, so any key refuses it as it should be.
  const terms = checkTerms(marketplace, agent, client ?? marketplace.ownKeys.publicKey, body.contract);
  const quote = quoteOf(marketplace, agent, body, 0);
  return { max: quote?.max ?? msats(0), fixed: quote?.fixed ?? true, checked: terms !== null };
}
