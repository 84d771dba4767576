import fc from 'fast-check';
import { expect, test } from 'vitest';
import { providerDelay } from '../../../src/agent/models/provider-delay.ts';

const NOW = Date.UTC(2026, 10, 24, 12);

test.each<[Record<string, string>, number | null]>([
  [{}, null],
  [{ 'retry-after': '17' }, 17_000],
  [{ 'retry-after': '1.5' }, 1_500],
  [{ 'retry-after': new Date(NOW + 90_000).toUTCString() }, 90_000],
  [{ 'retry-after': new Date(NOW - 90_000).toUTCString() }, 0],
  [{ 'retry-after': 'soon' }, null],
  [{ 'retry-after': '-3' }, null],
  [{ 'retry-after': '999999999' }, null],
  [{ 'retry-after-ms': '250', 'retry-after': '1' }, 250],
  // OpenAI: only the allowance that is used up counts.
  [
    {
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    },
    360_000,
  ],
  [{ 'x-ratelimit-reset-requests': '17ms', 'x-ratelimit-reset-tokens': '7.66s' }, 7_660],
  // OpenRouter: a Unix time in ms; others in s.
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + 5_000) }, 5_000],
  [{ 'x-ratelimit-reset': String(NOW / 1_000 + 5) }, 5_000],
  [{ 'x-ratelimit-reset': '12' }, 12_000],
  [{ 'x-ratelimit-remaining': '5', 'x-ratelimit-reset': '12' }, null],
])('%j names %s ms', (headers, delay) => {
  expect(providerDelay(new Headers(headers), NOW)).toBe(delay);
});

test('whatever stands in the headers, the delay is null or from 0 to a day', () => {
  const value = fc.string().filter((text) => /^[\x20-\x7e]*$/.test(text));
  fc.assert(
    fc.property(value, value, (a, b) => {
      const delay = providerDelay(new Headers({ 'retry-after': a, 'x-ratelimit-reset': b }), NOW);
      expect(delay === null || (delay >= 0 && delay <= 86_400_000)).toBe(true);
    }),
  );
});
