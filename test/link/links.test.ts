/** The links through their public door, in simulated time: what is followed, stored, dispatched and kept up. */
import { beforeEach, describe, expect, test } from 'vitest';
import { JobError } from '../../src/errors.ts';
import {
  LINK_CONTENT_CHECKS_BURST,
  LINK_DISPATCHES_IN_FLIGHT,
  LINK_HEARTBEAT_MS,
  LINK_RENEW_MS,
  LINK_REQUEST_CHECKS_BURST,
  LINK_SILENCE_MS,
  LINK_SWEEP_MS,
  LINK_VISIT_COOLDOWN_MS,
  LINK_VISIT_IDLE_MS,
  LINK_VISITS,
} from '../../src/limits.ts';
import { Links } from '../../src/link/links.ts';
import type { LinkInterest } from '../../src/link/plan.ts';
import type { LinkDelivery, LinkPorts } from '../../src/link/ports.ts';
import type { NostrEvent } from '../../src/nostr/event.ts';
import { nodeSql } from '../support/node-sql.ts';
import { AGENT, CLIENT, HonestRelay, keysOf, SimClock, SimNet, signed, simPorts } from './world.ts';

const URL = 'ws://relay.test';
const INTEREST = { agents: [AGENT.publicKey], requestKinds: [7001] };

let clock: SimClock;
let net: SimNet;
let relay: HonestRelay;
let dispatched: LinkDelivery[];
let ingested: NostrEvent[];
let sql: ReturnType<typeof nodeSql>;
/** Counts the lives of the object; what belongs to an earlier one is dead. */
let life: number;

beforeEach(() => {
  clock = new SimClock();
  net = new SimNet(clock);
  relay = new HonestRelay(URL);
  net.add(URL, relay);
  dispatched = [];
  ingested = [];
  sql = nodeSql();
  life = 0;
});

/** The object begins a life on what the one before left in storage. */
function wake(
  overrides: Partial<LinkPorts> = {},
  urls: readonly string[] = [URL],
  interest: LinkInterest = INTEREST,
): Links {
  const mine = ++life;
  const ports = simPorts(
    clock,
    net,
    () => 0.5,
    {
      dispatch: async (delivery) => {
        dispatched.push(delivery);
      },
      ingest: async (events) => {
        ingested.push(...events);
      },
      ...overrides,
    },
    () => mine === life,
  );
  const links = new Links(ports, sql, interest);
  const beat = () => {
    links.tick();
    ports.after(LINK_HEARTBEAT_MS, beat);
  };
  ports.after(LINK_HEARTBEAT_MS, beat);
  links.follow(urls);
  return links;
}

function request(content: string, created_at = clock.now_s): NostrEvent {
  return signed({ kind: 7001, created_at, tags: [['p', AGENT.publicKey]], content });
}

const ids = () => dispatched.map(({ event }) => event.id);

