/** One connection, over a scripted relay in simulated time: what it costs, what it answers, what it believes. */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  LINK_CONNECT_TIMEOUT_MS,
  LINK_FRAMES_BURST,
  LINK_MAX_CHALLENGES,
  LINK_MAX_STRIKES,
  PUBLISH_OK_TIMEOUT_MS,
  RELAY_MAX_MESSAGE_BYTES,
} from '../../src/limits.ts';
import { Connection } from '../../src/link/connection.ts';
import { runQuery } from '../../src/link/query.ts';
import { newCounters } from '../../src/link/status.ts';
import type { NostrEvent } from '../../src/nostr/event.ts';
import {
  AGENT,
  HonestRelay,
  keysOf,
  type Peer,
  SimClock,
  SimNet,
  settle,
  signed,
  simPorts,
} from './world.ts';

const URL = 'ws://relay.test';
const NOTE = signed({ content: 'a note' });

let clock: SimClock;
let net: SimNet;
let peer: Peer;
let heard: (readonly unknown[])[];
let closedBecause: string | undefined;
/** What the scripted relay does with a client's message. */
let answer: (message: readonly unknown[], peer: Peer) => void;

beforeEach(() => {
  clock = new SimClock();
  net = new SimNet(clock);
  heard = [];
  closedBecause = undefined;
  answer = () => undefined;
  net.add(URL, {
    opened: (opened) => {
      peer = opened;
    },
    frame: (message, from) => {
      heard.push(message);
      answer(message, from);
    },
  });
});

function dial(url = URL, counters = newCounters()): Connection {
  return new Connection({
    url,
    ports: simPorts(clock, net, () => 0.5),
    counters,
    identities: () => [AGENT.publicKey, keysOf(99).publicKey],
    closed: (reason) => {
      closedBecause = reason;
    },
  });
}

async function opened(counters = newCounters()): Promise<Connection> {
  const connection = dial(URL, counters);
  await clock.pass(100);
  expect(connection.state).toBe('open');
  return connection;
}

function listener() {
  const events: NostrEvent[] = [];
  const closed: string[] = [];
  let eoses = 0;
  return {
    events,
    closed,
    eoses: () => eoses,
    subscription: {
      id: 'sub',
      filters: [{ kinds: [1] }],
      event: (event: NostrEvent) => events.push(event),
      eose: () => {
        eoses++;
      },
      closed: (reason: string) => closed.push(reason),
    },
  };
}

describe('opening', () => {
  test('subscribes and publishes as soon as the socket is open, in that order', async () => {
    const connection = dial();
    connection.subscribe(listener().subscription);
    const outcome = connection.publish([NOTE]);
    expect(heard).toEqual([]);
    answer = ([type], from) => {
      if (type === 'EVENT') from.say(['OK', NOTE.id, true, '']);
    };
    await clock.pass(100);
    expect(heard.map(([type]) => type)).toEqual(['REQ', 'EVENT']);
    expect(await outcome).toEqual([{ id: NOTE.id, ok: true, reason: '' }]);
  });

  test('gives up after the connect timeout', async () => {
    net = new SimNet(clock, () => LINK_CONNECT_TIMEOUT_MS * 2);
    net.add(URL, { frame: () => undefined });
    const connection = dial();
    await clock.pass(LINK_CONNECT_TIMEOUT_MS - 1);
    expect(connection.state).toBe('connecting');
    await clock.pass(1);
    expect(closedBecause).toBe('no connection in time');
    await clock.pass(LINK_CONNECT_TIMEOUT_MS * 4);
    expect(connection.state).toBe('closed');
  });
});

