import { describe, expect, test } from 'vitest';
import { fuelBudget, readCodeOrder } from '../../../src/agent/code/order.ts';
import { embeddedAgents, keyedAgents } from '../../../src/agent/embedded.ts';
import { ConfigError, readConfig } from '../../../src/config.ts';
import { SANDBOX_FUEL, SANDBOX_MAX_FUEL } from '../../../src/limits.ts';
import { quote } from '../../../src/payment/pricing.ts';
import { announcements } from '../../../src/protocol/announcements.ts';
import { agentCard } from '../../../src/protocol/card.ts';
import { checkBody } from '../../../src/protocol/validate.ts';
import { taskOf } from '../../support/tasks.ts';

const DEPLOYED = { PUBLIC_URL: 'https://errand.net', MASTER_SECRET: '1'.repeat(64) };
const WALLET = {
  NWC_URI: `nostr+walletconnect://${'a'.repeat(64)}?relay=wss%3A%2F%2Frelay.example&secret=${'b'.repeat(64)}`,
};

function agentsOf(raw: Record<string, string>) {
  return embeddedAgents(readConfig(raw)).filter(({ runtime }) => runtime === 'code');
}

const priceOf = (raw: Record<string, string>) => agentsOf(raw)[0]?.prices.perMillionFuel_msats;

describe('the price of fuel', () => {
  test('is the operator’s; by itself there is one only where somebody can be paid', () => {
    expect(priceOf({ LOCAL: '1' })).toBe(0);
    expect(priceOf(DEPLOYED)).toBe(0);
    expect(priceOf({ ...DEPLOYED, ...WALLET })).toBe(20);
    expect(priceOf({ ...DEPLOYED, ...WALLET, FUEL_PRICE_SATS: '0.125' })).toBe(125);
    expect(priceOf({ ...DEPLOYED, ...WALLET, FUEL_PRICE_SATS: '0' })).toBe(0);
    expect(priceOf({ LOCAL: '1', FUEL_PRICE_SATS: '1' })).toBe(1_000);
    // Who has a price and no wallet is not announced.
    expect(agentsOf({ ...DEPLOYED, FUEL_PRICE_SATS: '1' })).toEqual([]);
  });

  test.each(['free', '-1', '0.0001', '1001'])('cannot be %s', (price) => {
    expect(() => readConfig({ LOCAL: '1', FUEL_PRICE_SATS: price })).toThrow(ConfigError);
  });

  test('is on card and announcement', () => {
    const config = readConfig({ LOCAL: '1', FUEL_PRICE_SATS: '0.02' });
    const agent = keyedAgents(config).find(({ slug }) => slug === 'code');
    if (agent === undefined) throw new Error('no agent code');
    const card = agentCard(agent, config, { jobs: 0, success_rate: null, median_latency_ms: null }, '1.0.0');
    expect(card.pricing.models).toEqual([expect.objectContaining({ id: 'code', cost_per_1m_fuel: 0.02 })]);
    expect(card.interaction_protocols).toContainEqual({ type: 'nostr_nip_90', kind: '5601' });
    const facts = { cardHash: 'f'.repeat(64), lud16: null };
    const [card37001] = announcements(agent, config, facts, 0).filter(
      ({ template }) => template.kind === 37_001,
    );
    expect(card37001?.template.tags).toContainEqual(['price', '0.02', 'sats', '1m_fuel']);
  });
});

describe('the budget', () => {
  test('is free up to the usual one, and larger where it is paid', () => {
    const [free, prepaid] = agentsOf({ LOCAL: '1' });
    if (free === undefined || prepaid === undefined) throw new Error('two agents are missing');
    const body = (fuel: number) => taskOf('code', 'x', { body: { parameters: { fuel } } }).body;
    expect(checkBody(body(SANDBOX_FUEL), free, 'agent')).toBeTruthy();
    expect(() => checkBody(body(SANDBOX_FUEL + 1), free, 'agent')).toThrow(/fuel/);
    expect(checkBody(body(SANDBOX_MAX_FUEL), prepaid, 'agent')).toBeTruthy();
    expect(() => checkBody(body(SANDBOX_MAX_FUEL + 1), prepaid, 'agent')).toThrow(/fuel/);
    expect(() => checkBody(body(0), prepaid, 'agent')).toThrow(/fuel/);
    const large = body(SANDBOX_MAX_FUEL);
    expect(quote(prepaid, large, 0, fuelBudget(large.parameters)).max).toBe(80_000n);
    expect(quote(prepaid, large, 0, fuelBudget({})).max).toBe(20_000n);
  });
});

test('the example on the card is an order', () => {
  const { body } = taskOf('code', '');
  const [agent] = agentsOf({ LOCAL: '1' });
  const { messages, parameters } = JSON.parse(JSON.stringify(agent?.exampleRequest));
  expect(readCodeOrder({ ...body, messages, parameters })).toMatchObject({
    language: 'python',
    fuel: 10_000_000,
  });
});