describe('intake', () => {
  test('dispatches what is for us: addressed, open and wrapped requests, with where they came from', async () => {
    wake();
    await clock.pass(1_000);
    const mine = request('mine');
    const open = signed({ kind: 7001, created_at: clock.now_s, content: 'open' });
    const wrapped = signed({ kind: 1059, created_at: clock.now_s - 172_000, tags: [['p', AGENT.publicKey]] });
    const others = signed({ kind: 7001, created_at: clock.now_s, tags: [['p', CLIENT.publicKey]] });
    const ours = signed({ kind: 7001, created_at: clock.now_s, content: 'a result' }, AGENT.secretKey);
    for (const event of [mine, open, wrapped, others, ours]) relay.post(event);
    await clock.pass(1_000);
    expect(ids().sort()).toEqual([mine.id, open.id, wrapped.id].sort());
    expect(dispatched[0]).toMatchObject({ via: URL, authenticated: [] });
  });

  test('dispatches comments under jobs where there is a team, also those made while the object was away', async () => {
    const comment = (kind: string, content: string) =>
      signed({ kind: 1111, created_at: clock.now_s, tags: [['K', kind]], content });
    const early = comment('7001', 'nobody works in a team here');
    wake();
    await clock.pass(1_000);
    relay.post(early);
    await clock.pass(600_000);
    expect(ids()).toEqual([]);
    life++;
    await clock.pass(200_000);
    const away = comment('7000', 'shorter');
    relay.post(away);
    await clock.pass(200_000);
    wake({}, [URL], { ...INTEREST, commentedKinds: [7001, 7000] });
    await clock.pass(1_000);
    const live = comment('7001', 'pause');
    for (const event of [live, comment('1', 'under a note')]) relay.post(event);
    await clock.pass(1_000);
    expect(ids()).toEqual([away.id, live.id]);
  });

  test('the same event from several relays is dispatched once, also over a restart', async () => {
    const second = new HonestRelay('ws://second.test');
    net.add(second.url, second);
    wake({}, [URL, second.url]);
    await clock.pass(1_000);
    const job = request('once');
    relay.post(job);
    second.post(job);
    await clock.pass(1_000);
    life++;
    await clock.pass(60_000);
    wake({}, [URL, second.url]);
    await clock.pass(600_000);
    expect(ids()).toEqual([job.id]);
  });

  test('a forged copy does not make us deaf for the real event', async () => {
    const links = wake();
    await clock.pass(1_000);
    const job = request('real');
    for (const peer of relay.peers) peer.say(['EVENT', 'requests', { ...job, content: 'forged' }]);
    for (const peer of relay.peers) peer.say(['EVENT', 'requests', job]);
    await clock.pass(1_000);
    expect(dispatched.map(({ event }) => event.content)).toEqual(['real']);
    expect(links.status()[0]?.refused).toBe(1);
  });

  test('a cancellation is dispatched when it names a job we dispatched, whichever of the two comes first', async () => {
    wake();
    await clock.pass(1_000);
    const job = request('to be cancelled');
    const late = request('cancelled before it came');
    const cancel = (id: string) => signed({ kind: 5, created_at: clock.now_s, tags: [['e', id]] });
    const early = cancel(late.id);
    const stranger = cancel('e'.repeat(64));
    relay.post(stranger);
    relay.post(early);
    relay.post(job);
    await clock.pass(500);
    const usual = cancel(job.id);
    relay.post(usual);
    relay.post(late);
    await clock.pass(500);
    expect(ids()).toContain(usual.id);
    expect(ids().indexOf(early.id)).toBeGreaterThan(ids().indexOf(late.id));
    expect(ids()).not.toContain(stranger.id);
  });

  test('a flood of forged requests spends its relay’s budget, and another relay’s request still passes', async () => {
    const flood = new HonestRelay('ws://flood.test');
    net.add(flood.url, flood);
    const links = wake({}, [flood.url, URL]);
    await clock.pass(1_000);
    // A valid shape and a new id each: every one of them would cost a hash and a signature check.
    const bad = request('flood');
    for (const peer of flood.peers)
      for (let i = 0; i < 90; i++)
        peer.say(['EVENT', 'requests', { ...bad, id: i.toString(16).padStart(64, '0') }]);
    const job = request('honest');
    relay.post(job);
    await clock.pass(1_000);
    expect(ids()).toEqual([job.id]);
    expect(links.status().map(({ refused }) => refused)).toEqual([90, 0]);
    expect(LINK_REQUEST_CHECKS_BURST).toBeGreaterThan(90);
  });

  test('content goes to the index in batches, within its budget, and never holds up a request', async () => {
    const links = wake();
    await clock.pass(1_000);
    const surplus = 10;
    for (let i = 0; i < LINK_CONTENT_CHECKS_BURST + surplus; i++)
      for (const peer of relay.peers)
        peer.say(['EVENT', 'content', signed({ kind: 1, created_at: clock.now_s, content: `note ${i}` })]);
    const job = request('in between');
    relay.post(job);
    await clock.pass(5_000);
    expect(ids()).toEqual([job.id]);
    expect(ingested.length).toBeGreaterThan(0);
    expect(ingested.length).toBeLessThanOrEqual(LINK_CONTENT_CHECKS_BURST + surplus);
    expect(ingested.every(({ kind }) => kind === 1)).toBe(true);
    expect(links.status()[0]?.dispatched).toBe(1);
  });
});

