/** Goal: every stored event reaches its receiver at least once, whatever fails or dies in between. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RELAY_MAX_HANDOVERS } from '../../src/limits.ts';
import { eventJson } from '../../src/nostr/messages.ts';
import { EventStore, type StoredEvent } from '../../src/relay/event-store.ts';
import { Handover } from '../../src/relay/handover.ts';
import { IndexFeed } from '../../src/relay/index-feed.ts';
import { Mark } from '../../src/relay/mark.ts';
import type { Sql } from '../../src/store/sql.ts';
import { nodeSql } from '../support/node-sql.ts';
import { signed } from './rig.ts';

const ORIGIN = { ours: false, authenticated: ['a key'] };
const EVENTS = Array.from({ length: 60 }, (_, i) => signed(1, { kind: 5_000 + (i % 2), content: `${i}` }));

function put(store: EventStore, i: number): StoredEvent {
  const event = EVENTS[i % EVENTS.length] ?? signed(1);
  return { seq: store.insert(event, eventJson(event), ORIGIN), event, ...ORIGIN };
}

/** One life of the process over a database; `take` decides what becomes of each try. */
function life(sql: Sql, take: (stored: StoredEvent) => Promise<void>, clock = () => 0) {
  const store = new EventStore(sql);
  const mark = new Mark(sql, 'test');
  const failures: [number, boolean][] = [];
  const handover = new Handover(
    store,
    mark,
    {
      wants: (event) => event.kind === 5_000,
      take,
      failed: ({ seq }, _error, givenUp) => failures.push([seq, givenUp]),
    },
    clock,
    () => 0.5,
  );
  return { store, mark, handover, failures };
}

