/**
 * Goal: a team run leaves the same record wherever it is killed, ends once, and stops at its limits. Method: a world
 * that performs effects at least once is killed at every point in turn, and at random ones; then each rule of stopping,
 * pausing, asking and failing by itself. Does not prove: that a durable object stores state and effects together.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advanceTeam, nextTeamTick, openTeam } from '../../../src/agent/team/machine.ts';
import { openQuestions } from '../../../src/agent/team/questions.ts';
import { resultSchema } from '../../../src/agent/team/result.ts';
import { brokenAt } from '../../../src/agent/team/trace.ts';
import type { Result, TeamInput, TeamRun } from '../../../src/agent/team/types.ts';
import { commitmentOf } from '../../../src/checks/hidden.ts';
import { TEAM_MAX_MESSAGES, TEAM_STEP_ATTEMPTS, TEAM_STEP_MAX_ORDERS } from '../../../src/limits.ts';
import {
  type Fault,
  factsOf,
  failed,
  improving,
  message,
  play,
  type Scene,
  type Script,
  SMALL,
  START_MS,
  smallTeam,
  USED,
} from './world.ts';

const FAULTS: readonly Fault[] = ['killedBefore', 'killedAfter', 'answerLost', 'answeredTwice'];

/** A run in which everything happens: branches, failures, a question, messages, checks, a pause. */
const eventful: Scene = {
  team: {
    order: ['researcher', { parallel: ['writer', ['writer', 'editor']] }, 'editor'],
    iterations: 2,
    check: { spec: { mode: 'schema', schema: {} }, limits: { tokens: 100, msats: 1_000 } },
    reports: { cadence: { everyIterations: 1, every_ms: null } },
  },
  script: (effect, quality) => {
    const { number, attempt, work } = effect;
    if (work.type === 'step' && number === 2 && attempt < 3) return failed(true);
    if (number === 3 && attempt === 1) {
      return { type: 'asked', question: 'Which year?', assumption: '2026', usage: USED };
    }
    if (number === 6 && attempt === 1) return failed(true);
    return improving(effect, quality);
  },
  news: {
    1: [message('m1', 'More numbers, please.'), message('m1', 'More numbers, please.')],
    4: [message('m2', 'writer: shorter\n\nPAUSE: true'), message('m3', 'resume', START_MS + 1)],
    9: [message('m4', '#1: fewer numbers')],
  },
};

describe('killed anywhere', () => {
  const whole = play(eventful);
  test('the undisturbed run is eventful, ends once, and its record is whole', () => {
    expect(whole.performances).toBeGreaterThan(25);
    expect(whole.ends).toBe(1);
    expect(whole.run.outcome?.reason).toBe('iterations');
    expect(brokenAt(whole.entries)).toBeNull();
    const types = new Set(whole.entries.map(({ fact }) => fact.type));
    for (const type of ['question', 'answer', 'superseded', 'check', 'comparison', 'version'] as const) {
      expect(types, type).toContain(type);
    }
  });

  for (const fault of FAULTS) {
    test(`${fault} at each effect in turn gives the same record`, () => {
      for (let at = 0; at < whole.performances; at++) {
        const hurt = play({ ...eventful, fault: (performance) => (performance === at ? fault : 'none') });
        expect(factsOf(hurt), `at ${at}`).toEqual(factsOf(whole));
        expect(hurt.run.outcome).toEqual(whole.run.outcome);
        expect(hurt.ends).toBe(1);
      }
    });
  }

  test('any mixture of faults gives the same record', () => {
    const faults = fc.array(fc.constantFrom<Fault>('none', 'none', 'none', ...FAULTS), { maxLength: 120 });
    fc.assert(
      fc.property(faults, (list) => {
        const hurt = play({ ...eventful, fault: (performance) => list[performance] ?? 'none' });
        // An attempt that is lost too often counts as failed, which is news from outside.
        fc.pre(!hurt.orders.some(({ key }) => key.endsWith('/6')));
        expect(factsOf(hurt)).toEqual(factsOf(whole));
      }),
      { numRuns: 200 },
    );
  });

  test('the check of the record sees a changed entry', () => {
    const changed = whole.entries.map((entry, at) =>
      at === 3 ? { ...entry, fact: { type: 'superseded', number: 1, by: 2 } as const } : entry,
    );
    expect(brokenAt(changed)).toBe(4);
  });
});

