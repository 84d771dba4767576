/** Amounts: what is not exactly one never becomes one, and dividing them neither makes nor loses a msat. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add,
  FEE_PARTS,
  feeFromPercent,
  formatSats,
  MAX_MSATS,
  msats,
  msatsFromSats,
  msatsSchema,
  parseMsats,
  splitByWeights,
  splitFee,
  subtract,
  toJson,
  toNumber,
} from '../../src/payment/msats.ts';

const amounts = fc.bigInt({ min: 0n, max: MAX_MSATS }).map(msats);

describe('an amount', () => {
  test('survives text, JSON and numbers unchanged', () => {
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(parseMsats(amount.toString())).toBe(amount);
        expect(BigInt(toNumber(amount))).toBe(amount);
        const stored: unknown = JSON.parse(toJson({ amount }));
        expect(stored).toEqual({ amount: amount.toString() });
        expect(msatsSchema.parse(amount.toString())).toBe(amount);
      }),
    );
  });

  test.each([
    '',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '-0',
    '01',
    '1.0',
    '1.5',
    '1e3',
    '0x10',
    '1_000',
    '１',
    'NaN',
    '9007199254740992',
    '9223372036854775808',
    '99999999999999999999999999',
  ])('is not read from %j', (text) => {
    expect(parseMsats(text)).toBeNull();
    expect(msatsSchema.safeParse(text).success).toBe(false);
  });

  test.each([1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2n ** 63n), 2n ** 63n])(
    'is not made of %s',
    (value) => {
      expect(() => msats(value)).toThrow(RangeError);
    },
  );

  test('comes from whole sats only', () => {
    expect(msatsFromSats(21)).toBe(21_000n);
    for (const wrong of [1.5, -1, Number.NaN, 2 ** 53, 9_007_199_254_741, '21', null, undefined, true]) {
      expect(msatsFromSats(wrong), String(wrong)).toBeNull();
    }
  });

  test.each([
    [0n, '0'],
    [1n, '0.001'],
    [500n, '0.5'],
    [1_000n, '1'],
    [1_005n, '1.005'],
    [21_000n, '21'],
    [MAX_MSATS, '9007199254740.991'],
  ])('of %s msats reads %s sats', (amount, text) => {
    expect(formatSats(msats(amount))).toBe(text);
  });

  test('is never less than nothing nor more than everything', () => {
    expect(() => subtract(msats(1), msats(2))).toThrow(RangeError);
    expect(() => add(msats(MAX_MSATS), msats(1))).toThrow(RangeError);
    expect(add()).toBe(0n);
  });
});

describe('a fee', () => {
  const parts = fc.integer({ min: 0, max: FEE_PARTS });

  test('and the payout add up, and the payout is never more than the amount minus the exact fee', () => {
    fc.assert(
      fc.property(amounts, parts, (amount, share) => {
        const { payout, fee } = splitFee(amount, share);
        expect(payout + fee).toBe(amount);
        // In millionths, so that the exact fee is a whole number.
        expect(payout * BigInt(FEE_PARTS)).toBeLessThanOrEqual(amount * BigInt(FEE_PARTS - share));
        expect(fee * BigInt(FEE_PARTS)).toBeLessThan(amount * BigInt(share) + BigInt(FEE_PARTS));
      }),
    );
  });

  test('grows with the share', () => {
    fc.assert(
      fc.property(amounts, parts, parts, (amount, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(splitFee(amount, low).fee).toBeLessThanOrEqual(splitFee(amount, high).fee);
      }),
    );
    expect(splitFee(msats(1_001), feeFromPercent(10))).toEqual({ payout: 900n, fee: 101n });
  });

  test('is a percentage from 0 to 100 with at most four decimals', () => {
    expect([0, 0.0001, 2.5, 3.3333, 10, 100].map(feeFromPercent)).toEqual([
      0,
      1,
      25_000,
      33_333,
      100_000,
      FEE_PARTS,
    ]);
    for (const wrong of [-1, 100.5, 0.00001, Number.NaN]) {
      expect(() => feeFromPercent(wrong), String(wrong)).toThrow(RangeError);
    }
    expect(() => splitFee(msats(1), 0.5)).toThrow(RangeError);
    expect(() => splitFee(msats(1), FEE_PARTS + 1)).toThrow(RangeError);
  });
});

describe('a split by weights', () => {
  const weights = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 12 });

  test('gives everything away, to each within one msat of the exact share, and nothing to weight 0', () => {
    fc.assert(
      fc.property(amounts, weights, (amount, list) => {
        const split = splitByWeights(amount, list);
        expect(split.reduce((sum: bigint, part) => sum + part, 0n)).toBe(amount);
        const total = BigInt(list.reduce((sum, weight) => sum + weight, 0));
        if (total === 0n) return;
        for (const [index, part] of split.entries()) {
          const exact = amount * BigInt(list[index] ?? 0);
          const error = part * total - exact;
          expect(error < total && error > -total).toBe(true);
          if (list[index] === 0) expect(part).toBe(0n);
        }
      }),
    );
  });

  test("divides NIP-57's example, and evenly where nobody has a weight", () => {
    expect(splitByWeights(msats(1_000), [1, 1, 2])).toEqual([250n, 250n, 500n]);
    expect(splitByWeights(msats(10), [0, 0, 0])).toEqual([4n, 3n, 3n]);
    expect(() => splitByWeights(msats(1), [])).toThrow(RangeError);
    expect(() => splitByWeights(msats(1), [0.5])).toThrow(RangeError);
  });
});
