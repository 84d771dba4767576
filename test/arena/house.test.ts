/** What the house of the arena does with rounds: caps, models, examinations, suspicion. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/arena/random.ts';
import type { Solver } from '../../src/arena/seat.ts';
import { DEFAULT_SETTINGS } from '../../src/arena/settings.ts';
import { JobError } from '../../src/errors.ts';
import { ARENA_ANSWER_PATIENCE_MS, ARENA_QUALIFIED_MS } from '../../src/limits.ts';
import { qualificationsOf, ratingsOf } from '../../src/store/arena.ts';
import {
  ArenaWorld,
  answerTo,
  inputsOf,
  proposalOf,
  scriptedProposer,
  scriptedSolver,
  wrapped,
} from '../support/arena-world.ts';

const DAY_MS = 86_400_000;
const CHAT = { agent: 'chat', owner: 'operator', models: ['m'] };
const never = new AbortController().signal;

/** A model that proposes like the others and answers every question of a solver with one text. */
function model(answer: string): ArenaWorld['model'] {
  const random = seededRandom(1);
  return ({ prompt }) => {
    const text = JSON.stringify(prompt);
    if (text.includes('Make a new task')) return { text: proposalOf(random) };
    return { text: text.includes('one message') ? inputsOf(random) : answer };
  };
}

describe('caps', () => {
  test('the rounds of a day end with it, and the next day has its own', async () => {
    const world = new ArenaWorld({ roundsPerDay: 3 });
    const house = world.open();
    const turns = [];
    for (let i = 0; i < 5; i += 1) turns.push((await world.turn(house)).type);
    expect(turns).toEqual(['round', 'round', 'round', 'spent', 'spent']);
    const spent = await world.turn(house);
    expect(spent).toEqual({ type: 'spent', until_ms: 2 * DAY_MS });
    world.now_ms = 2 * DAY_MS;
    expect((await world.turn(house)).type).toBe('round');
    expect(house.round).toBe(4);
  });

  test('models never use more tokens than a day has, and the baselines play on', async () => {
    const world = new ArenaWorld({ agents: [CHAT], tokensPerDay: 30_000 }, (question) => ({
      ...model(wrapped('1'))(question),
      tokens: 1_000,
    }));
    const house = world.open();
    await world.play(house, 30);
    const used = world.put.size * 1_000;
    expect(used).toBeGreaterThan(20_000);
    expect(used).toBeLessThanOrEqual(30_000);
    const last = world.d1.rows("SELECT max(round) AS round FROM arena_attempt WHERE agent = 'chat'");
    expect(Number(last[0]?.round)).toBeLessThan(30);
    // The next day they are asked again.
    world.now_ms += DAY_MS;
    await world.play(house, 33);
    expect(world.put.size * 1_000).toBeGreaterThan(used);
  });

  test('the buffers keep the newest tasks', async () => {
    const settings = { ...DEFAULT_SETTINGS, bufferTasks: 5 };
    const world = new ArenaWorld({ settings });
    await world.play(world.open(), 40);
    const kept = world.sql.all<{ round: number }>(
      "SELECT round FROM tasks WHERE mode = 'deduction' ORDER BY round",
    );
    const made = world.d1.rows("SELECT round FROM arena_task WHERE mode = 'deduction' ORDER BY round");
    expect(made.length).toBeGreaterThan(10);
    expect(kept.map(({ round }) => round)).toEqual(made.slice(-5).map(({ round }) => round));
  });
});