const results = fc.constantFrom<Result>(
  { type: 'done', text: 'text', summary: null, usage: USED },
  { type: 'done', text: '', summary: null, usage: USED },
  { type: 'judged', place: 'first', rationale: '', usage: USED },
  { type: 'judged', place: 'second', rationale: '', usage: USED },
  { type: 'asked', question: 'q', assumption: 'a', usage: USED },
  failed(true),
  failed(false),
);
const anything: fc.Arbitrary<TeamInput> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('result' as const),
      number: fc.integer({ min: 1, max: 40 }),
      attempt: fc.integer({ min: 1, max: 4 }),
      result: results,
    }),
  },
  { weight: 2, arbitrary: fc.constant<TeamInput>({ type: 'tick' }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.nat(20),
        fc.constantFrom('pause', 'resume', 'more', 'budget: 5', 'cadence: hourly'),
        fc.nat(9_999),
      )
      .map(([source, text, later]) => message(`m${source}`, text, START_MS + later)),
  },
  { weight: 1, arbitrary: fc.nat(60_000).map((msats): TeamInput => ({ type: 'funded', msats })) },
);
const schedule = fc.array(
  // `current`: the result is for a step that is really in flight, which chance would seldom hit.
  fc.record({ input: anything, later_ms: fc.nat(200_000), current: fc.boolean() }),
  { maxLength: 80 },
);
const teams = fc.record({
  order: fc.constantFrom(['writer'], ['researcher', { parallel: ['writer', 'writer'] }, 'editor']),
  iterations: fc.integer({ min: 1, max: 4 }),
  budget: fc.record({
    msats: fc.integer({ min: 0, max: 40_000 }),
    tokens: fc.integer({ min: 0, max: 4_000 }),
    time_ms: fc.integer({ min: 1_000, max: 5_000_000 }),
  }),
});

function forCurrent(run: TeamRun, input: TeamInput, current: boolean): TeamInput {
  const task = run.wave[0];
  if (!current || input.type !== 'result' || task === undefined) return input;
  return { ...input, number: task.number, attempt: task.attempt };
}

function isFlying({ wave }: TeamRun, of: { readonly number: number; readonly attempt: number }): boolean {
  return wave.some(({ number, attempt }) => number === of.number && attempt === of.attempt);
}

test('whatever comes: never over the budget, nothing ordered while paused, one end, and time alone ends it', () => {
  fc.assert(
    fc.property(teams, schedule, (team, inputs) => {
      let now_ms = START_MS;
      let { run, entries, effects } = openTeam(
        { id: 'job', team: smallTeam(team), task: 't', funded_msats: 30_000 },
        now_ms,
      );
      let all = [...entries];
      let ends = 0;
      const check = (before: TeamRun | null) => {
        const ordered = effects.filter(({ type, key }) => type === 'run' && key.endsWith('/1'));
        const flying = run.wave.reduce((sum, { quote }) => sum + quote.msats, run.spent.msats);
        const tokens = run.wave.reduce((sum, { quote }) => sum + quote.tokens, run.spent.tokens);
        if (ordered.length > 0) {
          expect(flying).toBeLessThanOrEqual(Math.min(run.wanted_msats, run.funded_msats));
          expect(tokens).toBeLessThanOrEqual(team.budget.tokens);
          expect(run.paused).toBe(false);
          expect(run.blocked).toBeNull();
          expect(run.questions.every(({ answer }) => answer !== null)).toBe(true);
        }
        ends += effects.filter(({ type }) => type === 'end').length;
        if (before?.phase === 'ended') expect(run).toBe(before);
      };
      check(null);
      const step = (input: TeamInput) => {
        const before = run;
        ({ run, effects, entries } = advanceTeam(run, input, now_ms));
        all = [...all, ...entries];
        check(before);
        // The same again is nothing new, unless it came before the attempt it is of was ordered.
        const early = input.type === 'result' && !isFlying(before, input) && isFlying(run, input);
        if (!early) expect(advanceTeam(run, input, now_ms).effects).toEqual([]);
      };
      for (const { input, later_ms, current } of inputs) {
        now_ms += later_ms;
        step(forCurrent(run, input, current));
      }
      for (let turns = 0; run.phase !== 'ended'; turns++) {
        expect(turns).toBeLessThan(2_000);
        const at_ms = nextTeamTick(run, now_ms);
        if (at_ms === null) throw new Error('an open run asks for no tick');
        now_ms = Math.max(now_ms + 1, at_ms);
        step({ type: 'tick' });
      }
      expect(ends).toBe(1);
      expect(brokenAt(all)).toBeNull();
      expect(nextTeamTick(run, now_ms)).toBeNull();
    }),
    { numRuns: 1_500 },
  );
});

