import { describe, expect, test } from 'vitest';
import type { NostrEvent } from '../../src/nostr/event.ts';
import { DEFAULT_AGENT_KINDS } from '../../src/nostr/kinds.ts';
import { type ZapTarget, zapTarget } from '../../src/payment/zaps/target.ts';
import { sessionName } from '../../src/protocol/route.ts';

/**
 * Goal: a zap pays the job it names and nobody else's, whichever event of the job is zapped, and an event that is none
 * of this agent's is refused before anybody pays. Method: events and sessions given; pure.
 */
const AGENT = 'a'.repeat(64);
const OTHER_AGENT = 'b'.repeat(64);
const CLIENT = 'c'.repeat(64);
const ZAPPER = 'd'.repeat(64);
const JOB = '1'.repeat(64);
const EVENT = '2'.repeat(64);

const SESSION = sessionName(AGENT, CLIENT, 'a conversation');

function event(id: string, pubkey: string, kind: number, tags: string[][] = []): NostrEvent {
  return { id, pubkey, kind, tags, content: '', created_at: 0, sig: '' };
}

const held = [
  event(JOB, CLIENT, 7001, [['p', AGENT]]),
  ...[7000, 7001, 6302].map((kind) =>
    event(EVENT.slice(0, -4) + kind, AGENT, kind, [
      ['e', JOB],
      ['p', CLIENT],
    ]),
  ),
  event('3'.repeat(64), AGENT, 0),
  event('4'.repeat(64), AGENT, 37_001, [['d', 'slug']]),
  event('5'.repeat(64), AGENT, 7000),
  event('6'.repeat(64), OTHER_AGENT, 7000, [['e', '7'.repeat(64)]]),
  event('8'.repeat(64), ZAPPER, 1),
];
const sessions = new Map([
  [JOB, SESSION],
  ['7'.repeat(64), sessionName(OTHER_AGENT, CLIENT, null)],
  ['9'.repeat(64), SESSION],
  ['0'.repeat(64), 'not a session name'],
]);

const target = (eventId: string | null, address: string | null = null) =>
  zapTarget({ ...request, eventId, address }, AGENT, DEFAULT_AGENT_KINDS, {
    find: async (id) => held.find((one) => one.id === id) ?? null,
    sessionOf: async (id) => sessions.get(id) ?? null,
  });
const request = { sender: ZAPPER };

const theJob: ZapTarget = { client: CLIENT, job: { id: JOB, session: SESSION } };
const theAgent: ZapTarget = { client: ZAPPER, job: null };

describe('a zap', () => {
  test.each([
    ['the request itself', JOB],
    ['feedback of the job', `${EVENT.slice(0, -4)}7000`],
    ['its result in the agent NIP', `${EVENT.slice(0, -4)}7001`],
    ['its result in NIP-90', `${EVENT.slice(0, -4)}6302`],
  ])('on %s pays the job, and is its client’s money', async (_, id) => {
    expect(await target(id)).toEqual(theJob);
  });

  test('on a request that came by an outside relay pays its job', async () => {
    expect(await target('9'.repeat(64))).toEqual({
      client: CLIENT,
      job: { id: '9'.repeat(64), session: SESSION },
    });
  });

  test.each([
    ['the agent', null, null],
    ['its profile', '3'.repeat(64), null],
    ['its card', '4'.repeat(64), `37001:${AGENT}:slug`],
    ['its card, by address alone', null, `37001:${AGENT}:slug`],
    ['feedback about no job', '5'.repeat(64), null],
  ])('on %s is the zapper’s own credit', async (_, id, address) => {
    expect(await target(id, address)).toEqual(theAgent);
  });

  test.each([
    ['an event nobody knows', 'f'.repeat(64), null],
    ['a note of a stranger', '8'.repeat(64), null],
    ['an event of another agent', '6'.repeat(64), null],
    ['a job whose session cannot be read', '0'.repeat(64), null],
    ['something else’s address', null, `37001:${OTHER_AGENT}:slug`],
    ['a job, but at something else’s address', JOB, `30023:${ZAPPER}:x`],
  ])('on %s is refused', async (_, id, address) => {
    expect(await target(id, address)).toBe('unknown_event');
  });
});
