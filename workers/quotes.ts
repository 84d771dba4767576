/** What a job would cost with an agent of this deployment. */
import { fuelBudget } from '../src/agent/code/order.ts';
import { readTeamOrder } from '../src/agent/team/request.ts';
import { type Quote, quote } from '../src/payment/pricing.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import type { JobBody } from '../src/protocol/model.ts';
import { isFree } from '../src/protocol/prices.ts';
import type { Marketplace } from './marketplace.ts';

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
