/**
 * Goal: a run that is killed between any two entries of its journal goes on behind the last one: no model call and no
 * tool call that is in the journal is made again, and the run ends with the same trace.
 * Method: a model and tools that answer by a hash of what they are asked, so that every seed is another run (tools side
 * by side that end in any order, refused calls, plans, managed agents, failing models, the step limit). First without
 * a fault; then killed at every single write, both before and after it is stored; then killed again and again.
 * Does not prove: that a database keeps what it says it kept; that needs a store over SQLite and a real kill.
 */
import { expect, test } from 'vitest';
import type { Budget } from '../../../src/agent/loop/budget.ts';
import { defineLoop, type LoopOptions } from '../../../src/agent/loop/definition.ts';
import type { Entry } from '../../../src/agent/loop/entry.ts';
import { managedAgent } from '../../../src/agent/loop/managed.ts';
import type { LoopRequest, ModelCall, ToolModelClient } from '../../../src/agent/loop/model.ts';
import type { LoopPorts } from '../../../src/agent/loop/ports.ts';
import { runLoop } from '../../../src/agent/loop/run.ts';
import { noBudget } from '../../../src/agent/loop/token-budget.ts';
import type { Tool } from '../../../src/agent/loop/tool.ts';
import { JobError } from '../../../src/errors.ts';
import { sha256Hex } from '../../../src/nostr/event.ts';
import {
  call,
  final,
  Journals,
  Killed,
  LOOP_LIMITS,
  LOOP_TASK,
  loopPorts,
  ownClock,
  type Say,
  scriptedModel,
} from '../../support/loop.ts';
import { seeded } from '../../support/random.ts';

const SEEDS = 25;
const MANY_KILLS_SEEDS = 150;

/** The same numbers for the same words. */
function dice(...words: readonly unknown[]): () => number {
  return seeded(Number.parseInt(sha256Hex(JSON.stringify(words)).slice(0, 8), 16));
}

/** What a model says depends on nothing but what it is asked. */
function answerTo(seed: number, request: LoopRequest): Say {
  const random = dice(seed, request.messages, request.tools.length);
  const usage = { prompt_tokens: 50, completion_tokens: 9, total_tokens: 59 };
  if (request.tools.length === 0) return { text: `words ${random()}`, usage };
  if (random() < 0.15) return { ...final(`answer ${random()}`), usage };
  if (random() < 0.1) return { text: 'no call at all', usage };
  const names = [...request.tools.map(({ name }) => name).filter((name) => name !== 'final_answer'), 'nope'];
  const calls = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, at): ModelCall => {
    const name = names[Math.floor(random() * names.length)] ?? 'nope';
    return call(
      `c${at}`,
      name,
      name === 'helper' ? { task: `sub ${random()}` } : { n: Math.floor(random() * 9) },
    );
  });
  return { text: random() < 0.5 ? 'thinking' : '', calls, usage };
}

interface World {
  readonly journals: Journals;
  /** What was done although its entry was in the journal already. */
  readonly repeated: string[];
  /** Model calls, tools and kills, in all drives. */
  readonly done: { models: number; tools: number; kills: number };
}

/** Drives the run as a new process, which dies at a write. */
async function drive(seed: number, world: World, diesAt?: number, written?: boolean): Promise<boolean> {
  const { journals, repeated, done } = world;
  const clock = ownClock();
  const failures = dice(seed, 'failures', done.kills);
  const scripted = scriptedModel((request) => answerTo(seed, request));
  const model: ToolModelClient = {
    async *ask(request, signal) {
      if (failures() < 0.1) throw new JobError('SERVICE_UNAVAILABLE', 'busy');
      done.models++;
      yield* scripted.ask(request, signal);
    },
  };
  // It hears of each question before it is asked, by its name.
  const budget: Budget = {
    ...noBudget,
    reserve: async (wish) => {
      if (answerIn(journals, wish.key)) repeated.push(`model: ${wish.key}`);
      return noBudget.reserve(wish);
    },
  };
  const store = journals.process(diesAt, written);
  const ports: LoopPorts = loopPorts({
    model,
    store,
    clock,
    budget,
    random: dice(seed, 'random', done.kills),
  });
  const tool = (name: string, parallel: boolean): Tool => ({
    name,
    description: name,
    input: { type: 'object', properties: { n: { type: 'integer', maximum: 7 } }, required: ['n'] },
    parallel,
    run: async ({ n }, { key, signal }) => {
      done.tools++;
      if (resultOf(journals, key)) repeated.push(`tool: ${key}`);
      // How long it takes differs from drive to drive, and with it the order of the journal.
      await clock.sleep(Math.floor(dice(seed, key, done.kills)() * 1_000), signal);
      if (n === 3) throw new JobError('NOT_FOUND', 'nothing there');
      return `${name} of ${String(n)} in ${key}`;
    },
  });
  const tools = [tool('side', true), tool('alone', false)];
  const helper: LoopOptions = { ...LOOP_LIMITS, instructions: 'help', tools, maxSteps: 2 };
  const options: LoopOptions = {
    ...LOOP_LIMITS,
    tools: [...tools, managedAgent({ name: 'helper', description: 'h', options: helper }, ports)],
    maxSteps: 5,
    ...(seed % 2 === 0 ? { planEvery: 2 } : {}),
  };
  try {
    for (;;) {
      const outcome = await runLoop(
        defineLoop(options),
        'run',
        LOOP_TASK,
        ports,
        new AbortController().signal,
      );
      if (outcome.state === 'done') return true;
      // A model that failed too often: the owner drives the run again later.
      expect(outcome.pause.reason).toBe('model');
    }
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    done.kills++;
    return false;
  }
}