describe('dispatch', () => {
  test('is tried again with growing delays until it is taken', async () => {
    let refusals = 5;
    wake({
      dispatch: async (delivery) => {
        if (refusals-- > 0) throw new Error('not now');
        dispatched.push(delivery);
      },
    });
    await clock.pass(1_000);
    const job = request('patience');
    relay.post(job);
    await clock.pass(120_000);
    expect(ids()).toEqual([job.id]);
  });

  test('a request that failed just before the object died is tried again by the next one', async () => {
    wake({ dispatch: () => Promise.reject(new Error('down')) });
    await clock.pass(1_000);
    const job = request('left behind');
    relay.post(job);
    await clock.pass(20_000);
    life++;
    await clock.pass(10);
    // Nothing but the inbox knows of it now: the relay has lost it.
    relay.stored.clear();
    wake();
    await clock.pass(120_000);
    expect(ids()).toEqual([job.id]);
  });

  test('runs a bounded number at a time for each relay, and the rest from the inbox', async () => {
    let running = 0;
    let most = 0;
    wake({
      dispatch: async (delivery) => {
        most = Math.max(most, ++running);
        const { promise, resolve } = Promise.withResolvers<void>();
        clock.after(50, resolve);
        await promise;
        running--;
        dispatched.push(delivery);
      },
    });
    await clock.pass(1_000);
    const jobs = Array.from({ length: 3 * LINK_DISPATCHES_IN_FLIGHT }, (_, i) => request(`job ${i}`));
    for (const job of jobs) relay.post(job);
    await clock.pass(2_000);
    expect(most).toBe(LINK_DISPATCHES_IN_FLIGHT);
    expect(ids().sort()).toEqual(jobs.map(({ id }) => id).sort());
  });

  test('a request is in the inbox before anything is awaited', async () => {
    const stored: unknown[] = [];
    wake({
      dispatch: (delivery) => {
        stored.push(...sql.all('SELECT id FROM inbox WHERE event IS NOT NULL'));
        dispatched.push(delivery);
        return Promise.resolve();
      },
    });
    await clock.pass(1_000);
    const job = request('first to disk');
    relay.post(job);
    await clock.pass(1_000);
    expect(stored).toMatchObject([{ id: job.id }]);
  });

  test('the cursor waits for what fault points hold up', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const points: string[] = [];
    relay.post(request('slow'));
    const links = wake({
      fault: async (name) => {
        points.push(name);
        await promise;
      },
    });
    const before_s = clock.now_s;
    await clock.pass(20_000);
    expect(links.status()[0]?.cursor_s).toBe(before_s);
    expect(dispatched).toEqual([]);
    resolve();
    await clock.pass(20_000);
    expect(points).toEqual(['K0', 'K1']);
    expect(dispatched).toHaveLength(1);
  });
});

