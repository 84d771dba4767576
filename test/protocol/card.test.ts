import { Validator } from '@cfworker/json-schema';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { embeddedAgents } from '../../src/agent/embedded.ts';
import { readConfig } from '../../src/config.ts';
import { sha256Hex } from '../../src/nostr/event.ts';
import type { KeyedAgent } from '../../src/protocol/agent.ts';
import { AGENT_CARD_SCHEMA } from '../../src/protocol/agent-card.schema.ts';
import { agentCard, type CardReputation } from '../../src/protocol/card.ts';
import { isCard, nextCard, steadyReputation } from '../../src/protocol/card-version.ts';
import { chat, config, discover } from './fixtures.ts';

const none: CardReputation = { jobs: 0, success_rate: null, median_latency_ms: null };
const first = nextCard(null, discover, config, none);

function version(agent: KeyedAgent, reputation = none, previous = first.cardJson): string {
  return nextCard(previous, agent, config, reputation).cardVersion;
}

describe('the card', () => {
  const withModel = readConfig({ LOCAL: '1', MODEL_BASE_URL: 'http://127.0.0.1:1', MODEL: 'm' });
  const agents = [
    discover,
    chat,
    ...embeddedAgents(withModel).map((agent) => ({ ...agent, pubkey: discover.pubkey })),
  ];

  test.each(agents)('of $name is what its schema says', (agent) => {
    const card = JSON.parse(nextCard(null, agent, withModel, none).cardJson);
    expect(new Validator(structuredClone(AGENT_CARD_SCHEMA), '2020-12', false).validate(card)).toEqual({
      valid: true,
      errors: [],
    });
  });

  test('refuses by its schema what is no card', () => {
    const card = JSON.parse(first.cardJson);
    expect(isCard(card)).toBe(true);
    expect(isCard({ ...card, secret: 1 })).toBe(false);
    expect(isCard({ ...card, pubkey: 'npub1' })).toBe(false);
    expect(isCard({ ...card, agent_card_version: '1.0' })).toBe(false);
    const { pricing: _, ...unpriced } = card;
    expect(isCard(unpriced)).toBe(false);
  });

  test('states what is enforced', () => {
    expect(agentCard(discover, config, none, '1.0.0')).toMatchObject({
      pubkey: discover.pubkey,
      capabilities: { max_input_bytes: discover.maxInputBytes, time_limit_ms: discover.timeLimit_ms },
      interaction_protocols: [
        { type: 'nostr_nip_yyy', kind: '7001' },
        { type: 'nostr_nip_90', kind: '5300' },
        { type: 'nostr_nip_90', kind: '5302' },
        {
          type: 'http_api',
          endpoint_url: 'https://errand.test/v1/chat/completions',
          docs_url: 'https://errand.test/openapi.json',
        },
      ],
      rate_limits: { anonymous_requests_per_hour: 10, authenticated_requests_per_hour: 20 },
    });
  });

  test('says how escrow is kept: by locking payments, or by refund where the wallet cannot lock any', () => {
    const escrowed: KeyedAgent = { ...discover, paymentMethods: ['escrow_hodl_optional', 'credit'] };
    const locking = agentCard(escrowed, config, none, '1.0.0', true);
    const refunding = agentCard(escrowed, config, none, '1.0.0', false);
    expect(locking.pricing).toMatchObject({
      payment_methods_accepted: ['escrow_hodl_optional', 'credit'],
      escrow_details: { mechanism: 'hold_invoice' },
    });
    expect(refunding.pricing).toMatchObject({
      payment_methods_accepted: ['bolt11_prepaid', 'credit'],
      escrow_details: { mechanism: 'prepaid_refund' },
    });
    for (const card of [locking, refunding]) expect(isCard(card)).toBe(true);
    expect(agentCard(discover, config, none, '1.0.0').pricing.escrow_details).toBeUndefined();
  });

  test('its hash is of the very bytes', () => {
    expect(first.cardHash).toBe(sha256Hex(first.cardJson));
  });
});

describe('its version', () => {
  test('begins at 1.0.0 and stays, byte for byte, while nothing changes', () => {
    expect(first.cardVersion).toBe('1.0.0');
    expect(nextCard(first.cardJson, discover, config, none)).toEqual(first);
  });

  const parametersSchema = { ...discover.parametersSchema, title: 'new' };
  test.each<[string, Partial<KeyedAgent>, string]>([
    ['words', { description: 'Finds other things' }, '1.0.1'],
    ['an example', { exampleRequest: {} }, '1.0.1'],
    ['the words of a task', { tasks: [{ type: 'note-search', description: 'Finds' }] }, '1.0.1'],
    ['a limit', { maxInputBytes: 100 }, '1.1.0'],
    ['the parameter schema', { parametersSchema }, '1.1.0'],
    ['one more kind', { jobKinds: [5300, 5302, 5303] }, '1.1.0'],
    ['one more model', { models: ['m'] }, '1.1.0'],
    ['a kind gone', { jobKinds: [5300] }, '2.0.0'],
    ['a task gone', { tasks: [{ type: 'other', description: 'Other' }] }, '2.0.0'],
    ['authentication asked for', { authentication: 'nip42' }, '2.0.0'],
    ['another key', { pubkey: 'a'.repeat(64) }, '2.0.0'],
  ])('moves with %s', (_name, change, expected) => {
    expect(version({ ...discover, ...change })).toBe(expected);
  });

  test('counts on from where it is', () => {
    const second = nextCard(first.cardJson, { ...discover, maxInputBytes: 100 }, config, none);
    expect(version({ ...discover, maxInputBytes: 100, name: 'New' }, none, second.cardJson)).toBe('1.1.1');
  });

  test('rises above a stored card of another shape', () => {
    expect(version(discover, none, '{"agent_card_version":"3.1.4","old":true}')).toBe('4.0.0');
    expect(version(discover, none, '{}')).toBe('2.0.0');
  });
});

describe('its reputation', () => {
  const figures = (jobs: number, success_rate: number | null, median_latency_ms: number | null) => ({
    jobs,
    success_rate,
    median_latency_ms,
  });

  test('is a new card when it moved far enough, and only then', () => {
    const shown = figures(100, 0.95, 40);
    const kept = [figures(199, 0.95, 40), figures(100, 0.91, 40), figures(100, 0.99, 59)];
    for (const current of kept) expect(steadyReputation(shown, current)).toBe(shown);
    const moved = [
      figures(200, 0.95, 40),
      figures(100, 0.89, 40),
      figures(100, 0.95, 61),
      figures(99, 0.95, 40),
    ];
    for (const current of moved) expect(steadyReputation(shown, current)).toBe(current);
    expect(version(discover, figures(1, 1, 10))).toBe('1.0.1');
  });

  test('does not turn jobs into announcements: ten thousand of them make few cards', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        let json = first.cardJson;
        let cards = 0;
        let delivered = 0;
        for (let jobs = 1; jobs <= 10_000; jobs += 7) {
          // A rate and a latency that tremble as real ones do.
          delivered += (jobs * 31 + seed) % 50 === 0 ? 6 : 7;
          const rate = Math.min(1, delivered / jobs);
          const next = nextCard(json, discover, config, figures(jobs, rate, 40 + ((jobs + seed) % 5)));
          if (next.cardJson !== json) cards++;
          json = next.cardJson;
        }
        expect(cards).toBeLessThan(25);
      }),
      { numRuns: 3, seed: 8 },
    );
  });
});
