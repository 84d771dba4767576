/**
 * Goal: an attempt at a job of an agent with tools begins with what the attempts before it left in the session: their
 * answer, and what they spent.
 * Method: the runner's runtime in workerd over journals of this test. No model is there: whoever asked it would hear
 * SERVICE_UNAVAILABLE. Black box with a model: test/e2e/scout.test.ts, test/fault/kill-loop.test.ts.
 */
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { Entry } from '../../src/agent/loop/entry.ts';
import { jobLoop } from '../../workers/job-loop.ts';
import { marketplaceOf } from '../../workers/marketplace.ts';
import { recordingContext, taskOf } from '../support/tasks.ts';

const modelled = { ...env, MODEL_BASE_URL: 'http://127.0.0.1:9/v1', MODEL: 'small' };

function attempt(entries: readonly Entry[], environment: typeof env = modelled) {
  const agent = marketplaceOf(modelled).agentBySlug('scout');
  if (agent === undefined) throw new Error('no scout');
  const written: Entry[] = [];
  const session = {
    loopEntries: async () => entries,
    loopAppend: async (_run: string, _seq: number, entry: Entry) => {
      written.push(entry);
    },
  };
  const run = jobLoop(environment, session).run(taskOf('chat', 'find it', { agent }), recordingContext());
  return { run, written };
}

const task: Entry = { type: 'task', from: 'the client', text: 'find it', history: [] };
const spent = (tokens: number): Entry => ({
  type: 'model',
  step: 1,
  last: false,
  text: '',
  finishReason: 'stop',
  model: 'small',
  usage: { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens },
  estimate_tokens: tokens,
  calls: [],
});

test('a finished run is told again without asking anybody', async () => {
  const end: Entry = { type: 'end', how: 'final_answer', answer: 'it is here', problem: null };
  const { run, written } = attempt([task, spent(100), end]);
  expect(await run).toMatchObject({ content: 'it is here', usage: { total_tokens: 100 } });
  expect(written).toEqual([]);
});

test('what earlier attempts spent is spent: a job over its tokens ends before another question', async () => {
  await expect(attempt([task, spent(199_990)]).run).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
});

test('an agent whose model was taken away says so, and may be tried again', async () => {
  await expect(attempt([], env).run).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
});
