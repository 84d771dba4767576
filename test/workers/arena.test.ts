/**
 * Goal: the arena's object plays by alarm in workerd, over the sandbox' JavaScript and a real D1; it goes on where it was
 * when it dies; models are asked through the queue and the runner. Method: the whole Worker, alarms run by the test, the
 * object aborted in between; the model is a function behind a provider package. Does not prove: Python in workerd
 * (test/e2e/arena.test.ts), kills at every write (test/arena/house-kill.test.ts).
 */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { expect, test, vi } from 'vitest';
import { MODELS } from '../../agents/models.ts';
import { aiSdkClient } from '../../src/agent/models/ai-sdk-client.ts';
import { findAnnouncements } from '../../src/store/announcements.ts';
import { frontierOf, recordArena, roundsPlayed } from '../../src/store/arena.ts';
import { openDb } from '../../src/store/db.ts';
import { marketplaceOf } from '../../workers/marketplace.ts';
import { publishStandings } from '../../workers/standings.ts';

vi.setConfig({ testTimeout: 60_000 });

const asked: string[] = [];
let broken = false;
/** As an operator lists one; before anything is asked of this Worker. */
Array.prototype.push.call(MODELS, {
  name: 'elsewhere',
  async client() {
    const provider = createOpenAICompatible({
      name: 'x',
      baseURL: 'https://model.test/v1',
      includeUsage: true,
      fetch: async (input, init) => {
        asked.push(await new Request(input, init).text());
        if (broken) return new Response('no', { status: 500 });
        const chunks = [
          {
            choices: [
              { index: 0, delta: { content: '<think></think> <answer>0</answer>' }, finish_reason: 'stop' },
            ],
          },
          { choices: [], usage: { prompt_tokens: 50, completion_tokens: 7, total_tokens: 57 } },
        ];
        const body = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
        return new Response(`${body}data: [DONE]\n\n`, { headers: { 'content-type': 'text/event-stream' } });
      },
    });
    return aiSdkClient(provider('their-name'));
  },
});

const db = openDb(env.DB);
const arena = () => env.ARENA.get(env.ARENA.idFromName('main'));

async function rows<Row extends Record<string, unknown>>(query: string): Promise<Row[]> {
  return (await env.DB.prepare(query).all<Row>()).results;
}

const rounds = async () => roundsPlayed(await frontierOf(db, 100));

/** Runs alarms until so many rounds are recorded. */
async function playTo(count: number): Promise<void> {
  await vi.waitFor(
    async () => {
      await runDurableObjectAlarm(arena());
      expect(await rounds()).toBeGreaterThanOrEqual(count);
    },
    { timeout: 50_000, interval: 20 },
  );
}

test('it plays by alarm, with a model in its seats, and goes on where it was when it dies', async () => {
  await env.ARENA.getByName('main').keepPlaying();
  const first = await runInDurableObject(arena(), (_, state) => state.storage.getAlarm());
  expect(first).toBeGreaterThan(Date.now());
  // Asked again it keeps its appointment.
  await env.ARENA.getByName('main').keepPlaying();
  expect(await runInDurableObject(arena(), (_, state) => state.storage.getAlarm())).toBe(first);

  await playTo(4);
  await abortAllDurableObjects();
  await playTo(8);
  // None twice and none left out: what was played is what was counted.
  const [last] = await rows<{ round: number }>('SELECT max(round) AS round FROM arena_attempt');
  expect(last?.round).toBe(await rounds());
  const attempts = await rows<{ round: number; n: number }>(
    "SELECT round, count(*) AS n FROM arena_attempt WHERE role = 'solve' GROUP BY round",
  );
  for (const { round, n } of attempts) expect(n, `round ${round}`).toBe(8);
  const tasks = await rows<{ executor: string; language: string }>(
    'SELECT executor, language FROM arena_task',
  );
  for (const task of tasks)
    expect([task.language, task.executor.slice(0, 7)]).toEqual(['javascript', 'quickjs']);
  const own = await rows<{ model: string; tokens: number }>(
    "SELECT model, tokens FROM arena_attempt WHERE agent NOT LIKE 'baseline:%'",
  );
  expect(own.length).toBeGreaterThan(3);
  for (const row of own) expect(row).toEqual({ model: 'elsewhere', tokens: 57 });
  expect(asked).toHaveLength(own.length);
});

test('a model that fails gave an empty answer, and the arena plays on', async () => {
  // What is under way may have its answers already.
  broken = true;
  const before = await rounds();
  await playTo(before + 4);
  broken = false;
  const failed = await rows<{ reward: number; answer: string }>(
    `SELECT reward, answer FROM arena_attempt WHERE agent NOT LIKE 'baseline:%' AND round > ${before + 1} AND reward IS NOT NULL`,
  );
  expect(failed.length).toBeGreaterThan(0);
  for (const row of failed) expect(row).toEqual({ reward: -1, answer: '' });
});

test('standings are signed by the marketplace, and published when they change, at most once an hour', async () => {
  // When the first group of a model's answers is full is up to the object's own seed; that ratings come of playing is proved
  // by test/arena/ and test/e2e/arena.test.ts.
  const rated = { count: 8, sumAdvantage: 1.5, ema: 0.2, passed: 5, updatedAt_ms: Date.now() };
  await recordArena(db, {
    ...{ tasks: [], attempts: [], advantages: [], groups: [], qualifications: [], frontier: [] },
    ratings: [{ ...rated, agent: 'chat', mode: 'deduction', role: 'solve' }],
  });
  await publishStandings(env);
  const [announced] = await findAnnouncements(db, ':arena');
  const { ownKeys, config } = marketplaceOf(env);
  expect(announced?.event).toMatchObject({ kind: config.kinds.standing, pubkey: ownKeys.publicKey });
  expect(announced?.event.tags).toContainEqual(['d', 'arena']);
  expect(announced?.event.content).toContain('"agent":"chat"');
  // Ratings that have moved since wait for the hour to be over.
  await env.DB.prepare('UPDATE rating SET sum_advantage = sum_advantage + 50').run();
  await publishStandings(env);
  expect((await findAnnouncements(db, ':arena'))[0]?.event.id).toBe(announced?.event.id);
  vi.setSystemTime(Date.now() + 3_600_001);
  await publishStandings(env);
  vi.useRealTimers();
  expect((await findAnnouncements(db, ':arena'))[0]?.event.id).not.toBe(announced?.event.id);
  const stored = await env.RELAY.getByName('main').query([{ kinds: [config.kinds.standing] }], 10);
  expect(stored).toHaveLength(1);
});
