/** Prices: a quote is the most a job costs, a charge is what it used, and neither depends on who reads it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { msats } from '../../src/payment/msats.ts';
import { charge, chargeMetered, type PricedAgent, quote, refuseQuote } from '../../src/payment/pricing.ts';
import type { JobBody } from '../../src/protocol/model.ts';
import { type AgentPrices, FREE } from '../../src/protocol/prices.ts';

const body: JobBody = {
  messages: [{ role: 'user', content: 'What is the time?' }],
  parameters: {},
  inputs: [],
  model: null,
  outputFormat: null,
  tools: null,
  bid_msats: null,
  contract: null,
  bolt11: null,
};
const agentWith = (prices: Partial<AgentPrices>): PricedAgent => ({
  prices: { ...FREE, ...prices },
  maxContextTokens: 8_000,
  maxOutputTokens: 2_000,
});
const fixed = agentWith({ perJob_msats: 21_000 });
const metered = agentWith({ per1kInputTokens_msats: 1_000, per1kOutputTokens_msats: 3_000 });
const used = (prompt_tokens: number, completion_tokens: number, fuel = 0) => ({
  prompt_tokens,
  completion_tokens,
  total_tokens: prompt_tokens + completion_tokens,
  fuel,
});

const prices = fc.record({
  perJob_msats: fc.nat(1_000_000),
  per1kInputTokens_msats: fc.nat(100_000),
  per1kOutputTokens_msats: fc.nat(100_000),
  perMillionFuel_msats: fc.nat(10_000),
});
const usage = fc
  .tuple(fc.nat(1_000_000), fc.nat(1_000_000), fc.nat(10_000_000))
  .map((amounts) => used(...amounts));

describe('a charge', () => {
  test('is never more than the quote, and charge and rest are the quote', () => {
    fc.assert(
      fc.property(prices, usage, fc.string({ maxLength: 500 }), (list, use, content) => {
        const asked = quote(agentWith(list), { ...body, messages: [{ role: 'user', content }] });
        const { total, rest, cost } = charge(asked, use);
        expect(total + rest).toBe(asked.max);
        expect(cost.price_msats).toBe(Number(total));
        expect(cost.breakdown.reduce((sum, { cost_msats }) => sum + cost_msats, 0)).toBe(cost.price_msats);
        expect(cost.breakdown.every(({ cost_msats }) => cost_msats >= 0)).toBe(true);
      }),
    );
  });

  test('of an agent that asks its model many times is never cut where it stays within its tokens', () => {
    fc.assert(
      fc.property(prices, fc.nat(50_000), fc.nat(2_000), (list, prompt, completion) => {
        const agent = { ...agentWith(list), loop: { maxTokens: 50_000 } };
        const within = used(Math.min(prompt, 50_000 - completion), completion);
        const asked = quote(agent, body);
        const uncut = { max: msats(10n ** 15n), fixed: false, prices: agent.prices };
        expect(charge(asked, within).total).toBe(charge(uncut, within).total);
      }),
      { numRuns: 5_000 },
    );
  });

  test('grows with use', () => {
    fc.assert(
      fc.property(prices, usage, usage, (list, a, b) => {
        const asked = quote(agentWith(list), body);
        const both = used(
          a.prompt_tokens + b.prompt_tokens,
          a.completion_tokens + b.completion_tokens,
          a.fuel + b.fuel,
        );
        expect(charge(asked, both).total).toBeGreaterThanOrEqual(charge(asked, a).total);
      }),
    );
  });

  test('of a use within what was foreseen is not capped', () => {
    const asked = quote(metered, body);
    expect(charge(asked, used(10, 20))).toEqual({
      total: 70n,
      rest: asked.max - 70n,
      cost: {
        input_tokens: 10,
        output_tokens: 20,
        price_msats: 70,
        breakdown: [
          { item: 'input_tokens', cost_msats: 10 },
          { item: 'output_tokens', cost_msats: 60 },
        ],
      },
    });
  });

  test('rounds each item up to a msat', () => {
    const coder = agentWith({ perJob_msats: 5, per1kInputTokens_msats: 1, perMillionFuel_msats: 7 });
    const { cost } = charge(quote(coder, body, 0, 5_000_000), used(1, 0, 1_000_001));
    expect(cost.breakdown).toEqual([
      { item: 'job', cost_msats: 5 },
      { item: 'input_tokens', cost_msats: 1 },
      { item: 'fuel', units: 1_000_001, cost_msats: 8 },
    ]);
  });

  test('of an agent without prices is nothing, and says so', () => {
    const { total, cost } = charge(quote(agentWith({}), body), used(100, 100, 1_000));
    expect(total).toBe(0n);
    expect(cost).toEqual({
      input_tokens: 100,
      output_tokens: 100,
      price_msats: 0,
      breakdown: [{ item: 'fuel', units: 1_000, cost_msats: 0 }],
    });
  });
});

test('a charge by a quote of before there was a price for fuel is made all the same', () => {
  const stored = '{"perJob_msats":5,"per1kInputTokens_msats":0,"per1kOutputTokens_msats":0}';
  const old = { max: msats(5n), fixed: true, prices: JSON.parse(stored) };
  expect(charge(old, used(0, 0, 7)).cost).toMatchObject({
    price_msats: 5,
    breakdown: [
      { item: 'job', cost_msats: 5 },
      { item: 'fuel', units: 7, cost_msats: 0 },
    ],
  });
});

describe('a quote', () => {
  test('by fuel is what all of the budget would cost, and the charge what was used of it', () => {
    const coder = agentWith({ perMillionFuel_msats: 400 });
    const asked = quote(coder, body, 0, 50_000_000);
    expect(asked).toMatchObject({ max: 20_000n, fixed: false });
    expect(charge(asked, used(0, 0, 2_500_000))).toMatchObject({ total: 1_000n, rest: 19_000n });
    expect(charge(asked, used(0, 0, 60_000_000))).toMatchObject({ total: 20_000n, rest: 0n });
  });

  test('of a fixed price is that price', () => {
    expect(quote(fixed, body)).toMatchObject({ max: 21_000n, fixed: true });
    expect(quote(metered, body).fixed).toBe(false);
  });

  test('covers the longest answer, or the one the client asks for', () => {
    const { max } = quote(metered, body);
    expect(max).toBeGreaterThanOrEqual(6_000n);
    for (const parameters of [{ max_tokens: 100 }, { max_completion_tokens: 100, max_tokens: 5_000 }]) {
      expect(quote(metered, { ...body, parameters }).max).toBeLessThan(max - 5_500n);
    }
    for (const max_tokens of [1e9, -1, 1.5, '100', null]) {
      const asked = quote(metered, { ...body, parameters: { max_tokens } });
      expect(asked.max, String(max_tokens)).toBeGreaterThanOrEqual(6_000n);
    }
  });

  test('grows with history, images, tools and inputs, up to the context', () => {
    const { max } = quote(metered, body);
    const image = { type: 'image_url', image_url: { url: 'https://x.example/y.png' } } as const;
    const larger: readonly (readonly [JobBody, number])[] = [
      [body, 3_000],
      [{ ...body, messages: [...body.messages, { role: 'user', content: [image] }] }, 0],
      [{ ...body, tools: [{ type: 'function', function: { name: 'f'.repeat(300) } }] }, 0],
      [{ ...body, inputs: [{ type: 'url', value: 'https://x.example' }] }, 0],
    ];
    for (const [asked, history_bytes] of larger)
      expect(quote(metered, asked, history_bytes).max).toBeGreaterThan(max);
    expect(quote(metered, body, 1e9).max).toBe(8_000n + 6_000n);
  });

  test('over the bid or the contract is refused with both amounts', () => {
    const asked = quote(fixed, body);
    expect(refuseQuote(asked, body)).toBeNull();
    expect(
      refuseQuote(asked, { ...body, bid_msats: 21_000, contract: { payment_amount_sats: 21 } }),
    ).toBeNull();
    expect(refuseQuote(asked, { ...body, bid_msats: 20_999 })).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { price_msats: 21_000, bid_msats: 20_999 },
    });
    expect(refuseQuote(asked, { ...body, contract: { payment_amount_sats: 20 } })).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { contract_msats: 20_000 },
    });
    expect(refuseQuote(quote(agentWith({}), body), { ...body, bid_msats: 0 })).toBeNull();
  });

  test.each([2 ** 63, 0.5, -1, '21', true])(
    'a contract over %j sats is a bad request',
    (payment_amount_sats) => {
      expect(refuseQuote(quote(fixed, body), { ...body, contract: { payment_amount_sats } })).toMatchObject({
        code: 'BAD_REQUEST',
        details: { path: 'contract.payment_amount_sats' },
      });
    },
  );

  test.each([null, 'text', [], {}, { payment_amount_sats: null }])(
    'a contract of %j names no amount',
    (contract) => {
      expect(refuseQuote(quote(fixed, body), { ...body, contract })).toBeNull();
    },
  );

  test('is whole msats', () => {
    expect(quote(metered, body).max).toBe(msats(quote(metered, body).max));
  });
});

describe('chargeMetered()', () => {
  const items = fc.array(fc.record({ item: fc.string(), cost_msats: fc.nat(100_000) }), { maxLength: 6 });
  const sum = (breakdown: readonly { readonly cost_msats: number }[]) =>
    breakdown.reduce((total, { cost_msats }) => total + cost_msats, 0);

  test('is what was metered, never more than the most, and its items come to no more than that', () => {
    fc.assert(
      fc.property(items, fc.nat(400_000), (breakdown, max) => {
        const cost = chargeMetered(msats(max), used(10, 20), { msats: sum(breakdown), breakdown });
        expect(cost.price_msats).toBe(Math.min(max, sum(breakdown)));
        expect(sum(cost.breakdown)).toBe(cost.price_msats);
        expect(cost.breakdown.map(({ item }) => item)).toEqual(breakdown.map(({ item }) => item));
      }),
    );
  });
});
