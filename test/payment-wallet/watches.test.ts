/**
 * Goal: whoever waits for a payment is told of its state, at least once, whatever is lost: notifications, lookups,
 * tellings, and the object's memory at any moment.
 *
 * Method: the watches over real SQLite with a clock of the test's; random schedules (fast-check) of payments, failing
 * lookups, refused tellings, crashes and notifications; afterwards everything works and time passes.
 *
 * What it does not prove: the alarm that calls `tick` (test/workers/wallet.test.ts).
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WALLET_POLL_MAX_MS, WALLET_WATCH_GRACE_MS, WALLET_WATCH_HELD_MS } from '../../src/limits.ts';
import { msats, ZERO_MSATS } from '../../src/payment/msats.ts';
import type { WalletAnswer, WalletTransaction } from '../../src/payment/wallet.ts';
import { type Watch, Watches } from '../../src/payment/watches.ts';
import { nodeSql } from '../support/node-sql.ts';
import { seeded } from '../support/random.ts';

type State = WalletTransaction['state'] | 'absent';

class World {
  now_ms = 1_000_000;
  state: State = 'pending';
  lookups: 'work' | 'fail' | 'hang' = 'work';
  refuses = false;
  looked = 0;
  readonly told: string[] = [];
  readonly sql = nodeSql();
  watches = this.#wake();

  /** The object's memory is lost; what it awaited never comes back. */
  crash(): void {
    this.watches = this.#wake();
  }

  add(expires_ms = this.now_ms + 600_000): void {
    this.watches.add({
      paymentHash: 'h',
      observer: { object: 'session', name: 's' },
      about: 'j',
      expires_ms,
    });
  }

  async pass(ms: number): Promise<void> {
    const until = this.now_ms + ms;
    for (;;) {
      const next = this.watches.next_ms;
      if (next === null || next > until) break;
      this.now_ms = Math.max(this.now_ms, next);
      await this.watches.tick();
    }
    this.now_ms = until;
  }

  #wake(): Watches {
    return new Watches(this.sql, {
      now: () => this.now_ms,
      random: seeded(1),
      lookup: () => this.#lookup(),
      tell: (watch, transaction) => this.#tell(watch, transaction),
      failed: () => undefined,
    });
  }

  async #lookup(): Promise<WalletAnswer<WalletTransaction | null>> {
    this.looked++;
    if (this.lookups === 'fail') return { type: 'unknown', reason: 'no answer' };
    if (this.lookups === 'hang') throw new Error('gone');
    return { type: 'ok', value: this.state === 'absent' ? null : transaction(this.state) };
  }

  async #tell(_watch: Watch, { state }: WalletTransaction): Promise<void> {
    if (this.refuses) throw new Error('not now');
    this.told.push(state);
  }
}

function transaction(state: WalletTransaction['state']): WalletTransaction {
  return {
    direction: 'incoming',
    state,
    paymentHash: 'h',
    amount: msats(1),
    fees: ZERO_MSATS,
    bolt11: null,
    preimage: null,
    createdAt_s: 0,
    expiresAt_s: null,
    settledAt_s: null,
    settleDeadline: state === 'accepted' ? 10 : null,
  };
}

test('without any notification a payment is heard of within the longest pause', async () => {
  const world = new World();
  world.add();
  await world.pass(60_000);
  expect(world.told).toEqual([]);
  world.state = 'settled';
  await world.pass(WALLET_POLL_MAX_MS);
  expect(world.told).toEqual(['settled']);
  expect(world.watches.size).toBe(0);
});

test('an old watch costs few lookups', async () => {
  const world = new World();
  world.add(world.now_ms + 3_600_000);
  await world.pass(3_600_000);
  expect(world.looked).toBeLessThan(90);
});

test('a notification makes the look come at once; one for another payment does nothing', async () => {
  const world = new World();
  world.add();
  world.state = 'accepted';
  expect(world.watches.wake('other')).toBe(false);
  expect(world.watches.wake('h')).toBe(true);
  await world.watches.tick();
  expect(world.told).toEqual(['accepted']);
});

test('what has expired is told, and watched on: a late payment is told as well', async () => {
  const world = new World();
  world.add(world.now_ms + 1_000);
  world.state = 'expired';
  await world.pass(120_000);
  expect(world.told).toEqual(['expired']);
  world.state = 'accepted';
  await world.pass(120_000);
  expect(world.told).toEqual(['expired', 'accepted']);
  world.state = 'failed';
  await world.pass(120_000);
  expect(world.told).toEqual(['expired', 'accepted', 'failed']);
  expect(world.watches.size).toBe(0);
});

test('what nobody ever pays is forgotten well after it expired, and not before', async () => {
  for (const state of ['expired', 'absent', 'pending'] as const) {
    const world = new World();
    world.state = state;
    world.add(world.now_ms + 1_000);
    await world.pass(WALLET_WATCH_GRACE_MS - 60_000);
    expect(world.watches.size).toBe(1);
    await world.pass(300_000);
    expect(world.watches.size).toBe(0);
  }
});

test('a held payment is not forgotten before anybody can hold it any more', async () => {
  const world = new World();
  world.state = 'accepted';
  world.add(world.now_ms + 1_000);
  await world.pass(3 * WALLET_WATCH_GRACE_MS);
  expect(world.told).toEqual(['accepted']);
  expect(world.watches.size).toBe(1);
  // A wallet that never notices the deadline calls it held for ever.
  await world.pass(WALLET_WATCH_HELD_MS);
  expect(world.watches.size).toBe(0);
});

describe('random schedules', () => {
  const step = fc.oneof(
    fc.constantFrom<State>('absent', 'pending', 'accepted', 'expired').map((state) => ({ set: state })),
    fc.constantFrom('work', 'fail', 'hang').map((lookups) => ({ lookups })),
    fc.boolean().map((refuses) => ({ refuses })),
    fc.integer({ min: 1, max: 100_000 }).map((pass) => ({ pass })),
    fc.constantFrom('crash', 'wake', 'add').map((act) => ({ act })),
  );

  test('the last state is told in the end, and nothing that was not so', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.constantFrom<State>('settled', 'failed'),
        async (steps, last) => {
          const world = new World();
          const been = new Set<State>();
          world.add(world.now_ms + 3_600_000);
          for (const one of steps) {
            if ('set' in one) world.state = one.set;
            else if ('lookups' in one) world.lookups = one.lookups;
            else if ('refuses' in one) world.refuses = one.refuses;
            else if ('pass' in one) await world.pass(one.pass);
            else if (one.act === 'crash') world.crash();
            else if (one.act === 'add') world.add(world.now_ms + 3_600_000);
            else world.watches.wake('h');
            been.add(world.state);
          }
          Object.assign(world, { state: last, lookups: 'work', refuses: false });
          been.add(last);
          await world.pass(700_000);
          expect(world.told.at(-1)).toBe(last);
          expect(world.told.filter((state) => state === last)).toHaveLength(1);
          for (const state of world.told) expect(been).toContain(state);
          expect(world.watches.size).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('what is held at the moment is counted, until it is told to be over', async () => {
  const world = new World();
  world.add();
  expect(world.watches.held).toBe(0);
  world.state = 'accepted';
  await world.pass(5_000);
  expect(world.watches.held).toBe(1);
  world.state = 'settled';
  await world.pass(60_000);
  expect(world.watches.held).toBe(0);
});
