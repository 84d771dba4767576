import { describe, expect, test } from 'vitest';
import { mayRead, refuseReading } from '../../src/relay/visibility.ts';

const me = 'a'.repeat(64);
const wrap = (kind: number) => ({
  id: '1'.repeat(64),
  pubkey: 'f'.repeat(64),
  sig: '2'.repeat(128),
  kind,
  created_at: 1,
  tags: [['p', me]],
  content: '',
});

describe.each([1059, 21_059])('a gift wrap of kind %i', (kind) => {
  test('is read by whom it is for, and by the marketplace', () => {
    expect(mayRead(new Set([me]), wrap(kind))).toBe(true);
    expect(mayRead('all', wrap(kind))).toBe(true);
    expect(mayRead(new Set(['b'.repeat(64)]), wrap(kind))).toBe(false);
    expect(mayRead(new Set(), wrap(kind))).toBe(false);
  });

  test('is not asked for without a proved key', () => {
    expect(refuseReading(new Set(), [{ kinds: [kind] }])).toMatch(/^auth-required: /);
    expect(refuseReading(new Set([me]), [{ kinds: [kind] }])).toBeNull();
  });
});

test('what is no gift wrap is read by anyone', () => {
  expect(mayRead(new Set(), wrap(7001))).toBe(true);
  expect(refuseReading(new Set(), [{ kinds: [7001] }, {}])).toBeNull();
});
