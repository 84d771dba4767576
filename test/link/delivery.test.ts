/**
 * Goal: RELIABILITY promises 1 and 15 for the links: every request an honest relay holds reaches its session at
 * least once, and nothing forged ever does, whatever sockets, relays and the object itself do. That a job which
 * arrives again is not begun again is the session's promise (test/job); here it only has to happen.
 *
 * Method: the real links over simulated time, relays and storage (SQLite of Node). A seed decides when clients
 * post, when relays cut connections, lose live events or are down, when dispatching fails before or after the
 * session took the job, and when the object dies and is rebuilt from its storage. Then the faults stop, and
 * within ten simulated minutes everything must have arrived.
 *
 * What it does not prove: that real sockets and workerd behave like the simulation (test/workers, test/e2e), nor
 * anything about a disk that loses what it said was written.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LINK_HEARTBEAT_MS } from '../../src/limits.ts';
import { Links } from '../../src/link/links.ts';
import type { NostrEvent } from '../../src/nostr/event.ts';
import { HostileScript, MISDEEDS, type Misdeed } from '../support/hostile-script.ts';
import { nodeSql } from '../support/node-sql.ts';
import { seeded } from '../support/random.ts';
import { AGENT, FakeSessions, HonestRelay, SimClock, SimNet, signed, simPorts } from './world.ts';

const HONEST_A = 'ws://a.test';
const HONEST_B = 'ws://b.test';
const HOSTILE = 'ws://hostile.test';
const INTEREST = { agents: [AGENT.publicKey], requestKinds: [7001, 5300] };

/** What went wrong at least once over all runs: a property over faults that never happen proves nothing. */
const happened = { cut: 0, down: 0, lostLive: 0, restart: 0, dispatchFailed: 0, paged: 0, redelivered: 0 };

/** What the hostile relay has done. It is posted no events to lie about, which test/workers/links.test.ts does. */
const committed = new Set<Misdeed>();
const ABOUT_PUBLISHING: readonly Misdeed[] = ['wrongOk', 'okTwice', 'okLie', 'silence'];

async function live(seed: number): Promise<{ missing: string[]; forged: string[] }> {
  const random = seeded(seed);
  const chance = (p: number) => random() < p;
  const clock = new SimClock();
  const net = new SimNet(clock, () => 1 + Math.floor(random() * 40));
  let faulty = true;
  const losesLive = () => {
    const loses = faulty && chance(0.2);
    if (loses) happened.lostLive++;
    return loses;
  };
  const relays = [
    new HonestRelay(HONEST_A, { cap: 3, losesLive }),
    new HonestRelay(HONEST_B, { cap: 50, losesLive }),
  ];
  for (const relay of relays) net.add(relay.url, relay);
  const hostile = new HostileScript({ random, misdeeds: MISDEEDS, rate: 0.2, garbageBytes: 1_000 });
  net.add(HOSTILE, hostile);

  const sessions = new FakeSessions();
  const sql = nodeSql();
  const genuine = new Map<string, NostrEvent>();
  const forged: string[] = [];
  let incarnation = 0;
  const wake = (): Links => {
    const mine = ++incarnation;
    const alive = () => mine === incarnation;
    const ports = simPorts(
      clock,
      net,
      random,
      {
        dispatch: async (delivery) => {
          const { promise, resolve } = Promise.withResolvers<void>();
          clock.after(Math.floor(random() * 200), resolve);
          await promise;
          // A dead object's calls may have left before it died, and nobody hears how they ended.
          if (!alive() && chance(0.5)) return await new Promise<void>(() => undefined);
          if (faulty && chance(0.1)) {
            happened.dispatchFailed++;
            throw new Error('the session could not be reached');
          }
          if (!isDeepStrictEqual(genuine.get(delivery.event.id), { ...delivery.event }))
            forged.push(delivery.event.id);
          if (sessions.ran.has(delivery.event.id)) happened.redelivered++;
          sessions.take(delivery);
          if (!alive()) return await new Promise<void>(() => undefined);
          if (faulty && chance(0.1)) throw new Error('its answer was lost');
        },
      },
      alive,
    );
    const links = new Links(ports, sql, INTEREST);
    const beat = () => {
      links.tick();
      ports.after(LINK_HEARTBEAT_MS, beat);
    };
    // The alarm survives the object, so the next heartbeat comes at any moment within its interval.
    ports.after(Math.floor(random() * LINK_HEARTBEAT_MS), beat);
    links.follow([HONEST_A, HONEST_B, HOSTILE]);
    return links;
  };
  wake();

  for (let step = 0; step < 40; step++) {
    await clock.pass(Math.floor(random() * 20_000));
    for (const relay of relays) {
      if (chance(0.1)) {
        happened.cut++;
        for (const peer of relay.peers) peer.hangUp();
      }
      if (net.down.has(relay.url) ? chance(0.5) : chance(0.05)) {
        if (net.down.delete(relay.url)) continue;
        happened.down++;
        net.down.add(relay.url);
        for (const peer of relay.peers) peer.hangUp();
      }
    }
    if (chance(0.08)) {
      happened.restart++;
      incarnation++;
      for (const relay of relays) for (const peer of relay.peers) relay.gone(peer);
      await clock.pass(Math.floor(random() * 90_000));
      wake();
    }
    // Clients reach a relay whether we do or not, and their clocks are off by up to half a minute.
    const burst = chance(0.2) ? 8 : 1;
    for (let i = 0; i < burst; i++) {
      const relay = relays[chance(0.5) ? 0 : 1];
      const skew_s = Math.floor((random() - 0.5) * 60);
      const request = signed({
        kind: chance(0.5) ? 7001 : 5300,
        created_at: clock.now_s + skew_s,
        tags: chance(0.5) ? [['p', AGENT.publicKey]] : [],
        content: `${seed}/${step}/${i}`,
      });
      genuine.set(request.id, request);
      relay?.post(request);
      if (chance(0.3)) hostile.post(request);
    }
  }

  faulty = false;
  net.down.clear();
  await clock.pass(600_000);
  for (const misdeed of hostile.done.keys()) committed.add(misdeed);
  happened.paged += relays.filter(({ heard }) =>
    heard.some((m) => m[0] === 'REQ' && String(m[2]).length > 0 && hasUntil(m[2])),
  ).length;
  sql.close();
  const stored = relays.flatMap((relay) => [...relay.stored.keys()]);
  return { missing: stored.filter((id) => !sessions.ran.has(id)), forged };
}

function hasUntil(filter: unknown): boolean {
  return typeof filter === 'object' && filter !== null && 'until' in filter;
}

test('every request an honest relay holds reaches its session, and nothing forged does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), async (seed) => {
      const { missing, forged } = await live(seed);
      expect(missing).toEqual([]);
      expect(forged).toEqual([]);
    }),
    { numRuns: Number(process.env.LINK_RUNS ?? 40), seed: 20_261_122 },
  );
  for (const [what, times] of Object.entries(happened))
    expect(times, `${what} never happened`).toBeGreaterThan(0);
  expect(MISDEEDS.filter((misdeed) => !committed.has(misdeed))).toEqual(ABOUT_PUBLISHING);
}, 120_000);