describe('stopping', () => {
  const reasonOf = (scene: Scene) => play(scene).run.outcome?.reason;

  test('after its iterations, with the best version', () => {
    const { run } = play({});
    expect(run.outcome).toMatchObject({ reason: 'iterations', iterations: 3, best: run.ranked[0] });
    expect(run.ranked).toHaveLength(3);
  });

  test('exactly at the budget: the last step that fits is done, the next is not ordered', () => {
    const { run, orders } = play({ funded_msats: 5_999 });
    expect(run.outcome).toMatchObject({ reason: 'budget', unspent_msats: 999 });
    expect(run.spent.msats).toBe(5_000);
    expect(orders).toHaveLength(5);
  });

  test('at its tokens', () => {
    const budget = { msats: 1_000_000, tokens: 250, time_ms: 86_400_000 };
    const { run } = play({ team: { budget } });
    expect(run.outcome?.reason).toBe('tokens');
    expect(run.spent.tokens).toBe(200);
  });

  test('when its time is up, aborting what is in flight; what nobody tells the cost of is not charged', () => {
    const budget = { msats: 1_000_000, tokens: 1_000_000, time_ms: 60_000 };
    const { run, effects, entries } = play({ team: { budget }, script: () => null });
    expect(run.outcome).toMatchObject({ reason: 'wallClock', spent: { msats: 0 } });
    expect(effects.filter(({ type }) => type === 'abort')).toHaveLength(1);
    expect(entries.at(-2)?.fact).toMatchObject({ type: 'step', outcome: 'aborted', usage: null });
  });

  test('when iterations bring nothing better', () => {
    const worse: Script = (effect, quality) =>
      effect.work.type === 'step'
        ? { type: 'done', text: `quality ${1_000 - effect.number}`, summary: null, usage: USED }
        : improving(effect, quality);
    const { run } = play({
      team: { iterations: 9, stop: { noBetterIn: 2, checkPassed: false } },
      script: worse,
    });
    expect(run.outcome).toMatchObject({ reason: 'noBetter', iterations: 3 });
    expect(run.outcome?.best).toBe(run.ranked[0]);
  });

  test('when the best version passes its check, which beats the judge', () => {
    const passes: Script = (effect, quality) => {
      if (effect.work.type === 'check') {
        const passed = quality(effect.work.version) > 6;
        return { type: 'checked', passed, score: null, note: '', usage: USED };
      }
      // The judge is wrong every time.
      if (effect.work.type === 'judge') {
        const place = effect.work.newcomerFirst ? 'second' : 'first';
        return { type: 'judged', place, rationale: '', usage: USED };
      }
      return improving(effect, quality);
    };
    const team = {
      iterations: 9,
      stop: { noBetterIn: null, checkPassed: true },
      check: { spec: { mode: 'schema', schema: {} }, limits: { tokens: 100, msats: 1_000 } },
    };
    expect(reasonOf({ team, script: passes })).toBe('checkPassed');
  });

  test('with a version that passes before any that does not, whatever the judge says and whatever could be judged', () => {
    const said = fc.constantFrom('passes', 'fails', 'broken', 'away');
    const places = fc.constantFrom('first', 'second', 'equal');
    fc.assert(
      fc.property(
        fc.array(said, { minLength: 24, maxLength: 24 }),
        fc.array(places, { minLength: 40, maxLength: 40 }),
        fc.integer({ min: 9_000, max: 60_000 }),
        (checks, judged, msats) => {
          const script: Script = (effect, quality) => {
            const { work, number } = effect;
            if (work.type === 'judge')
              return { type: 'judged', place: judged[number % 40] ?? 'equal', rationale: '', usage: USED };
            if (work.type !== 'check') return improving(effect, quality);
            const what = checks[Number(work.version.slice(1)) % 24];
            if (what === 'away') return { ...failed(false), usage: { tokens: 0, msats: 0 } };
            const passed = what === 'broken' ? null : what === 'passes';
            return { type: 'checked', passed, score: null, note: '', usage: { tokens: 0, msats: 0 } };
          };
          const team = {
            order: [{ parallel: ['writer', 'editor', 'writer'] }],
            iterations: 4,
            stop: { noBetterIn: null, checkPassed: false },
            check: { spec: { mode: 'schema', schema: {} } },
            budget: { msats, tokens: 1_000_000, time_ms: 86_400_000 },
          };
          const { run, entries } = play({ team, script });
          const place = (id: string) => {
            const fact = entries.find((one) => one.fact.type === 'check' && one.fact.version === id)?.fact;
            return fact?.type !== 'check' ? -1 : fact.passed === null ? 1 : fact.passed ? 2 : 0;
          };
          const ranks = run.ranked.map(place);
          expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
          const best = run.outcome?.best ?? '';
          // Also where the budget ended it in the middle of a ranking.
          const checked = entries.flatMap(({ fact }) => (fact.type === 'check' ? [fact.version] : []));
          if (checked.some((id) => place(id) === 2)) expect(place(best)).toBe(2);
        },
      ),
    );
  });

  test('without a word of the hidden part of its check in the record', () => {
    const content = { tests: [{ input: '7', output: '49' }], reference: 'def f(n): return n ** 2' };
    const hidden = { salt: 'a'.repeat(64), content };
    const spec = { language: 'python', mode: 'tests', commitment: commitmentOf(hidden) };
    const { run, entries } = play({ team: { iterations: 1, check: { spec, hidden } } });
    expect(run.team.check?.hidden).toEqual(hidden);
    expect(JSON.stringify(entries)).not.toContain('n ** 2');
    expect(JSON.stringify(entries)).toContain(spec.commitment);
  });

  test('when the user says finish: the step in flight is kept, nothing more is ordered', () => {
    const { run, orders } = play({ news: { 2: [message('m', 'finish')] } });
    expect(run.outcome).toMatchObject({ reason: 'finished', best: 'v2' });
    expect(orders).toHaveLength(2);
  });

  test('when the user cancels: at once, and it says what was spent', () => {
    const { run, effects } = play({ news: { 3: [message('m', 'Cancel.')] } });
    expect(run.outcome).toMatchObject({
      reason: 'cancelled',
      spent: { msats: 3_000 },
      unspent_msats: 997_000,
    });
    expect(effects.find(({ type }) => type === 'abort')).toMatchObject({ number: 3 });
    expect(effects.at(-2)?.type === 'report' || effects.at(-1)?.type === 'report').toBe(true);
  });
});