describe('models', () => {
  test('sit as proposers and solvers, and are asked each question once', async () => {
    const world = new ArenaWorld({ agents: [CHAT] }, model(wrapped('1')));
    await world.play(world.open(), 24);
    const rows = world.d1.rows(
      "SELECT role, model, prompt_hash, tokens FROM arena_attempt WHERE agent = 'chat'",
    );
    expect(new Set(rows.map(({ role }) => role))).toEqual(new Set(['propose', 'solve']));
    for (const row of rows)
      expect([row.model, row.tokens, String(row.prompt_hash).length]).toEqual(['m', 100, 64]);
    expect(rows).toHaveLength(world.put.size);
    expect(new Set(world.put.values())).toEqual(new Set([1]));
    // Questions are forgotten with their round.
    expect(world.sql.all('SELECT key FROM questions')).toEqual([]);
  });

  test('that say nothing in time gave an empty answer, and the round goes on', async () => {
    const world = new ArenaWorld({ agents: [CHAT], proposers: [scriptedProposer('p')] }, () => null);
    const house = world.open();
    while ((await world.turn(house)).type === 'round');
    expect(house.waits).toBe(true);
    const before = house.round;
    expect((await world.turn(house)).type).toBe('waiting');
    world.now_ms += ARENA_ANSWER_PATIENCE_MS;
    const turn = await world.turn(house);
    expect(turn.type).toBe('round');
    expect(house.round).toBe(before + 1);
    const rows = world.d1.rows("SELECT reward, format_ok FROM arena_attempt WHERE agent = 'chat'");
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toEqual({ reward: -1, format_ok: 0 });
    // An answer that comes after all is nobody's.
    const [key = ''] = world.put.keys();
    expect(house.answered(key, { text: 'x', model: 'm', tokens: 1, took_ms: 1 })).toBe(false);
  });

  test('that left while they were asked hold nothing up', async () => {
    const world = new ArenaWorld({ agents: [CHAT] }, () => null);
    const house = world.open();
    while ((await world.turn(house)).type === 'round');
    expect(house.waits).toBe(true);
    world.options = { ...world.options, agents: [] };
    const without = world.open();
    expect(without.waits).toBe(false);
    expect((await world.turn(without)).type).toBe('round');
  });

  test('are shown what the task shows, never a hidden half nor the program that is asked for', async () => {
    const seen: string[] = [];
    const world = new ArenaWorld({ agents: [CHAT] }, (question) => {
      seen.push(JSON.stringify(question.prompt));
      return model(wrapped('1'))(question);
    });
    await world.play(world.open(), 45);
    const inductions = world.d1.rows(
      "SELECT program, given, hidden FROM arena_task WHERE mode = 'induction'",
    );
    expect(inductions.length).toBeGreaterThan(8);
    let met = 0;
    for (const { program, given, hidden } of inductions) {
      const [shown] = JSON.parse(String(given));
      const asked = seen.filter(
        (prompt) =>
          prompt.includes('not shown, and a message') &&
          prompt.includes(JSON.stringify(`${shown.input}\n`).slice(1, -1)),
      );
      for (const prompt of asked) {
        if (!prompt.includes(JSON.stringify(shown.output).slice(1, -1))) continue;
        met += 1;
        expect(prompt).not.toContain(JSON.stringify(program).slice(1, -1));
        for (const { input, output } of JSON.parse(String(hidden)))
          expect(prompt).not.toContain(
            JSON.stringify(`${input}\n\`\`\`\n\`\`\`output\n${output}`).slice(1, -1),
          );
      }
    }
    expect(met).toBeGreaterThan(0);
  });
});

