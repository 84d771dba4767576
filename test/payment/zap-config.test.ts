import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';

/** Which agents are zapped elsewhere, and how far such zaps are trusted, as an operator writes it. */
const read = (variables: Record<string, string>) => readConfig({ LOCAL: '1', ...variables });

test('addresses elsewhere are read by slug, in lower case', () => {
  const { zapAddresses } = read({ ZAP_ADDRESSES: 'discover=Agent@Provider.example, chat=x@127.0.0.1:8080' });
  expect([...zapAddresses]).toEqual([
    ['discover', 'agent@provider.example'],
    ['chat', 'x@127.0.0.1:8080'],
  ]);
  expect(read({}).zapAddresses.size).toBe(0);
});

test.each([
  'discover',
  'discover=',
  'discover=provider.example',
  '=x@y.example',
  'discover=x@y.example|z@y.example',
  'discover=x@y.example*2',
  'discover=x@y.example,discover=z@y.example',
])('%s stops the start', (ZAP_ADDRESSES) => {
  expect(() => read({ ZAP_ADDRESSES })).toThrow('ZAP_ADDRESSES must be');
});

test('nothing is trusted unless the operator says so, or it is a developer’s own', () => {
  const deployed = { MASTER_SECRET: 'ab'.repeat(32), PUBLIC_URL: 'https://market.example' };
  expect(readConfig(deployed).zapTrust_msats).toBe(0);
  expect(readConfig({ ...deployed, ZAP_TRUST_SATS: '7' }).zapTrust_msats).toBe(7_000);
  expect(read({}).zapTrust_msats).toBe(100_000);
  expect(() => read({ ZAP_TRUST_SATS: '-1' })).toThrow('ZAP_TRUST_SATS');
});