/** Whether the journal has what this key names: an answer, a plan or the last answer. */
function answerIn(journals: Journals, key: string): boolean {
  const [, run = '', purpose = '', step] = /^(.*)\/(?:(plan|last)\.)?(\d+)$/.exec(key) ?? [];
  const type = purpose === 'plan' ? 'plan' : 'model';
  return journals.of(run).some((entry) => entry.type === type && entry.step === Number(step));
}

function resultOf(journals: Journals, key: string): boolean {
  const [, run = '', step, place] = /^(.*)\/(\d+)\.(\d+)$/.exec(key) ?? [];
  return journals
    .of(run)
    .some((entry) => entry.type === 'result' && entry.step === Number(step) && entry.call === Number(place));
}

const newWorld = (): World => ({
  journals: new Journals(),
  repeated: [],
  done: { models: 0, tools: 0, kills: 0 },
});

/** All journals, results in the order of their calls: the order they came in is chance. */
function traceOf({ journals }: World): unknown {
  const runs = [...journals.runs].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return runs.map(([run, entries]) => {
    const place = (entry: Entry): number => (entry.type === 'result' ? entry.call : -1);
    const sorted = [...entries];
    // Results stand between an answer and the next entry that is none, so a stable sort of neighbours is enough.
    for (let at = 1; at < sorted.length; at++) {
      for (let back = at; back > 0; back--) {
        const [left, right] = [sorted[back - 1], sorted[back]];
        if (left?.type !== 'result' || right?.type !== 'result' || place(left) <= place(right)) break;
        sorted[back - 1] = right;
        sorted[back] = left;
      }
    }
    return [run, sorted];
  });
}

async function undisturbed(seed: number): Promise<World> {
  const world = newWorld();
  expect(await drive(seed, world)).toBe(true);
  return world;
}

test('a run killed at any one write, before it is stored or after, ends with the same trace and repeats nothing', async () => {
  const seen = { kills: 0, parallel: 0, helpers: 0, plans: 0, limits: 0, refusals: 0 };
  for (let seed = 0; seed < SEEDS; seed++) {
    const calm = await undisturbed(seed);
    const trace = traceOf(calm);
    for (const entry of [...calm.journals.runs.values()].flat()) {
      if (entry.type === 'plan') seen.plans++;
      if (entry.type === 'model' && entry.calls.filter(({ name }) => name === 'side').length > 1)
        seen.parallel++;
      if (entry.type === 'result' && !entry.observation.ok) seen.refusals++;
      if (entry.type === 'end' && entry.how === 'step_limit') seen.limits++;
    }
    seen.helpers += calm.journals.runs.size - 1;
    for (let write = 0; write < calm.journals.writes; write++) {
      for (const written of [false, true]) {
        const world = newWorld();
        const name = `seed ${seed}, killed ${written ? 'after' : 'before'} write ${write}`;
        expect(await drive(seed, world, write, written), name).toBe(false);
        expect(await drive(seed, world), name).toBe(true);
        expect(world.repeated, name).toEqual([]);
        expect(traceOf(world), name).toEqual(trace);
        seen.kills++;
      }
    }
  }
  // The runs were worth killing.
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(10);
});

test('a run killed again and again ends with the same trace and repeats nothing', async () => {
  for (let seed = 1_000; seed < 1_000 + MANY_KILLS_SEEDS; seed++) {
    const trace = traceOf(await undisturbed(seed));
    const world = newWorld();
    const random = dice(seed, 'kills');
    for (let drives = 0; ; drives++) {
      expect(drives, `seed ${seed} makes no progress`).toBeLessThan(2_000);
      const diesAt = world.journals.writes + Math.floor(random() * 6);
      if (await drive(seed, world, diesAt, random() < 0.5)) break;
    }
    expect(world.repeated, `seed ${seed}`).toEqual([]);
    expect(traceOf(world), `seed ${seed}`).toEqual(trace);
  }
});

test('of two drives of one run the one that comes second to an entry stops, and does no more', async () => {
  const journals = new Journals();
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const slow = scriptedModel([
    async () => {
      entered.resolve();
      await gate.promise;
      return final('slow');
    },
  ]);
  const fast = scriptedModel([final('fast')]);
  const definition = defineLoop({ ...LOOP_LIMITS, tools: [] });
  const { signal } = new AbortController();
  const first = runLoop(
    definition,
    'run',
    LOOP_TASK,
    loopPorts({ model: slow, store: journals.process() }),
    signal,
  );
  const stopped = expect(first).rejects.toThrow('is there already');
  await entered.promise;
  const second = await runLoop(
    definition,
    'run',
    LOOP_TASK,
    loopPorts({ model: fast, store: journals.process() }),
    signal,
  );
  gate.resolve();
  await stopped;
  expect(second).toMatchObject({ state: 'done', answer: 'fast' });
  expect(slow.asked).toHaveLength(1);
});
