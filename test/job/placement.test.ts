/**
 * Goal: a session takes a request on the terms the broker gives it. Method: the session in a calm world (world.ts).
 */
import { expect, test } from 'vitest';
import { FIRST } from '../../src/job/broker.ts';
import { JOB_REQUEST_MAX_AGE_S } from '../../src/limits.ts';
import type { NostrEvent } from '../../src/nostr/event.ts';
import { CALM, World } from './world.ts';

const OLD_S = JOB_REQUEST_MAX_AGE_S + 60;

async function opened(placement: typeof FIRST, age_s = 0, tags: string[][] = [['i', 'words', 'text']]) {
  const world = new World(1, CALM, false);
  const event = world.request(tags, 5302, age_s);
  await world.session.open(event, 'wss://origin.test', [], placement);
  expect(await world.run(500)).toBe(true);
  const answers: NostrEvent[] = [...(world.relays.get('embedded')?.values() ?? [])];
  return { record: world.record.get(event.id), answers };
}

test('what nobody may have is refused with the reason, in one answer', async () => {
  const refusal = {
    code: 'NOT_FOUND',
    message: 'nobody is rated so high',
    details: { best_rating: 0.5 },
  } as const;
  const { record, answers } = await opened({ ...FIRST, refusal });
  expect(record).toMatchObject({ phase: 'rejected', error: 'NOT_FOUND', turn: 0 });
  expect(answers.map(({ tags }) => tags.find(([name]) => name === 'error')?.[1])).toEqual([
    JSON.stringify(refusal),
  ]);
});

test('what another agent passes on is a job however long it lay there, and says which turn it is', async () => {
  expect((await opened(FIRST, OLD_S)).record).toBeUndefined();
  expect((await opened({ ...FIRST, turn: 2 }, OLD_S)).record).toBeUndefined();
  const { record } = await opened({ turn: 2, passedOn: true, refusal: null }, OLD_S);
  expect(record).toMatchObject({ phase: 'delivered', turn: 2 });
});

test('what it was given keeps its turn when the memory is lost', async () => {
  const world = new World(1, CALM, true);
  const event = world.request([['i', 'words', 'text']]);
  await world.session.open(event, 'embedded', [], { turn: 1, passedOn: true, refusal: null });
  world.crash();
  expect(world.shown(event.id)).toMatchObject({ turn: 1 });
  expect(await world.run(500)).toBe(true);
  expect(world.record.get(event.id)).toMatchObject({ phase: 'delivered', turn: 1 });
});
