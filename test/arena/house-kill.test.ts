/** The house of the arena, killed at every write. */
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/arena/random.ts';
import { sha256Hex } from '../../src/nostr/event.ts';
import type { Sql } from '../../src/store/sql.ts';
import { ArenaWorld, inputsOf, proposalOf, wrapped } from '../support/arena-world.ts';

const ROUNDS = 7;
/** Every group is due by its age. */
const ROUND_MS = 3_600_000;

class Killed extends Error {
  override readonly name = 'Killed';
}

/** The database as a process sees it that dies at one of its writes, before it is done or right behind it. */
function mortal(sql: Sql, life: { writes: number; readonly diesAt: number; readonly written: boolean }): Sql {
  let dead = false;
  const alive = (): void => {
    if (dead) throw new Killed();
  };
  return {
    all: (query, ...parameters) => {
      alive();
      return sql.all(query, ...parameters);
    },
    run(query, ...parameters) {
      alive();
      dead = life.writes === life.diesAt;
      life.writes += 1;
      if (dead && !life.written) throw new Killed();
      const rows = sql.run(query, ...parameters);
      if (dead) throw new Killed();
      return rows;
    },
    transaction: (work) => {
      alive();
      return sql.transaction(work);
    },
  };
}

/** A world in which a model sits, which says the same to the same question. */
function newWorld(): ArenaWorld {
  const world = new ArenaWorld(
    { agents: [{ agent: 'chat', owner: 'operator', models: ['m'] }] },
    ({ prompt }) => {
      const text = JSON.stringify(prompt);
      const random = seededRandom(Number.parseInt(sha256Hex(text).slice(0, 8), 16));
      if (text.includes('Make a new task')) return { text: proposalOf(random) };
      if (text.includes('different inputs and one message')) return { text: inputsOf(random) };
      return { text: wrapped(String(Math.floor(random() * 3))) };
    },
  );
  world.round_ms = ROUND_MS;
  return world;
}

/** Plays on as a new process. @returns whether it lived to the end */
async function drive(world: ArenaWorld, diesAt = Number.POSITIVE_INFINITY, written = false) {
  const life = { writes: 0, diesAt, written };
  try {
    await world.play(world.open(mortal(world.sql, life)), ROUNDS);
    return { lived: true, writes: life.writes };
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return { lived: false, writes: life.writes };
  }
}

/**
 * Goal: a round is counted once or not at all, whenever the process dies. Method: a season is killed at each of its writes,
 * before and behind it, goes on in a new process on the same storage, and must leave the record an undisturbed one leaves,
 * to the last row. The queue and D1 outlive it as the platform's do; within a transaction a kill takes everything back.
 */
test('a season killed at any one write leaves the same record', async () => {
  const calm = newWorld();
  const { writes } = await drive(calm);
  const rows = calm.rows();
  expect(rows.arena_attempt?.length).toBeGreaterThan(40);
  expect(rows.rating?.length).toBeGreaterThan(2);
  expect(rows.arena_attempt?.some(({ agent }) => agent === 'chat')).toBe(true);
  expect(rows.arena_task?.some(({ proposer }) => proposer === 'chat')).toBe(true);
  expect(rows.arena_group?.length).toBeGreaterThan(2);
  expect(writes).toBeGreaterThan(80);
  for (let write = 0; write < writes; write += 1) {
    for (const written of [false, true]) {
      const world = newWorld();
      const name = `killed ${written ? 'behind' : 'before'} write ${write}`;
      expect((await drive(world, write, written)).lived, name).toBe(false);
      expect((await drive(world)).lived, name).toBe(true);
      expect(world.rows(), name).toEqual(rows);
    }
  }
}, 300_000);

test('a record that is away holds the arena up, and loses nothing', async () => {
  const calm = newWorld();
  await drive(calm);
  const world = newWorld();
  const house = world.open();
  for (let i = 0; house.round < ROUNDS; i += 1) {
    world.d1.failure = i % 3 === 1 ? new Error('D1_ERROR: away') : null;
    const turn = world.turn(house);
    if (world.d1.failure === null) await turn;
    else await turn.catch((error: unknown) => expect(String(error)).toContain('D1_ERROR'));
  }
  world.d1.failure = null;
  await world.record(house);
  expect(world.rows()).toEqual(calm.rows());
});