describe('examinations', () => {
  /** A world with enough tasks of the frontier; the agent comes to it then. */
  async function ready(answer: (world: ArenaWorld) => ArenaWorld['model']) {
    const world = new ArenaWorld();
    await world.play(world.open(), 60);
    world.model = answer(world);
    world.options = { ...world.options, agents: [CHAT] };
    return { world, house: world.open() };
  }

  /** Knows every task by its question. */
  const knowing =
    (world: ArenaWorld): ArenaWorld['model'] =>
    ({ prompt }) => {
      const text = prompt.map(({ content }) => content).join('\n');
      const rows = world.sql.all<{ task: string }>("SELECT task FROM tasks WHERE mode = 'deduction'");
      const found = rows.map(({ task }) => JSON.parse(task).task).find((task) => text.includes(task.program));
      if (text.includes('Make a new task')) return { text: proposalOf(seededRandom(world.put.size)) };
      if (found === undefined) return { text: wrapped('0') };
      const { mode, language, program, input } = found;
      return { text: answerTo({ mode, language, program, input }, seededRandom(1)) };
    };

  test('are held before the next round, by 8 tasks of the frontier, and 3 right answers qualify', async () => {
    const { world, house } = await ready(knowing);
    expect((await world.turn(house)).type).toBe('waiting');
    expect(world.put.size).toBe(8);
    expect(await world.turn(house)).toEqual({
      type: 'examination',
      agent: 'chat',
      mode: 'deduction',
      qualified: true,
    });
    await world.record(house);
    const verdict = (await qualificationsOf(world.d1.db, 'deduction')).get('chat');
    expect(verdict).toMatchObject({ qualified: true, models: ['m'], at_ms: world.now_ms });
    // Held once; what it answered there is no result of a round.
    await world.play(house, 66);
    expect(world.d1.rows('SELECT * FROM qualification')).toHaveLength(1);
  });

  test('are failed by wrong answers, and come again after a day', async () => {
    const { world, house } = await ready(() => model(wrapped('0')));
    await world.turn(house);
    expect(await world.turn(house)).toMatchObject({ type: 'examination', qualified: false });
    await world.play(house, 63);
    const asked = () => [...world.put.values()].reduce((sum, times) => sum + times, 0);
    const before = asked();
    world.now_ms += DAY_MS;
    await world.turn(house);
    expect(asked()).toBe(before + 8);
  });

  test('come again with other models, and after a month', async () => {
    const { world } = await ready(knowing);
    const examined = async () => {
      const house = world.open();
      const turns = [await world.turn(house), await world.turn(house)];
      return turns.some(({ type }) => type === 'examination');
    };
    expect(await examined()).toBe(true);
    await world.play(world.open(), 63);
    world.options = { ...world.options, agents: [{ ...CHAT, models: ['other'] }] };
    expect(await examined()).toBe(true);
    await world.play(world.open(), 66);
    expect(await examined()).toBe(false);
    world.now_ms += ARENA_QUALIFIED_MS;
    expect(await examined()).toBe(true);
  });
});

describe('the executor', () => {
  test('that is away changes nothing, and the round is played when it is back', async () => {
    const world = new ArenaWorld();
    const house = world.open();
    const { executor } = world;
    world.executor = {
      run: async () => {
        throw new JobError('SERVICE_UNAVAILABLE', 'away');
      },
    };
    await expect(world.turn(house)).rejects.toThrow('away');
    expect([house.round, house.news()]).toEqual([0, null]);
    world.executor = executor;
    expect((await world.turn(house)).type).toBe('round');
  });
});

