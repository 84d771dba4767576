import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RELAY_MAX_MESSAGE_BYTES } from '../../src/limits.ts';
import { frameBytes, parseRelayMessage } from '../../src/link/messages.ts';

const ID = 'ab'.repeat(32);

describe('parseRelayMessage()', () => {
  test.each([
    [['EVENT', 's', { id: 1 }], { type: 'EVENT', subscription: 's', event: { id: 1 } }],
    [['OK', ID, true, ''], { type: 'OK', id: ID, accepted: true, reason: '' }],
    [['OK', ID, false], { type: 'OK', id: ID, accepted: false, reason: '' }],
    [['EOSE', 's'], { type: 'EOSE', subscription: 's' }],
    [['CLOSED', 's', 'error: x'], { type: 'CLOSED', subscription: 's', reason: 'error: x' }],
    [['CLOSED', 's'], { type: 'CLOSED', subscription: 's', reason: '' }],
    [['NOTICE', 'hi'], { type: 'NOTICE', text: 'hi' }],
    [['AUTH', 'c'], { type: 'AUTH', challenge: 'c' }],
    [['COUNT', 's', { count: 3 }], { type: 'OTHER' }],
  ])('reads %j', (message, parsed) => {
    expect(parseRelayMessage(JSON.stringify(message))).toEqual(parsed);
  });

  test.each([
    ['', 'not JSON'],
    ['{}', 'not a list'],
    ['null', 'not a list'],
    ['[]', 'no message type'],
    ['[1]', 'no message type'],
    ['["EVENT","s"]', 'broken EVENT'],
    ['["EVENT",1,{}]', 'broken EVENT'],
    [`["OK","${ID.toUpperCase()}",true,""]`, 'broken OK'],
    [`["OK","${ID}","true",""]`, 'broken OK'],
    ['["EOSE"]', 'broken EOSE'],
    ['["CLOSED",{}]', 'broken CLOSED'],
    ['["NOTICE",[]]', 'broken NOTICE'],
    ['["AUTH",{"id":1}]', 'broken AUTH'],
    ['['.repeat(1_000_000), 'nested too deep'],
  ])('refuses %.20s as %s', (frame, reason) => {
    expect(parseRelayMessage(frame)).toBe(reason);
  });

  test('never throws, whatever a relay sends', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `["EVENT","s",${json}]`),
        ),
        (frame) => {
          const parsed = parseRelayMessage(frame);
          return typeof parsed === 'string' || typeof parsed.type === 'string';
        },
      ),
      { seed: 1, numRuns: 2_000 },
    );
  });
});

test('frameBytes() counts bytes of UTF-8 near the limit, and no binary frame is short enough', () => {
  const third = Math.floor(RELAY_MAX_MESSAGE_BYTES / 3);
  expect(frameBytes('x'.repeat(RELAY_MAX_MESSAGE_BYTES))).toBe(RELAY_MAX_MESSAGE_BYTES);
  expect(frameBytes('€'.repeat(third))).toBeLessThanOrEqual(RELAY_MAX_MESSAGE_BYTES);
  expect(frameBytes('€'.repeat(third + 1))).toBeGreaterThan(RELAY_MAX_MESSAGE_BYTES);
  expect(frameBytes('x'.repeat(RELAY_MAX_MESSAGE_BYTES + 1))).toBeGreaterThan(RELAY_MAX_MESSAGE_BYTES);
  expect(frameBytes(new ArrayBuffer(1))).toBe(Number.POSITIVE_INFINITY);
});