describe('news of steps', () => {
  const done = (text: string, msats = 1_000): Result => ({
    type: 'done',
    text,
    summary: null,
    usage: { tokens: 100, msats },
  });
  const team = { order: [{ parallel: ['writer', 'editor'] }], iterations: 1, judge: null };
  const flying = play({ team, until: ({ taskCount }) => taskCount === 2 });
  const say = (run: TeamRun, number: number, attempt: number, result: Result) =>
    advanceTeam(run, { type: 'result', number, attempt, result }, flying.now_ms).run;
  const textsOf = (from: TeamRun, inputs: readonly TeamInput[]) => {
    let run = from;
    return inputs.flatMap((input) => {
      const next = advanceTeam(run, input, flying.now_ms);
      run = next.run;
      return next.entries.flatMap(({ fact }) => (fact.type === 'version' ? [fact.text] : []));
    });
  };

  test('the first answer to an attempt counts, and those come in by the order of the wave', () => {
    const inputs = [done('b'), done('other b'), done('a')].map((result, at): TeamInput => {
      return { type: 'result', number: at === 2 ? 1 : 2, attempt: 1, result };
    });
    expect(textsOf(flying.run, inputs)).toEqual(['a', 'b']);
  });

  test('a late answer to an attempt that was given up counts for nothing', () => {
    const retried = say(say(flying.run, 1, 1, failed(true)), 2, 1, done('b'));
    const ordered = advanceTeam(retried, { type: 'tick' }, retried.notBefore_ms ?? 0).run;
    expect(ordered.wave).toMatchObject([{ number: 1, attempt: 2 }]);
    expect(say(ordered, 1, 1, done('late'))).toBe(ordered);
  });

  test('nobody is charged more than was quoted', () => {
    expect(say(say(flying.run, 1, 1, done('a', 99_000)), 2, 1, done('b')).spent.msats).toBe(2_000);
  });

  test('cancelled in mid-wave: what was handed in is kept and paid, each other step is aborted once', () => {
    const half = say(flying.run, 1, 1, done('a'));
    const order: TeamInput = {
      type: 'order',
      source: 'x',
      sentAt_ms: flying.now_ms,
      commands: [{ type: 'cancel' }, { type: 'cancel' }],
    };
    const { run, effects } = advanceTeam(half, order, flying.now_ms);
    expect(effects.filter(({ type }) => type === 'abort')).toMatchObject([{ number: 2 }]);
    const told = say(run, 2, 1, failed(false));
    expect(told.outcome).toMatchObject({ reason: 'cancelled', best: 'v1', spent: { msats: 1_001 } });
  });
});

