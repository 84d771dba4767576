import { expect, test } from 'vitest';
import { defineLoop } from '../../../src/agent/loop/definition.ts';
import { managedAgent } from '../../../src/agent/loop/managed.ts';
import { runLoop } from '../../../src/agent/loop/run.ts';
import { sqlStepStore } from '../../../src/agent/loop/sql-step-store.ts';
import { add, call, final, LOOP_LIMITS, LOOP_TASK, loopPorts, scriptedModel } from '../../support/loop.ts';
import { nodeSql } from '../../support/node-sql.ts';

function database() {
  const sql = nodeSql();
  return { sql, store: sqlStepStore(sql) };
}
const note = (id: string) => ({ type: 'note', id, from: 'x', text: 'ü"\n' }) as const;

test('append() refuses a place that is taken and one behind a gap, and keeps what is there', async () => {
  const { store } = database();
  await store.append('run', 0, note('a'));
  await expect(store.append('run', 0, note('b'))).rejects.toThrow('another drive');
  await expect(store.append('run', 2, note('c'))).rejects.toThrow('another drive');
  await store.append('other', 0, note('d'));
  expect(await store.load('run')).toEqual([note('a')]);
  expect(await store.load('nothing')).toEqual([]);
});

test('forget() deletes a run with its managed runs and no other', async () => {
  const { store } = database();
  for (const run of ['run', 'run/1.0', 'run/1.0/2.1', 'run0', 'run-2', 'ru'])
    await store.append(run, 0, note(run));
  store.forget('run');
  for (const run of ['run', 'run/1.0', 'run/1.0/2.1']) expect(await store.load(run)).toEqual([]);
  for (const run of ['run0', 'run-2', 'ru']) expect(await store.load(run)).toHaveLength(1);
});

test('a run with a managed agent is read back from SQLite as it was written', async () => {
  const { store } = database();
  const lines = [{ calls: [call('h', 'helper', { task: 'sub' })] }, final('sub'), final('end')];
  const drive = (script: typeof lines) => {
    const ports = loopPorts({ model: scriptedModel(script), store });
    const options = { ...LOOP_LIMITS, tools: [add] };
    const helper = managedAgent({ name: 'helper', description: 'h', options }, ports);
    const definition = defineLoop({ ...LOOP_LIMITS, tools: [helper] });
    return runLoop(definition, 'run', LOOP_TASK, ports, new AbortController().signal);
  };
  const outcome = await drive(lines);
  expect(outcome).toMatchObject({ state: 'done', answer: 'end' });
  expect(await drive([])).toEqual(outcome);
  expect(await store.load('run/1.0')).toHaveLength(4);
});
