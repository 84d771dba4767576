/**
 * Goal: what can happen to a run only in one moment, each moment by itself: its order can be served no more, a raise is
 * booked and the memory lost, it is called off or erased while something of it is on its way, and it rests. Method: the
 * worlds of worlds.test.ts without chance.
 */
import { expect, test } from 'vitest';
import { TEAM_MAX_REST_MS } from '../../../../src/limits.ts';
import { msats } from '../../../../src/payment/msats.ts';
import { DEFINITION } from './staff.ts';
import { CALM, MAIL, TeamWorld } from './world.ts';

const ENOUGH = msats(100_000);

/** A world whose client has so much credit. */
function calm(credit = ENOUGH): TeamWorld {
  const world = new TeamWorld(1, CALM);
  world.purse.zap(credit);
  return world;
}

/** Lets time pass until it is so. */
async function until(world: TeamWorld, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000 && !holds(); i++) await world.pass(1);
  expect(holds()).toBe(true);
}

const words = (text: string) => ({ source: text, sentAt_ms: 0, text });

test('an order that can be served no more when its money comes fails, and costs nothing', async () => {
  const world = calm(msats(1_000));
  const requests = ['one', 'other'].map((text) =>
    world.request(text, { budget_sats: 20 }, [['nonce', text]]),
  );
  const [one, other] = requests.map(({ id }) => id);
  for (const request of requests) world.deliver(request);
  await until(world, () => requests.every(({ id }) => world.told().some(({ tags }) => tags[0]?.[1] === id)));
  world.definition = { ...DEFINITION, budget: { usual_msats: 2_000, most_msats: 19_000 } };
  world.zap(one ?? '', 19, 1_000);
  await until(world, () => world.record.get(one ?? '')?.phase === 'failed');
  expect(world.record.get(one ?? '')?.error).toBe('INVALID_PARAMETER');
  // Nor does it stand in the way of others, whenever the memory is lost.
  world.crash();
  world.definition = DEFINITION;
  world.zap(other ?? '', 1, 1_000);
  expect(await world.pass(2_000)).toBe(true);
  expect(world.record.get(other ?? '')?.phase).toBe('delivered');
  expect(world.purse.credit).toBe(21_000n - BigInt(world.spent(other ?? '')));
});

test.each([
  ['booked, and the memory is lost before the run hears of it', 40_000],
  ['not even known to be booked', 20_000],
])('a raise that was %s is the run’s all the same', async (_, known_msats) => {
  const world = calm();
  const { id } = world.deliver(world.request('Write', { budget_sats: 20 }));
  await until(world, () => world.run(id)?.wave.length === 1);
  world.say(id, words('budget: 40 sats'), 0);
  world.diesAt = () =>
    world.purse.books.balance(`job:${id}`) === 40_000n &&
    world.stored().includes(`\\"max\\":\\"${known_msats}\\"`);
  await until(world, () => world.happened.crash === 1);
  expect(world.run(id)?.funded_msats).toBe(20_000);
  await until(world, () => world.run(id)?.funded_msats === 40_000);
  expect(await world.pass(2_000)).toBe(true);
  expect(world.purse.books.balance(`job:${id}`)).toBe(0n);
  expect(world.purse.credit).toBe(100_000n - BigInt(world.spent(id)));
});

test('a raise whose answer was lost as the run ended leaves nothing on its account', async () => {
  const world = calm();
  const { id } = world.deliver(world.request('Write', { budget_sats: 20 }));
  await until(world, () => world.run(id)?.wave.length === 1);
  world.say(id, words('budget: 40 sats'), 0);
  world.purse.meanwhile = async () => {
    world.cancel(id, 0);
    await Promise.resolve();
  };
  expect(await world.pass(2_000)).toBe(true);
  expect(world.record.get(id)?.phase).toBe('cancelled');
  expect(world.purse.books.balance(`job:${id}`)).toBe(0n);
  expect(world.purse.credit).toBe(100_000n - BigInt(world.spent(id)));
});

