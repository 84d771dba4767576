/**
 * Goal: sessions in different isolates share what may be asked of each model, and a job does not fail where the count
 * of it does. Method: the real objects in workerd, evicted in between. Does not prove: how long the platform keeps an
 * idle object.
 */
import {
  evictDurableObject,
  listDurableObjectIds,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test, vi } from 'vitest';
import type { ModelChunk } from '../../src/agent/chat/model-client.ts';
import type { Env } from '../../workers/env.ts';
import { chatModelOf, modelFiguresOf, toolModelOf } from '../../workers/models.ts';

const stubOf = (name: string) => env.MODELS.get(env.MODELS.idFromName(name));
const objects = async () => (await listDurableObjectIds(env.MODELS)).length;

/** This Worker with Workers AI bound to a script. */
function envWith(vars: Record<string, string>, run: (model: string) => unknown): Env {
  const AI = { run: async (model: string) => run(model) };
  return Object.assign(Object.create(null), env, vars, { AI });
}

async function ask(env: Env) {
  const model = chatModelOf(env);
  if (model === null) throw new Error('there is no model');
  const question = { model: 'm1', messages: [{ role: 'user' as const, content: 'hi' }], maxTokens: 10 };
  let end: ModelChunk | null = null;
  for await (const chunk of model.ask(question, new AbortController().signal)) end = chunk;
  return end;
}

test('with neither limits nor fallbacks no object is asked, and without a model there is none', async () => {
  expect(chatModelOf(env)).toBeNull();
  expect(toolModelOf(env)).toBeNull();
  expect(await ask(envWith({ MODEL: 'm1' }, () => ({ response: 'hi' })))).toMatchObject({ type: 'end' });
  expect(await objects()).toBe(0);
});

test('isolates share the cooldown of a model, also when its object was evicted', async () => {
  const asked: string[] = [];
  const vars = { MODEL: 'm1', MODEL_FALLBACKS: 'm2' };
  const another = () =>
    envWith(vars, (model) => {
      asked.push(model);
      if (model === 'm1') throw new Error('overloaded');
      return { response: 'hi' };
    });
  expect(await ask(another())).toMatchObject({ model: 'm2' });
  expect(await ask(another())).toMatchObject({ model: 'm2' });
  await evictDurableObject(stubOf('m1'));
  expect(await ask(another())).toMatchObject({ model: 'm2' });
  expect(asked).toEqual(['m1', 'm2', 'm2', 'm2']);
  expect(await objects()).toBe(2);
});

test('an object that cannot be asked is passed over', async () => {
  const printed = vi.spyOn(console, 'error').mockReturnValue();
  const broken = async () => {
    throw new Error('overloaded');
  };
  const own = envWith({ MODEL: 'm1', MODEL_RPM: '1' }, () => ({ response: 'hi' }));
  const lost = {
    ...own,
    MODELS: {
      getByName: () => ({ reserve: broken, succeeded: broken, failed: broken, used: broken, usage: broken }),
    },
  };
  expect(await ask(lost)).toMatchObject({ type: 'end', model: 'm1' });
  expect(printed).toHaveBeenCalledTimes(2);
});

test('with prices it counts what answers took and cost, and stores that by alarm and not for every answer', async () => {
  const usage = { prompt_tokens: 1_000_000, completion_tokens: 500_000 };
  const vars = { MODEL: 'm3', MODEL_FALLBACKS: 'm4', MODEL_PRICES: 'm3=0.15/0.60usd' };
  const own = envWith(vars, () => ({ response: 'hi', usage }));
  await ask(own);
  await ask(own);
  const rows = () =>
    runInDurableObject(stubOf('m3'), (_, { storage }) => storage.sql.exec('SELECT * FROM used').toArray());
  expect(await rows()).toEqual([]);
  expect(await runDurableObjectAlarm(stubOf('m3'))).toBe(true);
  expect(await rows()).toEqual([{ model: 'm3', input: 2_000_000, output: 1_000_000 }]);
  await evictDurableObject(stubOf('m3'));
  await ask(own);
  expect(await modelFiguresOf(own)).toMatchObject([
    {
      model: 'm3',
      usage: { prompt_tokens: 3_000_000, completion_tokens: 1_500_000 },
      cost: { currency: 'usd', amount: 1.35 },
    },
    { model: 'm4', usage: { total_tokens: 0 }, cost: null },
  ]);
  expect(await modelFiguresOf(env)).toEqual([]);
});
