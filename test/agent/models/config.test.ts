import { expect, test } from 'vitest';
import { embeddedAgents } from '../../../src/agent/embedded.ts';
import { costOf } from '../../../src/agent/models/prices.ts';
import { readConfig } from '../../../src/config.ts';

const config = (raw: Record<string, string>) => readConfig({ LOCAL: '1', MODEL: 'small', ...raw });

test('by default there is one model of 16,384 tokens without limits or prices, and old turns are left out', () => {
  const { models, chatContext } = config({});
  expect(models).toEqual({
    fallbacks: [],
    requestsPerMinute: null,
    tokensPerMinute: null,
    contextTokens: 16_384,
    prices: new Map(),
  });
  expect(chatContext).toBe('truncate');
});

test('what is set is read, and the context is what the card of chat says', () => {
  const read = config({
    MODEL_BASE_URL: 'https://model.example/v1',
    MODEL_FALLBACKS: ' mid, @cf/org/large:1 ',
    MODEL_RPM: '30',
    MODEL_TPM: '200000',
    MODEL_CONTEXT_TOKENS: '131072',
    CHAT_CONTEXT: 'summarize',
  });
  expect(read.models).toMatchObject({
    fallbacks: ['mid', '@cf/org/large:1'],
    requestsPerMinute: 30,
    tokensPerMinute: 200_000,
    contextTokens: 131_072,
  });
  const chat = embeddedAgents(read).find(({ slug }) => slug === 'chat');
  expect(chat).toMatchObject({ maxContextTokens: 131_072, contextStrategy: 'summarize', models: ['small'] });
});

test('prices are exact, in dollars or sats for a million tokens', () => {
  const { prices } = config({
    MODEL_PRICES: 'small=0.15/0.6usd, a=b/c:1=0.000001/12 USD, big=120.5/480sats',
  }).models;
  expect([...prices]).toEqual([
    ['small', { unit: 'microUsd', input: 150_000n, output: 600_000n }],
    ['a=b/c:1', { unit: 'microUsd', input: 1n, output: 12_000_000n }],
    ['big', { unit: 'msats', input: 120_500n, output: 480_000n }],
  ]);
  const usage = { prompt_tokens: 1_000_000, completion_tokens: 1_000_000, total_tokens: 2_000_000 };
  expect(costOf({ big: usage }, prices, null).total_msats).toBe(600_500n);
});

test.each([
  ['MODEL_FALLBACKS', { MODEL_FALLBACKS: 'a,b,a' }],
  ['MODEL_FALLBACKS', { MODEL_FALLBACKS: 'a,small' }],
  ['MODEL_RPM', { MODEL_RPM: '0' }],
  ['MODEL_RPM', { MODEL_RPM: '1.5' }],
  ['MODEL_TPM', { MODEL_TPM: 'many' }],
  ['MODEL_TPM', { MODEL_TPM: '16383' }],
  ['MODEL_CONTEXT_TOKENS', { MODEL_CONTEXT_TOKENS: '100' }],
  ['MODEL_CONTEXT_TOKENS', { MODEL_CONTEXT_TOKENS: '1e9' }],
  ['MODEL_PRICES', { MODEL_PRICES: 'small=1/2' }],
  ['MODEL_PRICES', { MODEL_PRICES: 'small=1usd' }],
  ['MODEL_PRICES', { MODEL_PRICES: 'small=-1/2usd' }],
  ['MODEL_PRICES', { MODEL_PRICES: 'small=0.0001/2sats' }],
  ['MODEL_PRICES', { MODEL_PRICES: 'small=1/2usd,small=1/2usd' }],
  ['CHAT_CONTEXT', { CHAT_CONTEXT: 'forget' }],
])('a wrong %s stops the start by its name: %j', (name, raw) => {
  expect(() => config(raw)).toThrow(new RegExp(`^${name} `));
});