describe('frames', () => {
  test('events reach their subscription only: inside its filters, of the right shape', async () => {
    const counters = newCounters();
    const connection = await opened(counters);
    const listening = listener();
    connection.subscribe(listening.subscription);
    peer.say(['EVENT', 'sub', NOTE]);
    peer.say(['EVENT', 'sub', signed({ kind: 7 })]);
    peer.say(['EVENT', 'sub', { ...NOTE, id: NOTE.id.toUpperCase() }]);
    peer.say(['EVENT', 'other', NOTE]);
    await clock.pass(100);
    expect(listening.events).toEqual([NOTE]);
    expect(counters).toMatchObject({ received: 1, refused: 3 });
  });

  test('a relay that keeps sending what no honest relay sends is closed', async () => {
    await opened();
    for (let i = 0; i < LINK_MAX_STRIKES - 1; i++) peer.sayRaw('garbage');
    await clock.pass(100);
    expect(closedBecause).toBeUndefined();
    peer.sayRaw(new ArrayBuffer(8));
    await clock.pass(100);
    expect(closedBecause).toMatch(/too many faults/);
  });

  test('an oversized frame is not even parsed', async () => {
    const counters = newCounters();
    await opened(counters);
    peer.sayRaw(`["NOTICE","${'x'.repeat(RELAY_MAX_MESSAGE_BYTES)}"]`);
    await clock.pass(100);
    expect(counters).toMatchObject({ refused: 1, lastError: null });
  });

  test('a flood ends the connection, and a NOTICE is shown in one short line', async () => {
    const counters = newCounters();
    let frame: ((data: unknown) => void) | undefined;
    net.dial = (_url, handlers) => {
      frame = handlers.frame;
      clock.after(1, handlers.open);
      return { send: () => undefined, close: () => undefined };
    };
    await opened(counters);
    const notice = JSON.stringify(['NOTICE', `line\nbreak ${'x'.repeat(500)}`]);
    for (let i = 0; i < LINK_FRAMES_BURST; i++) frame?.(notice);
    expect(closedBecause).toBeUndefined();
    frame?.(notice);
    expect(closedBecause).toBe('the relay sends more than its budget');
    expect(counters.lastError).toMatch(/^notice: line break x{50,}$/);
    expect(counters.lastError?.length).toBeLessThan(250);
  });

  test('after closing nothing is heard and nothing is sent', async () => {
    const connection = await opened();
    const listening = listener();
    connection.subscribe(listening.subscription);
    await clock.pass(100);
    peer.say(['EVENT', 'sub', NOTE]);
    connection.close('enough');
    connection.subscribe(listening.subscription);
    await clock.pass(100);
    expect(listening.events).toEqual([]);
    expect(heard).toHaveLength(1);
    expect(await connection.publish([NOTE])).toEqual([
      { id: NOTE.id, ok: false, reason: 'error: the connection is closed' },
    ]);
  });
});

describe('publish()', () => {
  const other = signed({ content: 'another' });

  test('the first answer counts, answers for other ids do not, and duplicate: is success', async () => {
    answer = ([type, event], from) => {
      if (type !== 'EVENT') return;
      const { id } = event as NostrEvent;
      from.say(['OK', 'f'.repeat(64), true, '']);
      from.say(['OK', id, false, id === NOTE.id ? 'blocked: no' : 'duplicate: have it']);
      from.say(['OK', id, true, '']);
    };
    const outcome = (await opened()).publish([NOTE, other]);
    await clock.pass(100);
    expect(await outcome).toEqual([
      { id: NOTE.id, ok: false, reason: 'blocked: no' },
      { id: other.id, ok: true, reason: 'duplicate: have it' },
    ]);
  });

  test('silence is an error after the timeout, and a lost connection at once', async () => {
    const connection = await opened();
    const silent = connection.publish([NOTE]);
    await clock.pass(PUBLISH_OK_TIMEOUT_MS);
    expect(await silent).toEqual([{ id: NOTE.id, ok: false, reason: 'error: the relay did not answer' }]);
    const lost = connection.publish([other]);
    peer.hangUp();
    expect(await lost).toEqual([{ id: other.id, ok: false, reason: 'error: the connection was closed' }]);
  });

  test('the same event asked for twice at once is sent once', async () => {
    const connection = await opened();
    const both = Promise.all([connection.publish([NOTE]), connection.publish([NOTE, NOTE])]);
    await clock.pass(100);
    expect(heard).toHaveLength(1);
    peer.say(['OK', NOTE.id, true, '']);
    await clock.pass(100);
    expect((await both).flat().every(({ ok }) => ok)).toBe(true);
  });
});