test('finish ends a run that is paused', () => {
  const { run, now_ms } = play({
    news: { 2: [message('p', 'pause')] },
    until: ({ restingSince_ms }) => restingSince_ms !== null,
  });
  expect(advanceTeam(run, message('f', 'finish'), now_ms).run.outcome?.reason).toBe('finished');
});

test('the state of a long run stays small: texts are in the record', () => {
  const script: Script = (effect, quality) =>
    effect.work.type === 'step'
      ? { type: 'done', text: `quality ${effect.number} ${'x'.repeat(5_000)}`, summary: null, usage: USED }
      : improving(effect, quality);
  const sizeAfter = (iterations: number) =>
    JSON.stringify(play({ team: { order: ['researcher', 'writer'], iterations }, script }).run).length;
  expect(sizeAfter(120)).toBeLessThan(sizeAfter(20) * 1.2);
});

test('however much was written before, the run can be stopped', () => {
  let { run } = play({ until: ({ taskCount }) => taskCount === 1 });
  for (let at = 0; at < TEAM_MAX_MESSAGES + 5; at++)
    run = advanceTeam(run, message(`m${at}`, 'more'), START_MS).run;
  expect(run.directives).toHaveLength(TEAM_MAX_MESSAGES);
  expect(advanceTeam(run, message('last', 'cancel'), START_MS).run.phase).toBe('closing');
});

