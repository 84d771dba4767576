/** Goal: each signal can only help, what is newer never loses to the same thing older, and nothing can be bought without end. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  heat,
  NO_SIGNALS,
  popularity,
  popularScore,
  type Signals,
  textScore,
} from '../../src/search/rank.ts';

const count = fc.nat({ max: 1_000_000 });
const signals: fc.Arbitrary<Signals> = fc.record({
  reactions: count,
  reposts: count,
  zappers: count,
  zap_sats: count,
  followers: count,
});
const candidate = fc.record({
  relevance: fc.double({ min: 0, max: 1, noNaN: true }),
  signals,
  age_s: fc.nat({ max: 1e9 }),
  followed: fc.boolean(),
});
const NAMES = ['reactions', 'reposts', 'zappers', 'zap_sats', 'followers'] as const;

test.each(NAMES)('more %s never lowers a score, and from nothing always raises it', (name) => {
  fc.assert(
    fc.property(candidate, count, (one, more) => {
      const better = { ...one, signals: { ...one.signals, [name]: one.signals[name] + more } };
      expect(textScore(better)).toBeGreaterThanOrEqual(textScore(one));
      expect(heat(better.signals, 7)).toBeGreaterThanOrEqual(heat(one.signals, 7));
    }),
    { seed: 1 },
  );
  expect(popularity({ ...NO_SIGNALS, [name]: 1 })).toBeGreaterThan(0);
});

test('a better match, a younger age and being followed never lower a score', () => {
  fc.assert(
    fc.property(candidate, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 1e9 }), (one, r, a) => {
      const score = textScore(one);
      expect(textScore({ ...one, relevance: Math.max(one.relevance, r) })).toBeGreaterThanOrEqual(score);
      expect(textScore({ ...one, age_s: Math.min(one.age_s, a) })).toBeGreaterThanOrEqual(score);
      expect(textScore({ ...one, followed: true })).toBeGreaterThanOrEqual(score);
    }),
    { seed: 2 },
  );
});

test('forged zaps are worth no more than a few thousand real reactions, however many and however large', () => {
  const forged = popularity({ ...NO_SIGNALS, zappers: 1e9, zap_sats: 1e15 });
  expect(forged).toBeLessThanOrEqual(popularity({ ...NO_SIGNALS, reactions: 4_095 }));
});

test('heat orders two notes as their popularity with its age taken off would, at any time', () => {
  fc.assert(
    fc.property(signals, signals, count, count, fc.nat({ max: 1e8 }), (a, b, createdA, createdB, later) => {
      const now = 1_000_000 + later;
      const aged = (s: Signals, created: number) => popularity(s) - (now - created) / 86_400;
      const byHeat =
        popularScore(heat(a, createdA), now, false) - popularScore(heat(b, createdB), now, false);
      const byAge = aged(a, createdA) - aged(b, createdB);
      expect(byHeat).toBeCloseTo(byAge, 6);
    }),
    { seed: 3 },
  );
});

test('scores are numbers for any candidate', () => {
  fc.assert(
    fc.property(candidate, (one) => Number.isFinite(textScore(one))),
    { seed: 4 },
  );
});