describe('authentication', () => {
  test('what was refused with auth-required: is repeated once the relay has accepted a key', async () => {
    const relay = new HonestRelay(URL, { requiresAuth: true, clock });
    relay.post(NOTE);
    net.add(URL, relay);
    const connection = dial();
    const listening = listener();
    connection.subscribe(listening.subscription);
    const published = connection.publish([signed({ content: 'mine' }, AGENT.secretKey)]);
    await clock.pass(1_000);
    expect(await published).toMatchObject([{ ok: true }]);
    expect(listening.events.map(({ content }) => content)).toContain('a note');
    expect(listening.closed).toEqual([]);
    // Only our agent's key is proved: nothing can be signed for a key that is not ours.
    expect(relay.heard.filter(([type]) => type === 'AUTH')).toHaveLength(1);
  });

  test('a relay that is never satisfied is asked twice and no more', async () => {
    answer = ([type, first], from) => {
      if (type === 'REQ') from.say(['CLOSED', first, 'auth-required: try again']);
      if (type === 'EVENT') from.say(['OK', (first as NostrEvent).id, false, 'auth-required: try again']);
      if (type === 'AUTH') from.say(['OK', (first as NostrEvent).id, true, '']);
    };
    const connection = await opened();
    peer.say(['AUTH', 'challenge']);
    const listening = listener();
    connection.subscribe(listening.subscription);
    const published = connection.publish([NOTE]);
    await clock.pass(1_000);
    expect(await published).toEqual([{ id: NOTE.id, ok: false, reason: 'auth-required: try again' }]);
    expect(listening.closed).toEqual(['auth-required: try again']);
    expect(heard.filter(([type]) => type === 'REQ')).toHaveLength(2);
    expect(heard.filter(([type]) => type === 'EVENT')).toHaveLength(2);
  });

  test('a relay that asks for it and never sends a challenge ends the wait', async () => {
    answer = ([type, first], from) => {
      if (type === 'REQ') from.say(['CLOSED', first, 'auth-required: guess what']);
    };
    const connection = await opened();
    const listening = listener();
    connection.subscribe(listening.subscription);
    await clock.pass(PUBLISH_OK_TIMEOUT_MS + 100);
    expect(listening.closed).toEqual(['auth-required: guess what']);
  });

  test('a rejected key is not offered again for the same challenge', async () => {
    answer = ([type, first], from) => {
      if (type === 'AUTH') from.say(['OK', (first as NostrEvent).id, false, 'restricted: not you']);
      if (type === 'EVENT') from.say(['OK', (first as NostrEvent).id, false, 'auth-required: members']);
    };
    const connection = await opened();
    peer.say(['AUTH', 'challenge']);
    await clock.pass(100);
    const published = connection.publish([NOTE, signed({ content: 'second' })]);
    await clock.pass(100);
    expect((await published).every(({ ok }) => !ok)).toBe(true);
    expect(heard.filter(([type]) => type === 'AUTH')).toHaveLength(1);
  });

  test('endless challenges are answered a few times, then they count as faults', async () => {
    const counters = newCounters();
    await opened(counters);
    for (let i = 0; i < 2 * LINK_MAX_CHALLENGES; i++) peer.say(['AUTH', `${i}`]);
    await clock.pass(200);
    for (let i = 0; i < LINK_MAX_STRIKES; i++) peer.say(['AUTH', `more ${i}`]);
    await clock.pass(200);
    expect(heard.filter(([type]) => type === 'AUTH')).toHaveLength(LINK_MAX_CHALLENGES);
    expect(closedBecause).toMatch(/endless AUTH/);
  });
});

describe('runQuery()', () => {
  const ask = (connection: Connection, timeout_ms = 1_000) =>
    runQuery(connection, clock.after, 'q', [{ kinds: [1] }], timeout_ms);

  test('returns verified events inside the filters, each once, at EOSE', async () => {
    answer = ([type, id], from) => {
      if (type !== 'REQ') return;
      for (const event of [NOTE, NOTE, { ...NOTE, content: 'forged' }, signed({ kind: 3 })])
        from.say(['EVENT', id, event]);
      from.say(['EOSE', id]);
    };
    const found = ask(await opened());
    await clock.pass(100);
    expect(await found).toEqual([NOTE]);
    expect(heard.at(-1)).toEqual(['CLOSE', 'q']);
  });

  test('returns what came before the time, a CLOSED or the connection ended it', async () => {
    answer = ([type, id], from) => {
      if (type === 'REQ') from.say(['EVENT', id, NOTE]);
    };
    const slow = ask(await opened(), 500);
    await clock.pass(500);
    expect(await slow).toEqual([NOTE]);
    const refused = ask(await opened());
    await clock.pass(10);
    peer.say(['CLOSED', 'q', 'error: no']);
    await clock.pass(10);
    expect(await refused).toEqual([NOTE]);
    const lost = ask(await opened());
    await clock.pass(10);
    peer.hangUp();
    await settle();
    expect(await lost).toEqual([NOTE]);
  });
});
