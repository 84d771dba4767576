/**
 * Goal: whatever tags a stranger sends, reading them either gives a body or throws a JobError, in bounded time.
 * Method: random tag soups built from the names and half-right values the dialects look at; every step from the
 * envelope to the answer runs on each.
 * Not proved: that the body is what the stranger meant; the tests of the dialects are for that.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JobError } from '../../src/errors.ts';
import { eventId, type Rumor } from '../../src/nostr/event.ts';
import { dialectOf } from '../../src/protocol/dialects.ts';
import { route, sessionName } from '../../src/protocol/route.ts';
import { openerFor, openRequest, seal } from '../../src/protocol/sealing.ts';
import { checkBody } from '../../src/protocol/validate.ts';
import { agentKeys, chat, clientPubkey, cost, discover, kinds, NOW_S, output } from './fixtures.ts';

const json = fc.oneof(
  fc.json(),
  fc.jsonValue().map((parameters) => JSON.stringify({ messages: [], parameters })),
);
const messages = fc
  .record(
    {
      model: fc.oneof(fc.constant('chat'), fc.jsonValue()),
      messages: fc.array(
        fc.oneof(
          fc.record({
            role: fc.constantFrom('user', 'system', 'tool', 'x'),
            content: fc.oneof(fc.string(), fc.jsonValue()),
          }),
          fc.jsonValue(),
        ),
        { maxLength: 4 },
      ),
      parameters: fc.oneof(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.jsonValue()),
    },
    { requiredKeys: ['messages'] },
  )
  .map((request) => JSON.stringify(request));
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  json,
  messages,
  fc.constantFrom(
    agentKeys.publicKey,
    'e'.repeat(64),
    'wss://r.test',
    'text',
    'url',
    'event',
    'job',
    '__proto__',
    '5',
    'true',
    '-1',
    'https://x.test',
  ),
);
const name = fc.constantFrom(
  'p',
  'e',
  't',
  'i',
  'param',
  'output',
  'bid',
  'relays',
  'request',
  'result',
  'contract',
  'bolt11',
  'expiration',
  'encrypted',
  'output_format',
  'constructor',
);
const tag = fc.tuple(name, fc.array(value, { maxLength: 5 })).map(([first, rest]) => [first, ...rest]);
const event = fc
  .record({
    kind: fc.constantFrom(7001, 5300, 5302, 5050, 5999),
    tags: fc.array(tag, { maxLength: 12 }),
    content: fc.oneof(fc.constant(''), value),
  })
  .map((part): Rumor => {
    const unsigned = { ...part, pubkey: clientPubkey, created_at: NOW_S };
    return { ...unsigned, id: eventId(unsigned) };
  });

test('any soup of tags gives a checked body or a JobError, and can be answered', () => {
  let read = 0;
  fc.assert(
    fc.property(event, (rumor) => {
      const dialect = dialectOf(rumor.kind, kinds);
      if (dialect === null) throw new Error('every kind here has a dialect');
      const envelope = dialect.envelope(rumor);
      sessionName(agentKeys.publicKey, envelope.client, envelope.session);
      route(rumor, [discover, chat], kinds);
      try {
        const body = dialect.body(rumor, envelope, openerFor(agentKeys, envelope.client));
        JSON.stringify(checkBody(body, rumor.kind === 5050 ? chat : discover, dialect.name));
        read++;
      } catch (error) {
        if (!(error instanceof JobError)) throw error;
        JSON.stringify(error.failure);
      }
      const request = { envelope, event: rumor };
      for (const template of dialect.render({ type: 'result', output, cost, demand: null }, request, NOW_S)) {
        expect(seal(template, request, agentKeys).id).toHaveLength(64);
      }
    }),
    { numRuns: 1500, seed: 90 },
  );
  // A soup that is never edible would prove nothing about bodies.
  expect(read).toBeGreaterThan(20);
});

test('noise in a gift wrap is no request', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (content) => {
      const wrap = { kind: 1059, pubkey: clientPubkey, created_at: NOW_S, tags: [], content };
      expect(openRequest({ ...wrap, id: eventId(wrap), sig: '0'.repeat(128) }, agentKeys, kinds)).toBeNull();
    }),
    { seed: 59 },
  );
});
