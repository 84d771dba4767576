import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeltaStream } from '../../src/agent/delta-stream.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('the first piece goes at once, what follows within the window goes together', () => {
  const stream = new DeltaStream(40);
  expect(stream.push('a', 1_000)).toBe('a');
  expect(stream.push('b', 1_010)).toBeNull();
  expect(stream.push('c', 1_039)).toBeNull();
  expect(stream.dueAt_ms).toBe(1_040);
  expect(stream.due(1_039)).toBeNull();
  expect(stream.due(1_040)).toBe('bc');
  expect(stream.dueAt_ms).toBeNull();
  expect(stream.due(9_999)).toBeNull();
  expect(stream.push('d', 1_041)).toBeNull();
  expect(stream.flush(1_042)).toBe('d');
  expect(stream.flush(1_043)).toBeNull();
  expect(stream.proof()).toEqual({ deltas: 3, sha256: sha256('abcd') });
});

test('nothing said is no delta, and its proof is that of the empty text', () => {
  const stream = new DeltaStream(40);
  expect(stream.push('', 0)).toBeNull();
  expect(stream.flush(1)).toBeNull();
  expect(stream.proof()).toEqual({ deltas: 0, sha256: sha256('') });
});

test('a character of two halves is never sent in two', () => {
  const stream = new DeltaStream(0);
  const [high = '', low = ''] = '⚡😀'.slice(1).split('');
  expect(stream.push(`a${high}`, 0)).toBe('a');
  expect(stream.push(low, 1)).toBe('😀');
  expect(stream.proof().sha256).toBe(sha256('a😀'));
});

test('what goes out is what came in: complete, in order, never faster than the window, and provable', () => {
  const moves = fc.array(
    fc.record({
      text: fc.string({ unit: 'binary', maxLength: 6 }),
      wait: fc.nat({ max: 60 }),
      poll: fc.boolean(),
    }),
    { maxLength: 50 },
  );
  fc.assert(
    fc.property(moves, fc.nat({ max: 50 }), (pieces, window) => {
      const stream = new DeltaStream(window);
      const sent: { text: string; at: number }[] = [];
      let now = 0;
      const note = (text: string | null) => text !== null && sent.push({ text, at: now });
      for (const { text, wait, poll } of pieces) {
        now += wait;
        if (poll) note(stream.due(now));
        note(stream.push(text, now));
        expect(stream.nextSeq).toBe(sent.length);
      }
      for (let i = 1; i < sent.length; i++) {
        expect((sent[i]?.at ?? 0) - (sent[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(window);
      }
      note(stream.flush(now));
      const whole = sent.map(({ text }) => text).join('');
      expect(whole).toBe(pieces.map(({ text }) => text).join(''));
      // Each delta travels by itself as UTF-8, so the client can recompute the proof from what it got.
      const asReceived = sent.map(({ text }) => Buffer.from(text, 'utf8').toString('utf8')).join('');
      expect(stream.proof()).toEqual({ deltas: sent.length, sha256: sha256(asReceived) });
    }),
    { seed: 4 },
  );
});