describe('a followed relay', () => {
  test('a request it stored but never sent is found by asking again on the same socket', async () => {
    relay = new HonestRelay(URL, { losesLive: () => true });
    net.add(URL, relay);
    wake();
    await clock.pass(1_000);
    const job = request('withheld');
    relay.post(job);
    await clock.pass(LINK_SWEEP_MS + 2 * LINK_HEARTBEAT_MS);
    expect(ids()).toEqual([job.id]);
    expect(net.dialled).toHaveLength(1);
  });

  test('the cursor stays where it was while the past could not be read to its beginning', async () => {
    let answersPages = false;
    net.add(URL, {
      frame: (message, peer) => {
        const older = JSON.stringify(message).includes('"until"');
        if (!older || answersPages) relay.frame(message, peer);
      },
      opened: (peer) => relay.opened(peer),
      gone: (peer) => relay.gone(peer),
    });
    relay.post(request('one of many'));
    const before_s = clock.now_s;
    const links = wake();
    await clock.pass(LINK_SWEEP_MS);
    expect(links.status()[0]?.cursor_s).toBe(before_s);
    answersPages = true;
    await clock.pass(LINK_SWEEP_MS * 2);
    expect(links.status()[0]?.cursor_s).toBeGreaterThan(before_s + 60);
  });

  test('no created_at moves the cursor: neither one of the future nor an old one', async () => {
    const links = wake();
    await clock.pass(1_000);
    for (const peer of relay.peers)
      peer.say(['EVENT', 'requests', request('from the future', clock.now_s + 30_000_000)]);
    await clock.pass(LINK_HEARTBEAT_MS * 3);
    const cursor_s = links.status()[0]?.cursor_s ?? 0;
    expect(cursor_s).toBeLessThanOrEqual(clock.now_s);
    expect(cursor_s).toBeGreaterThan(clock.now_s - 120);
  });

  test('a cursor written by a clock that was ahead is replaced', async () => {
    clock.now_ms += 86_400_000;
    wake();
    await clock.pass(1_000);
    life++;
    clock.now_ms -= 86_400_000;
    const links = wake();
    await clock.pass(1_000);
    expect(links.status()[0]?.cursor_s).toBeLessThanOrEqual(clock.now_s);
  });

  test('is renewed with overlap: the old socket closes only after the new one has its EOSE', async () => {
    wake();
    await clock.pass(LINK_RENEW_MS - LINK_HEARTBEAT_MS * 4);
    const [first] = relay.peers;
    let open = 0;
    let least = 1;
    let most = 1;
    for (let i = 0; i < 400; i++) {
      await clock.pass(1_000);
      open = relay.peers.length;
      least = Math.min(least, open);
      most = Math.max(most, open);
    }
    expect(least).toBe(1);
    expect(net.dialled).toHaveLength(2);
    expect(relay.peers).not.toContain(first);
    const job = request('after the renewal');
    relay.post(job);
    await clock.pass(1_000);
    expect(ids()).toEqual([job.id]);
  });

  test('a silent socket is replaced, and a quiet relay is asked for a sign of life first', async () => {
    const links = wake();
    await clock.pass(LINK_SILENCE_MS * 2);
    expect(net.dialled).toHaveLength(1);
    net.add(URL, { frame: () => undefined });
    for (const peer of relay.peers) peer.hangUp();
    await clock.pass(LINK_SILENCE_MS * 3);
    expect(net.dialled.length).toBeGreaterThan(2);
    expect(links.status()[0]?.lastError).toMatch(/nothing heard/);
  });

  test('is dialled again ever more slowly while it is down, and soon after a long good connection', async () => {
    net.down.add(URL);
    const links = wake();
    expect(links.status()[0]?.state).toBe('connecting');
    await clock.pass(600_000);
    const tries = net.dialled.length;
    expect(tries).toBeGreaterThan(8);
    expect(tries).toBeLessThan(40);
    net.down.clear();
    await clock.pass(300_000);
    expect(links.status()[0]?.state).toBe('open');
    for (const peer of relay.peers) peer.hangUp();
    await clock.pass(1_500);
    expect(links.status()[0]?.state).toBe('open');
  });

  test('a relay that closes our subscription again and again is asked again, then dialled anew', async () => {
    net.add(URL, {
      frame: ([type, id], peer) => {
        if (type === 'REQ') peer.say(['CLOSED', id, 'error: tired']);
      },
    });
    const links = wake();
    await clock.pass(300_000);
    expect(links.status()[0]?.reconnects).toBeGreaterThan(0);
    expect(links.status()[0]?.reconnects).toBeLessThan(30);
    expect(links.status()[0]?.lastError).toMatch(/tired/);
  });

  test('follow() keeps what stays, lets go of the rest, and writes nothing when nothing changed', async () => {
    const other = new HonestRelay('ws://other.test');
    net.add(other.url, other);
    const links = wake();
    await clock.pass(1_000);
    links.follow([URL, other.url]);
    await clock.pass(1_000);
    expect(net.dialled).toEqual([URL, other.url]);
    links.follow([other.url]);
    await clock.pass(1_000);
    expect(relay.peers).toEqual([]);
    expect(links.status().map(({ url }) => url)).toEqual([other.url]);
    sql.run('DROP TABLE followed');
    expect(() => links.follow([other.url])).not.toThrow();
  });
});