test('a raise that credit does not reach for waits for more', async () => {
  const world = calm(msats(25_000));
  const { id } = world.deliver(world.request('Write', { budget_sats: 20 }));
  await until(world, () => world.run(id)?.wave.length === 1);
  world.say(id, words('pause'), 0);
  world.say(id, words('budget: 40 sats'), 0);
  expect(await world.pass(2_000)).toBe(true);
  expect(world.run(id)?.funded_msats).toBe(20_000);
  world.zap(id, 15, 0);
  expect(await world.pass(2_000)).toBe(true);
  expect(world.run(id)).toMatchObject({ funded_msats: 40_000, paused: true, phase: 'working' });
});

test('a raise that could not be booked is tried again, though nothing else happens', async () => {
  const world = calm();
  const { id } = world.deliver(world.request('Write', { budget_sats: 20 }));
  await until(world, () => world.run(id)?.wave.length === 1);
  world.say(id, words('pause'), 0);
  await until(world, () => world.run(id)?.wave.length === 0);
  world.purse.meanwhile = () => Promise.reject(new Error('the books are away'));
  world.say(id, words('budget: 40 sats'), 0);
  expect(await world.pass(2_000)).toBe(true);
  expect(world.happened['raising what a job may cost failed']).toBe(1);
  expect(world.run(id)).toMatchObject({ funded_msats: 40_000, paused: true });
});

test('an order to a run that has ended is answered, and is no run of its own', async () => {
  const world = calm();
  const { id } = world.deliver(world.request('Write', { budget_sats: 20 }));
  expect(await world.pass(2_000)).toBe(true);
  const { credit } = world.purse;
  const late = world.deliver(world.request('finish'));
  expect(await world.pass(2_000)).toBe(true);
  expect(world.record.get(late.id)?.phase).toBe('delivered');
  expect(world.run(late.id)).toBeNull();
  expect(world.purse.credit).toBe(credit);
  // What says more is a new task, which goes on from the last.
  const next = world.deliver(world.request('finish the second verse', { budget_sats: 20 }));
  expect(await world.pass(2_000)).toBe(true);
  expect(world.run(next.id)?.task).toContain('echidna-output');
  expect(world.spent(id)).toBeGreaterThan(0);
});

test('a run that was called off tells nothing more, also of what waited to be told', async () => {
  const world = calm();
  const { id } = world.deliver(world.request('Write', { budget_sats: 20 }));
  // Where the client reads direct messages is being looked up.
  await until(world, () => world.signed.some(({ job }) => job === null));
  expect(world.messages).toEqual([]);
  world.cancel(id, 0);
  expect(await world.pass(2_000)).toBe(true);
  expect(world.record.get(id)?.phase).toBe('cancelled');
  expect(world.messages).toEqual([]);
});

test('a run that is erased while a mail of it is on its way stays erased', async () => {
  const world = calm();
  const { id } = world.deliver(world.request('Write', { budget_sats: 20, mail: MAIL }));
  const gate = Promise.withResolvers<void>();
  world.mailGate = gate.promise;
  world.mail(id, words('yes'), 2_000);
  await until(world, () => world.record.get(id)?.phase === 'delivered');
  world.cancel(id, 0);
  await until(world, () => world.run(id) === null);
  gate.resolve();
  expect(await world.pass(2_000)).toBe(true);
  expect(world.run(id)).toBeNull();
  expect(world.stored()).not.toContain(MAIL);
});

test('a run at rest does nothing and is not woken before it must', async () => {
  const world = calm();
  const request = world.request('Write', { budget_sats: 20 });
  const { id } = world.deliver(request);
  await until(world, () => world.run(id)?.wave.length === 1);
  world.say(id, words('pause'), 0);
  expect(await world.pass(2_000)).toBe(true);
  const run = world.run(id);
  expect(run).toMatchObject({ phase: 'working', paused: true, wave: [] });
  const [steps, alarms] = [world.happened.step, world.alarms.length];
  expect(world.alarms.at(-1)).toBe((run?.restingSince_ms ?? 0) + TEAM_MAX_REST_MS);
  // Not even after its memory was lost.
  world.crash();
  world.deliver(request);
  expect(await world.pass(2_000)).toBe(true);
  expect(world.happened.step).toBe(steps);
  expect(world.alarms.slice(alarms).filter((at_ms) => at_ms < world.now_ms + TEAM_MAX_REST_MS / 2)).toEqual(
    [],
  );
});
