/**
 * Goal: nothing accepted is lost and nothing is told twice, wherever the process dies (DESIGN §4, RELIABILITY 2–5).
 * Method: hundreds of seeded worlds (world.ts) in which processes die at fault points, calls and answers are lost,
 * relays refuse, runners die and requests come again; then the trouble stops, and every promise must be kept. The
 * worlds must also really have seen the rare things. Does not prove: that SQLite or the platform keep what they
 * promise (test/fault does, with SIGKILL).
 */
import { describe, expect, test } from 'vitest';
import type { NostrEvent } from '../../src/nostr/event.ts';
import { CALM, type Trouble, World } from './world.ts';

const SEEDS = 150;
const TROUBLE: Trouble = { crash: 0.06, loss: 0.15, failure: 0.2 };

const terminal = (event: NostrEvent) =>
  event.kind === 6302 || event.tags.some((tag) => tag[0] === 'status' && tag[1] === 'error');
const about = (event: NostrEvent, id: string) => event.tags.some((tag) => tag[0] === 'e' && tag[1] === id);

/** The ids of the events that ended a job, at any relay. */
function endings(world: World, id: string): Set<string> {
  const ids = new Set<string>();
  for (const relay of world.relays.values()) {
    for (const event of relay.values()) if (about(event, id) && terminal(event)) ids.add(event.id);
  }
  return ids;
}

async function play(seed: number, slow: boolean, trouble = TROUBLE) {
  const world = new World(seed, trouble, slow);
  const requests: NostrEvent[] = [];
  for (let i = 0; i < 6; i++) {
    const tags = [
      ['i', `words ${i}`, 'text'],
      ...(i % 2 === 0 ? [['t', 'talk']] : []),
      ...(i === 5 ? [['param', 'refuse', 'yes']] : []),
    ];
    requests.push(world.request(tags));
  }
  for (const event of requests) world.deliver(event);
  const cancelled = requests[3];
  const calledOff = seed % 3 === 0 ? cancelled?.id : undefined;
  if (calledOff !== undefined) world.cancel(calledOff);
  for (let i = 0; i < 60; i++) {
    await world.run(4);
    if (world.chance(trouble.crash)) world.crash();
  }
  world.trouble = CALM;
  // Redelivery may meet a request whose process died before it was stored; the relay goes on trying.
  for (const event of requests) world.deliver(event);
  const quiet = await world.run(3_000);
  return { world, requests, calledOff, quiet };
}

describe.each([
  ['in place', false],
  ['by a runner', true],
])('a session whose work is done %s', (_, slow) => {
  test('ends every job once, with one event, at every relay that was promised it', async () => {
    const seen: Record<string, number> = {};
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { world, requests, calledOff, quiet } = await play(seed, slow);
      expect(quiet, `seed ${seed}: something is never done`).toBe(true);
      for (const { id } of requests) {
        const record = world.record.get(id);
        if (id === calledOff) {
          // It may have come too late, or before the request itself; there is never more than one answer.
          expect(endings(world, id).size).toBeLessThanOrEqual(
            record === undefined || record.phase === 'cancelled' ? 0 : 1,
          );
          continue;
        }
        expect(record, `seed ${seed}: no record of a job`).toBeDefined();
        const ids = endings(world, id);
        expect(ids.size, `seed ${seed}: job ended by ${ids.size} events`).toBe(1);
        expect(['delivered', 'rejected', 'failed']).toContain(record?.phase);
        expect(ids).toEqual(new Set([record?.resultEventId]));
        for (const target of ['embedded', 'wss://origin.test', 'wss://inbox.test']) {
          const there = [...(world.relays.get(target)?.values() ?? [])].filter(
            (event) => about(event, id) && terminal(event),
          );
          // A lost look-up of the client's relays costs reach, never an answer where the request came from.
          if (target !== 'wss://inbox.test') expect(there, `seed ${seed}: ${target}`).toHaveLength(1);
        }
      }
      for (const [what, times] of Object.entries(world.happened)) seen[what] = (seen[what] ?? 0) + times;
    }
    const rare = ['crash at K2', 'crash at K8', 'crash at K10', 'crash at K12', 'crash at K13'];
    for (const what of slow ? rare : [...rare, 'crash at K6', 'crash at K7']) {
      expect(seen[what] ?? 0, `${what} never happened`).toBeGreaterThan(0);
    }
  }, 120_000);

  test('says of an open job how it stands, also right after its memory was lost', async () => {
    const world = new World(1, CALM, slow);
    const request = world.request([['i', '0'.repeat(64), 'job']]);
    world.deliver(request);
    await world.run(4);
    world.crash();
    expect(world.shown(request.id)).toMatchObject({ phase: 'waiting' });
  });

  test('in calm does each piece of work once', async () => {
    const { world } = await play(7, slow, CALM);
    expect(world.happened[slow ? 'step' : 'work']).toBe(5);
  });
});

test('a stored request that cannot be read any more does not hold up the others', async () => {
  const world = new World(3, CALM, true);
  const [broken, sound] = [world.request([['i', 'one', 'text']]), world.request([['i', 'two', 'text']])];
  for (const event of [broken, sound]) world.deliver(event);
  await world.run(8);
  world.unreadable.add(broken.id);
  world.crash();
  await world.run(2_000);
  expect(world.record.get(sound.id)?.phase).toBe('delivered');
  expect(world.happened['a stored request cannot be read']).toBeGreaterThan(0);
});