describe('publish() and query() to relays nobody follows', () => {
  const note = () => signed({ content: `${clock.now_ms}` }, AGENT.secretKey);

  test('one short visit serves several calls and ends when nobody uses it', async () => {
    const links = wake({}, []);
    const first = links.publish(URL, [note()]);
    await clock.pass(100);
    expect(await first).toMatchObject([{ ok: true }]);
    const second = links.query(URL, [{ kinds: [1] }], 1_000);
    await clock.pass(100);
    expect(await second).toHaveLength(1);
    expect(net.dialled).toHaveLength(1);
    await clock.pass(LINK_VISIT_IDLE_MS);
    expect(relay.peers).toEqual([]);
  });

  test('an unreachable relay is not dialled again and again, and is tried again later', async () => {
    net.down.add(URL);
    const links = wake({}, []);
    const outcome = links.publish(URL, [note()]);
    await clock.pass(100);
    expect(await outcome).toMatchObject([{ ok: false }]);
    for (let i = 0; i < 5; i++) expect(await links.publish(URL, [note()])).toMatchObject([{ ok: false }]);
    expect(net.dialled).toHaveLength(1);
    net.down.clear();
    await clock.pass(LINK_VISIT_COOLDOWN_MS);
    const again = links.publish(URL, [note()]);
    await clock.pass(100);
    expect(await again).toMatchObject([{ ok: true }]);
  });

  test('visits are bounded; an idle one makes room', async () => {
    const links = wake({}, []);
    const urls = Array.from({ length: LINK_VISITS + 1 }, (_, i) => `ws://visit${i}.test`);
    const silent = { frame: () => undefined };
    for (const url of urls) net.add(url, silent);
    const waiting = urls.slice(0, LINK_VISITS).map((url) => links.publish(url, [note()]));
    await clock.pass(10);
    const [refused] = await links.publish(urls.at(-1) ?? '', [note()]);
    expect(refused?.reason).toMatch(/too many connections/);
    await clock.pass(8_000);
    await Promise.all(waiting);
    const late = links.publish(urls.at(-1) ?? '', [note()]);
    await clock.pass(8_000);
    expect(await late).toMatchObject([{ ok: false, reason: 'error: the relay did not answer' }]);
    expect(net.dialled.at(-1)).toBe(urls.at(-1));
  });

  test('a URL that may not be dialled is a refusal for good, not an exception', async () => {
    const links = wake(
      {
        permit: () => {
          throw new JobError('BAD_REQUEST', 'points inside');
        },
      },
      [],
    );
    const event = note();
    expect(await links.publish('ws://10.0.0.1', [event])).toEqual([
      { id: event.id, ok: false, reason: 'blocked: points inside' },
    ]);
    expect(await links.query('ws://10.0.0.1', [{}], 100)).toEqual([]);
    expect(net.dialled).toEqual([]);
  });

  test('only the author of what is published proves itself there', async () => {
    const club = new HonestRelay('ws://club.test', { requiresAuth: true, clock });
    net.add(club.url, club);
    const asked: string[] = [];
    const links = wake(
      {
        signAuth: (pubkey) => {
          asked.push(pubkey);
          return undefined;
        },
      },
      [],
    );
    const stranger = signed({ content: 'x' }, keysOf(50).secretKey);
    const outcome = links.publish(club.url, [stranger]);
    await clock.pass(10_000);
    expect(await outcome).toMatchObject([{ ok: false }]);
    expect(new Set(asked)).toEqual(new Set([stranger.pubkey]));
  });
});