describe('against cheats', () => {
  /** Is told every answer by one proposer, and knows little else. */
  const friend: Solver = {
    agent: 'friend',
    owner: 'friend',
    solve: async (question, _published, random) => {
      const told = question.mode === 'deduction' && question.program.includes('# (rev 0 (plus 7');
      return told || random() < 0.1 ? answerTo(question, random) : wrapped('0');
    },
  };
  const leaky = {
    ...scriptedProposer('leaky'),
    propose: async (...[order, , random]: Parameters<ReturnType<typeof scriptedProposer>['propose']>) =>
      order.mode === 'induction'
        ? inputsOf(random)
        : proposalOf(random)
            .replaceAll(/\(plus \d+/g, '(plus 7')
            .replace(/v \+ \d+/, 'v + 7'),
  };
  /** Their tasks differ by the input. */
  const varied = {
    ...leaky,
    propose: async (...args: Parameters<typeof leaky.propose>) =>
      (await leaky.propose(...args)).replace(/\[\d, 1, 2\]/, () => `[${Math.floor(args[2]() * 1e6)}]`),
  };

  test('a pair that is too good together earns nothing from then on, and does not meet again', async () => {
    const world = new ArenaWorld({
      proposers: [varied, scriptedProposer('p1'), scriptedProposer('p2')],
      solvers: [friend, scriptedSolver('s1', 0.3), scriptedSolver('s2', 0.4)],
    });
    await world.play(world.open(), 200);
    const theirs = world.d1.rows(
      `SELECT a.round, a.at, a.agent, a.reward FROM arena_attempt a JOIN arena_task t ON t.round = a.round
       WHERE t.proposer = 'leaky' AND t.mode = 'deduction' ORDER BY a.round, a.at`,
    );
    const met = theirs.filter(({ agent }) => agent === 'friend');
    const caught = met.find(({ reward }) => reward === null);
    expect(caught).toBeDefined();
    // In that round neither of them earns; later ones are solved by others, and count.
    const round = theirs.filter((row) => row.round === caught?.round);
    for (const { at, agent, reward } of round) {
      expect(reward === null).toBe(at === 0 || agent === 'friend');
    }
    expect(met.at(-1)?.round).toBe(caught?.round);
    const later = theirs.filter((row) => Number(row.round) > Number(caught?.round));
    expect(later.length).toBeGreaterThan(9);
    for (const { reward } of later) expect(reward).not.toBeNull();
  });

  test('a task that nobody can solve earns its proposer nothing', async () => {
    // A one-way function: its output is there, its input is not to be found.
    const world = new ArenaWorld({ solvers: [scriptedSolver('s1', 0), scriptedSolver('s2', 0)] });
    await world.play(world.open(), 12);
    const rows = world.d1.rows(
      "SELECT reward, accuracy FROM arena_attempt WHERE role = 'propose' AND problem IS NULL",
    );
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows) expect(row).toEqual({ reward: -0.5, accuracy: 0 });
  });

  test('the same task with other names and comments is refused', async () => {
    const twin = (i: number) =>
      wrapped(
        `\`\`\`python\n# (plus 3 v)\ndef f(x${i}):\n    return [v + 3 for v in x${i}]  # ${i}\n\`\`\`\n\`\`\`input\n[1]\n\`\`\``,
      );
    let made = 0;
    const proposer = { ...scriptedProposer('twins'), propose: async () => twin(made++) };
    const world = new ArenaWorld({ proposers: [proposer] });
    await world.play(world.open(), 3);
    const rows = world.d1.rows(
      "SELECT problem, reward FROM arena_attempt WHERE role = 'propose' AND mode = 'deduction'",
    );
    expect(rows).toHaveLength(1);
    const again = world.open();
    await world.play(again, 6);
    expect(
      world.d1
        .rows("SELECT problem, reward FROM arena_attempt WHERE role = 'propose' AND mode = 'deduction'")
        .slice(1),
    ).toEqual([{ problem: 'the task is known', reward: -1 }]);
  });
});

test('early stopping bends no reward: whatever is rewarded had all its attempts', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1_000 }),
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      async (seed, chance) => {
        const solvers = [scriptedSolver('s1', chance), scriptedSolver('s2', chance)];
        const world = new ArenaWorld({ seed, solvers, probe: 4 });
        await world.play(world.open(), 9);
        const rows = world.d1.rows(
          `SELECT t.attempts, t.solved, t.learnability, a.role, a.reward, a."group" FROM arena_task t
         JOIN arena_attempt a ON a.round = t.round`,
        );
        for (const { attempts, solved, learnability, role, reward, group } of rows) {
          if (attempts === 8) {
            const share = Number(solved) / 8;
            expect(learnability).toBe(solved === 0 ? 0 : 1 - share);
            if (role === 'propose') expect(reward).toBe(solved === 0 || solved === 8 ? -0.5 : 1 - share);
            continue;
          }
          expect(attempts).toBe(4);
          expect([0, 4]).toContain(solved);
          expect([learnability, reward, group]).toEqual([null, null, null]);
        }
      },
    ),
    { seed: 5, numRuns: 15 },
  );
});

test('nobody solves for the own owner, however many share an agent', async () => {
  const world = new ArenaWorld({
    proposers: [scriptedProposer('p1', 'ann|bob')],
    solvers: [scriptedSolver('s1', 0.5, 'bob|carol'), scriptedSolver('s2', 0.5, 'dave')],
  });
  await world.play(world.open(), 6);
  const solvers = world.d1.rows("SELECT DISTINCT agent FROM arena_attempt WHERE role = 'solve'");
  expect(solvers).toEqual([{ agent: 's2' }]);
  expect((await ratingsOf(world.d1.db, 'deduction')).has('s1')).toBe(false);
});

test('a signal that is aborted ends a turn without a trace', async () => {
  const world = new ArenaWorld();
  const house = world.open();
  world.executor = {
    run: async (_executions, signal) => {
      signal.throwIfAborted();
      return [];
    },
  };
  await expect(house.turn(AbortSignal.abort())).rejects.toThrow();
  expect(house.round).toBe(0);
  expect(never.aborted).toBe(false);
});
