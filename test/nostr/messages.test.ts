import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventJson, eventMessage, isDeeperThan, parseClientMessage } from '../../src/nostr/messages.ts';
import { MESSAGE_LIMITS } from '../../src/relay/message-limits.ts';
import { signedBy } from '../support/events.ts';

describe('isDeeperThan', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

  test('says of any JSON how deep it nests, whatever stands in its strings', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('[[[', '\\"[', '"', '\\', '{"a":[', ']}'));
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        text,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(text, tie('value'), { maxKeys: 2 }),
      ),
    })).value;
    fc.assert(
      fc.property(json, fc.integer({ min: 0, max: 8 }), fc.constantFrom(0, 1), (value, max, indent) => {
        expect(isDeeperThan(JSON.stringify(value, null, indent), max)).toBe(depthOf(value) > max);
      }),
      { numRuns: 1_000, seed: 5 },
    );
  });
});

describe('parseClientMessage', () => {
  test('never throws, and answers whatever it refuses', () => {
    const words = fc.constantFrom('EVENT', 'REQ', 'COUNT', 'CLOSE', 'AUTH', 'x', '__proto__', null, 1);
    const filter = fc.dictionary(
      fc.constantFrom('ids', 'kinds', '#e', '#ee', 'limit', '__proto__', 'since'),
      fc.jsonValue(),
    );
    const message = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .tuple(words, fc.oneof(fc.string(), fc.jsonValue()), fc.oneof(filter, fc.jsonValue()))
        .map((m) => JSON.stringify(m)),
    );
    fc.assert(
      fc.property(message, (frame) => {
        const parsed = parseClientMessage(frame, MESSAGE_LIMITS);
        if (parsed.type === 'refused')
          expect(['OK', 'CLOSED', 'NOTICE']).toContain(JSON.parse(parsed.answer)[0]);
      }),
      { numRuns: 2_000, seed: 6 },
    );
  });

  test('an event without a usable id is answered by NOTICE, one with an id by OK', () => {
    const answerTo = (event: unknown) => {
      const parsed = parseClientMessage(JSON.stringify(['EVENT', event]), MESSAGE_LIMITS);
      return parsed.type === 'refused' ? JSON.parse(parsed.answer).slice(0, 2) : parsed.type;
    };
    expect(answerTo({ id: 'abc' })).toEqual(['OK', 'abc']);
    expect(answerTo({ id: 'x'.repeat(65) })[0]).toBe('NOTICE');
    expect(answerTo({ id: { toString: 'x' } })[0]).toBe('NOTICE');
    expect(answerTo([])[0]).toBe('NOTICE');
  });
});

test('eventMessage carries the event unchanged under any subscription name', () => {
  const event = signedBy('anna', { kind: 1, content: '\u2028"\\ é ☃', tags: [['t', '\n']] });
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      expect(JSON.parse(eventMessage(name, eventJson(event)))).toEqual(['EVENT', name, event]);
    }),
    { numRuns: 200, seed: 7 },
  );
});