describe('Handover', () => {
  test('over random lives that end anywhere, every wanted event is taken, with its proved keys', async () => {
    const step = fc.constantFrom('store', 'store', 'save', 'fail', 'hang', 'die');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const sql = nodeSql();
        const taken = new Set<number>();
        const wanted = new Set<number>();
        let mood: 'take' | 'fail' | 'hang' = 'take';
        const take = (stored: StoredEvent) => {
          if (mood === 'fail') return Promise.reject(new Error('not now'));
          if (mood === 'hang') return new Promise<void>(() => undefined);
          expect(stored.authenticated).toEqual(ORIGIN.authenticated);
          taken.add(stored.seq);
          return Promise.resolve();
        };
        let now = life(sql, take);
        let stored = 0;
        for (const what of steps) {
          if (what === 'fail' || what === 'hang') mood = what;
          else if (what === 'save') now.mark.save();
          else if (what === 'die') {
            mood = 'take';
            now = life(sql, take);
            await Promise.all(now.handover.resume());
          } else if (stored < EVENTS.length) {
            const one = put(now.store, stored++);
            if (one.event.kind === 5_000) wanted.add(one.seq);
            const begun = now.handover.take(one);
            if (mood !== 'hang') await Promise.all(begun);
          }
        }
        mood = 'take';
        const last = life(sql, take);
        await Promise.all(last.handover.resume());
        expect([...taken].sort()).toEqual([...wanted].sort());
        expect(last.mark.open).toBe(0);
        expect(last.mark.value).toBe(last.store.lastSeq);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  test('the mark stays below an event that is not taken yet, and saving it costs one row', async () => {
    const sql = nodeSql();
    let release: () => void = () => undefined;
    const now = life(sql, ({ seq }) =>
      seq === 1 ? new Promise((resolve) => (release = resolve)) : Promise.resolve(),
    );
    const first = now.handover.take(put(now.store, 0));
    await Promise.all(now.handover.take(put(now.store, 2)));
    now.handover.take(put(now.store, 3));
    expect([now.mark.value, now.mark.highest]).toEqual([0, 3]);
    release();
    await Promise.all(first);
    now.mark.save();
    now.mark.save();
    expect(sql.all('SELECT * FROM mark')).toEqual([{ name: 'test', seq: 3 }]);
  });

  test('a failed event is tried again when it is due, not before, and given up in the end', async () => {
    let clock_ms = 0;
    const now = life(
      nodeSql(),
      () => Promise.reject(new Error('no')),
      () => clock_ms,
    );
    await Promise.all(now.handover.take(put(now.store, 0)));
    expect(now.handover.nextRetry_ms).toBe(500);
    clock_ms = 499;
    expect(now.handover.retry()).toEqual([]);
    for (let tries = 0; tries < 1_000 && now.mark.open > 0; tries++) {
      clock_ms = now.handover.nextRetry_ms ?? clock_ms;
      await Promise.all(now.handover.retry());
    }
    expect(now.failures.at(-1)).toEqual([1, true]);
    expect(now.failures.filter(([, givenUp]) => givenUp)).toHaveLength(1);
    expect(now.mark.value).toBe(1);
    expect(clock_ms).toBeGreaterThan(6 * 3_600_000);
  });

  test('only so many are under way at a time; the rest wait in storage and are not lost', async () => {
    const sql = nodeSql();
    const waiting: (() => void)[] = [];
    let most = 0;
    const now = life(sql, () => {
      most = Math.max(most, waiting.length + 1);
      return new Promise((resolve) => waiting.push(resolve));
    });
    const count = RELAY_MAX_HANDOVERS + 100;
    const begun: Promise<void>[] = [];
    for (let i = 0; i < count; i++) {
      const event = { ...signed(1), kind: 5_000, id: i.toString(16).padStart(64, '0') };
      begun.push(
        ...now.handover.take({ seq: now.store.insert(event, eventJson(event), ORIGIN), event, ...ORIGIN }),
      );
    }
    expect(begun).toHaveLength(RELAY_MAX_HANDOVERS);
    while (waiting.length > 0) {
      waiting.shift()?.();
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    }
    await Promise.all(begun);
    expect(most).toBe(RELAY_MAX_HANDOVERS);
    expect(now.mark.open).toBe(0);
    expect(now.mark.value).toBe(count);
  });
});

describe('IndexFeed', () => {
  const note = (i: number) => signed(1, { kind: i % 3 === 0 ? 7_001 : 1, content: `${i}` });

  test('gives every event of its kinds in order of arrival, in batches, and nothing twice while all goes well', async () => {
    const sql = nodeSql();
    const store = new EventStore(sql);
    const mark = new Mark(sql, 'index');
    const batches: string[][] = [];
    const feed = new IndexFeed(store, mark, async (events) => {
      batches.push(events.map(({ content }) => content));
    });
    for (let i = 0; i < 350; i++) store.insert(note(i), eventJson(note(i)), ORIGIN);
    expect(feed.behind).toBe(true);
    await Promise.all([feed.run(), feed.run()]);
    expect(batches.map((batch) => batch.length)).toEqual([100, 100, 33]);
    expect(batches.flat()).toEqual(
      Array.from({ length: 350 }, (_, i) => `${i}`).filter((_, i) => i % 3 !== 0),
    );
    expect(feed.behind).toBe(false);
    await feed.run();
    expect(batches).toHaveLength(3);
  });

  test('what the index did not take is given again, after a failure and after a restart', async () => {
    const sql = nodeSql();
    const store = new EventStore(sql);
    for (let i = 0; i < 150; i++) store.insert(note(i), eventJson(note(i)), ORIGIN);
    const mark = new Mark(sql, 'index');
    const given: string[] = [];
    let calls = 0;
    const first = new IndexFeed(store, mark, async (events) => {
      if (++calls === 1) given.push(...events.map(({ content }) => content));
      else throw new Error('index is down');
    });
    for (let i = 150; i < 300; i++) store.insert(note(i), eventJson(note(i)), ORIGIN);
    await expect(first.run()).rejects.toThrow('index is down');
    mark.save();
    const second = new IndexFeed(new EventStore(sql), new Mark(sql, 'index'), async (events) => {
      given.push(...events.map(({ content }) => content));
    });
    await second.run();
    expect(given).toHaveLength(200);
    expect(new Set(given).size).toBe(200);
  });
});