describe('pausing', () => {
  const paused = play({ news: { 2: [message('p', 'pause')] }, until: (run) => run.restingSince_ms !== null });

  test('orders nothing; the step in flight is kept; resume goes on', () => {
    expect(paused.orders).toHaveLength(2);
    expect(paused.run.versions).toHaveLength(2);
    const { run, effects } = advanceTeam(
      paused.run,
      message('r', 'resume', paused.now_ms),
      paused.now_ms + 5,
    );
    expect(effects.find(({ type }) => type === 'run')).toMatchObject({ number: 3 });
    expect(run.rested_ms).toBe(5);
  });

  test('an older resume that comes late does not undo it', () => {
    const late = message('r', 'resume', START_MS - 1);
    expect(advanceTeam(paused.run, late, paused.now_ms).run.paused).toBe(true);
  });

  test('of two orders of one second the one that came later holds, whatever their ids', () => {
    for (const source of ['a', 'z']) {
      const resumed = advanceTeam(paused.run, message(source, 'resume', START_MS), paused.now_ms).run;
      expect(resumed.paused).toBe(false);
    }
  });

  test('its time does not count, but it does not last for ever', () => {
    const at_ms = nextTeamTick(paused.run, paused.now_ms);
    expect(at_ms).toBeGreaterThan(paused.now_ms + 20 * 86_400_000);
    const { run } = advanceTeam(paused.run, { type: 'tick' }, at_ms ?? 0);
    expect(run.outcome?.reason).toBe('abandoned');
  });

  test('messages in any order, doubled, come to the same settings', () => {
    const sent = [
      message('a', 'pause', START_MS + 1),
      message('b', 'resume', START_MS + 2),
      message('c', 'detail: low', START_MS + 1),
      message('d', 'detail: high', START_MS + 2),
      message('e', 'cadence: daily', START_MS + 3),
      message('f', 'budget: 12', START_MS + 3),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray([...sent, ...sent], { minLength: 12 }), (order) => {
        let run = paused.run;
        for (const input of order) run = advanceTeam(run, input, paused.now_ms).run;
        expect(run.reporter.settings).toMatchObject({ detail: 'high', cadence: { every_ms: 86_400_000 } });
        expect([run.paused, run.wanted_msats]).toEqual([false, 12_000]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('directives', () => {
  test('stand in the prompt of every later step they concern, and are reported where they were applied', () => {
    const { orders, run, reports } = play({
      news: { 1: [message('m1', 'Use metric units.'), message('m2', 'editor: cut it by half')] },
    });
    const shown = orders.map(({ number, parts }) => [number, parts.directives.map((one) => one.number)]);
    expect(shown.slice(0, 4)).toEqual([
      [1, []],
      [2, [1]],
      [3, [1, 2]],
      [4, [1]],
    ]);
    expect(run.directives).toMatchObject([
      { number: 1, status: 'applied', appliedIn: { writer: 2, editor: 3, researcher: 4 } },
      { number: 2, scope: 'editor', status: 'applied', appliedIn: { editor: 3 } },
    ]);
    expect(reports.at(-1)?.directives[1]).toMatchObject({ status: 'applied', appliedIn: { editor: 3 } });
  });

  test('one that is replaced stands in no later prompt', () => {
    const { run, orders } = play({
      news: { 1: [message('m1', 'Use metric units.')], 3: [message('m2', '#1: use feet')] },
    });
    expect(run.directives.map(({ status }) => status)).toEqual(['superseded', 'applied']);
    const later = orders.filter(({ number }) => number > 3).flatMap(({ parts }) => parts.directives);
    expect(later.some(({ number }) => number === 1)).toBe(false);
    expect(orders.find(({ number }) => number === 5)?.parts.directives).toEqual([
      { number: 2, text: 'use feet' },
    ]);
  });
});

describe('questions', () => {
  const asking: Script = (effect, quality) =>
    effect.number === 2 && effect.attempt === 1
      ? { type: 'asked', question: 'Which year?', assumption: '2026', usage: USED }
      : improving(effect, quality);
  const waiting = (patience_ms: number | null) =>
    play({
      team: { questions: { most: 3, patience_ms } },
      script: asking,
      until: (run) => run.restingSince_ms !== null,
    });

  test('wait at no cost, and the answer stands in the prompt', () => {
    const { run, now_ms } = waiting(null);
    const later_ms = now_ms + 5 * 86_400_000;
    expect(advanceTeam(run, { type: 'tick' }, later_ms).run).toBe(run);
    const { effects } = advanceTeam(run, message('m', '2024', later_ms), later_ms);
    expect(effects.find(({ type }) => type === 'run')).toMatchObject({
      number: 2,
      attempt: 2,
      parts: { answers: [{ question: 'Which year?', answer: '2024', by: 'user' }] },
    });
  });

  test('are not answered by what is said to another role or of a directive', () => {
    const { run, now_ms } = waiting(null);
    const said = (source: string, text: string, to = run) =>
      advanceTeam(to, message(source, text, now_ms), now_ms).run;
    const aside = said('m', '@editor no adverbs');
    expect(aside.directives).toMatchObject([{ text: 'no adverbs', scope: 'editor' }]);
    expect(openQuestions(said('n', 'drop #1', aside))).toHaveLength(1);
    expect(openQuestions(said('o', '@writer 2024', aside))).toEqual([]);
  });

  test('or go on with the stated assumption after a limit, which the next report says', () => {
    const { run, now_ms } = waiting(60_000);
    const at_ms = nextTeamTick(run, now_ms) ?? 0;
    const next = advanceTeam(run, { type: 'tick' }, at_ms);
    expect(next.effects.find(({ type }) => type === 'run')).toMatchObject({
      parts: { answers: [{ answer: '2026', by: 'assumption' }] },
    });
    expect(next.run.reporter.orders).toEqual(['question 1: assumed "2026"']);
  });

  test('who asks without end is taken as failing, and blocks the run', () => {
    const { run } = play({
      team: { questions: { most: 0, patience_ms: null } },
      script: () => ({ type: 'asked', question: 'q', assumption: 'a', usage: USED }),
      until: (one) => one.blocked !== null,
    });
    expect(run.blocked?.code).toBe('AGENT_ERROR');
  });
});

describe('failing', () => {
  test('a step that fails for good blocks the run until the user says resume; nothing is lost', () => {
    const script: Script = (effect, quality) =>
      effect.number === 2 ? failed(false) : improving(effect, quality);
    const { run, reports, now_ms } = play({ script, until: (one) => one.blocked !== null });
    expect(run.versions).toHaveLength(1);
    const { effects } = advanceTeam(run, message('m', 'resume', now_ms), now_ms);
    expect(effects.find(({ type }) => type === 'run')).toMatchObject({ number: 2, attempt: 2 });
    expect(reports.length).toBeGreaterThan(0);
  });

  test('a branch that fails does not stop the others', () => {
    const script: Script = (effect, quality) =>
      effect.number === 1 ? failed(false) : improving(effect, quality);
    const { run, reports } = play({
      team: { order: [{ parallel: ['writer', 'editor'] }], iterations: 1 },
      script,
    });
    expect(run.outcome).toMatchObject({ reason: 'iterations', best: 'v1' });
    expect(reports.some(({ errors }) => errors.length > 0)).toBe(true);
  });

  test('a judge that cannot judge leaves the older version on top', () => {
    const script: Script = (effect, quality) =>
      effect.work.type === 'judge' ? failed(false) : improving(effect, quality);
    const { run, entries } = play({ script, team: { iterations: 2 } });
    expect(run.ranked).toEqual(['v3', 'v6']);
    expect(entries.find(({ fact }) => fact.type === 'comparison')?.fact).toMatchObject({
      by: 'nobody',
      verdict: 'equal',
    });
  });

  test('nothing handed in is a failure, tried again', () => {
    const script: Script = (effect, quality) =>
      effect.number === 1 && effect.attempt < 3
        ? { type: 'done', text: ' ', summary: null, usage: USED }
        : improving(effect, quality);
    const { run, orders } = play({ script, team: { order: ['writer'], iterations: 1 } });
    expect(orders.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(run.outcome).toMatchObject({ best: 'v1', spent: { msats: 3_000 } });
  });

  test('an attempt that nobody is heard of is ordered again, the same, and at last counts as failed', () => {
    const { run, orders } = play({ script: () => null, until: ({ blocked }) => blocked !== null });
    expect(orders.filter(({ attempt }) => attempt === 1)).toHaveLength(TEAM_STEP_MAX_ORDERS);
    expect(orders).toHaveLength(TEAM_STEP_MAX_ORDERS * TEAM_STEP_ATTEMPTS);
    expect(run.blocked?.code).toBe('AGENT_ERROR');
  });

  test('what comes back is checked at the door', () => {
    const good = { type: 'done', text: 't', summary: null, usage: { tokens: 1, msats: 0 } };
    expect(resultSchema.parse(good)).toEqual(good);
    for (const msats of [-1, 0.5, Number.NaN, '1']) {
      expect(resultSchema.safeParse({ ...good, usage: { tokens: 1, msats } }).success).toBe(false);
    }
    expect(resultSchema.safeParse({ ...good, type: 'judged', place: 'third', rationale: '' }).success).toBe(
      false,
    );
  });

  test('the delay a provider names is kept', () => {
    const slow: Script = (effect, quality) =>
      effect.number === 1 && effect.attempt === 1
        ? ({ ...failed(true), retryAfter_ms: 900_000 } as Result)
        : improving(effect, quality);
    const { run, now_ms } = play({ script: slow, until: (one) => one.notBefore_ms !== null });
    expect((run.notBefore_ms ?? 0) - now_ms).toBe(900_000);
  });

  test('limits are handed to who does the step', () => {
    const [first] = play({}).orders;
    expect(first?.limit).toEqual({ tokens: SMALL.tokens, msats: SMALL.msats });
  });
});
