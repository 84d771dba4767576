import { expect, test } from 'vitest';
import { keptStore } from '../../../src/agent/loop/kept-store.ts';
import type { StepStore } from '../../../src/agent/loop/step-store.ts';
import { Journals, Killed } from '../../support/loop.ts';

const note = (id: string) => ({ type: 'note', id, from: 'x', text: '' }) as const;

function counting(store: StepStore) {
  const loads: string[] = [];
  const counted: StepStore = {
    ...store,
    load(run) {
      loads.push(run);
      return store.load(run);
    },
  };
  return { loads, counted };
}

test('keptStore() reads a run once, what was there and what it adds', async () => {
  const journals = new Journals();
  await journals.process().append('run', 0, note('before'));
  const { loads, counted } = counting(journals.process());
  const store = keptStore(counted);
  const first = await store.load('run');
  await store.append('run', 1, note('added'));
  expect(await store.load('run')).toEqual([note('before'), note('added')]);
  // What was handed out does not change.
  expect(first).toEqual([note('before')]);
  expect(journals.of('run')).toHaveLength(2);
  expect(await store.load('run/1.0')).toEqual([]);
  expect(loads).toEqual(['run', 'run/1.0']);
});

test('keptStore() does not keep what was not stored, and finds another drive out', async () => {
  const journals = new Journals();
  const dying = keptStore(journals.process(0));
  await dying.load('run');
  await expect(dying.append('run', 0, note('lost'))).rejects.toThrow(Killed);
  expect(await dying.load('run')).toEqual([]);

  const [one, other] = [keptStore(journals.process()), keptStore(journals.process())];
  await Promise.all([one.load('run'), other.load('run')]);
  await one.append('run', 0, note('mine'));
  await expect(other.append('run', 0, note('theirs'))).rejects.toThrow('there already');
});
