/**
 * Goal: one runner at a time works on a step; what it reports counts once, and only what is new in it; who comes later
 * goes on in the same journal, or begins a new one where the last came to its end; directives reach whoever is at work.
 * Method: a desk by itself, whose changes are stored as the session would. Does not prove: what the session makes of them.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { answerTo } from '../../../../src/agent/team/desk/answer.ts';
import { TeamDesk } from '../../../../src/agent/team/desk/desk.ts';
import type { StepReport } from '../../../../src/agent/team/desk/steps.ts';
import { namesBudget, readTeamOrder } from '../../../../src/agent/team/request.ts';
import type { Result } from '../../../../src/agent/team/types.ts';
import type { Moved } from '../../../../src/job/long-work.ts';
import { TEAM_BEAT_MS, TEAM_ORDER_LEASE_MS, TEAM_STEP_LEASE_MS } from '../../../../src/limits.ts';
import { signAs } from '../../../../src/nostr/event.ts';
import { DEFAULT_AGENT_KINDS } from '../../../../src/nostr/kinds.ts';
import { dialectNamed } from '../../../../src/protocol/dialects.ts';
import { nodeSql } from '../../../support/node-sql.ts';
import { DEFINITION, PRICES } from './staff.ts';
import { AGENT, CLIENT } from './world.ts';

const JOB = 'ab'.repeat(32);
let now_ms = 1_700_000_000_000;
let ordered: string[] = [];
let sql = nodeSql();
let desk: TeamDesk;

/** A desk on what is stored. */
function awake(): TeamDesk {
  return new TeamDesk(sql, {
    clock: () => now_ms,
    open: ({ body }) => readTeamOrder(DEFINITION, PRICES, body),
    async order(_, number, attempt) {
      ordered.push(`${number}/${attempt}`);
    },
    directMessage: (content) =>
      signAs({ kind: 14, created_at: 0, tags: [], content }, AGENT, new Uint8Array(32)),
    isOrder: (body) => namesBudget(DEFINITION, body),
    most_msats: DEFINITION.budget.most_msats,
    inbox: async () => [],
    move: (_, how) => void store(how()),
    random: () => 0.5,
    defer: () => undefined,
    mail: null,
    urlOf: (_, sha256) => `https://errand.test/${sha256}`,
    log: () => undefined,
  });
}

function store(moved: Moved | null): Moved | null {
  moved?.write();
  void moved?.perform();
  return moved;
}

function assignment() {
  const request = JSON.stringify({ messages: [{ role: 'user', content: 'Write it.' }], parameters: {} });
  const tags = [
    ['p', AGENT.publicKey],
    ['request', request],
  ];
  const event = signAs({ kind: 7001, created_at: 1, tags, content: '' }, CLIENT, new Uint8Array(32));
  const dialect = dialectNamed('agent', DEFAULT_AGENT_KINDS);
  const envelope = dialect.envelope(event);
  return { envelope, body: dialect.body(event, envelope, String), history: [] };
}

const run = () => desk.store.load(JOB)?.run;
const used = (tokens: number) => ({
  prompt_tokens: tokens,
  completion_tokens: 0,
  msats: 10 * tokens,
  hired_msats: 0,
});
const usage = { tokens: 0, msats: 0 };
const DONE: Result = { type: 'done', text: 'notes', summary: null, usage };
const BUSY: Result = {
  type: 'failed',
  failure: { code: 'MODEL_ERROR', message: 'busy' },
  retry: true,
  retryAfter_ms: null,
  usage,
};
const report = (result: Result, tokens: number, over = true, notes: string[] = []): StepReport => ({
  result,
  used: used(tokens),
  over,
  notes,
});
const say = (text: string) => store(desk.hear(JOB, { source: text, sentAt_ms: now_ms, text }).moved);

beforeEach(() => {
  sql = nodeSql();
  ordered = [];
  now_ms = 1_700_000_000_000;
  desk = awake();
  store(desk.begin(JOB, assignment(), 20_000));
});

describe('a runner', () => {
  test('is told what to do, once: who comes while it works is sent away', () => {
    expect(ordered).toEqual(['1/1']);
    expect(desk.steps.brief(JOB, 1, 1)).toMatchObject({
      role: 'researcher',
      journal: `${JOB}/1.1`,
      limit: { tokens: 100, msats: 1_000 },
      since_ms: now_ms,
    });
    expect(desk.steps.brief(JOB, 1, 1)).toBeNull();
    now_ms += 2 * TEAM_BEAT_MS;
    desk.steps.beat(JOB, 1, 1);
    now_ms += 2 * TEAM_BEAT_MS;
    expect(desk.steps.brief(JOB, 1, 1)).toBeNull();
    // Three beats without a word: it is taken for dead.
    now_ms += TEAM_BEAT_MS;
    expect(desk.steps.brief(JOB, 1, 1)?.journal).toBe(`${JOB}/1.1`);
  });

  test('that lets go makes room for the next at once', () => {
    desk.steps.brief(JOB, 1, 1);
    desk.steps.pass(JOB, 1, 1);
    expect(desk.steps.brief(JOB, 1, 1)).not.toBeNull();
  });

  test('of what was not ordered has nothing to do, to beat, or to report', () => {
    for (const [number, attempt] of [
      [1, 2],
      [2, 1],
    ] as const) {
      expect(desk.steps.brief(JOB, number, attempt)).toBeNull();
      expect(desk.steps.beat(JOB, number, attempt)).toEqual({ goOn: false, notes: [] });
      expect(desk.steps.report(JOB, number, attempt, report(DONE, 5))).toBeNull();
    }
    expect(desk.steps.brief('cd'.repeat(32), 1, 1)).toBeNull();
  });

  test('that nobody hears of is replaced, under the same number', () => {
    desk.steps.brief(JOB, 1, 1);
    now_ms += TEAM_STEP_LEASE_MS - 1;
    expect(store(desk.tick(JOB))).toBeNull();
    now_ms += 1;
    store(desk.tick(JOB));
    expect(ordered).toEqual(['1/1', '1/1']);
    // And one who never came, later.
    now_ms += TEAM_ORDER_LEASE_MS;
    store(desk.tick(JOB));
    expect(ordered).toEqual(['1/1', '1/1', '1/1']);
  });

  test('gets its whole lease again when the memory was lost', () => {
    desk.steps.brief(JOB, 1, 1);
    now_ms += TEAM_ORDER_LEASE_MS;
    desk = awake();
    desk.recover(JOB);
    expect(store(desk.tick(JOB))).toBeNull();
    expect(desk.nextTick(JOB)).toBe(now_ms + TEAM_STEP_LEASE_MS);
  });
});

describe('a report', () => {
  test('counts once', () => {
    desk.steps.brief(JOB, 1, 1);
    expect(store(desk.steps.report(JOB, 1, 1, report(DONE, 50)))).not.toBeNull();
    expect(desk.steps.report(JOB, 1, 1, report(DONE, 50))).toBeNull();
    expect(run()?.spent).toEqual({ tokens: 50, msats: 500 });
    expect(ordered).toEqual(['1/1', '2/1']);
  });

  test('of a journal that goes on counts what is new in it', () => {
    store(desk.steps.report(JOB, 1, 1, report(BUSY, 30, false)));
    now_ms += 10_000;
    store(desk.tick(JOB));
    const brief = desk.steps.brief(JOB, 1, 2);
    // The limit is of the whole journal: what is booked of it, and the quote of this attempt.
    expect(brief).toMatchObject({ journal: `${JOB}/1.1`, limit: { tokens: 130, msats: 1_300 } });
    store(desk.steps.report(JOB, 1, 2, report(DONE, 70)));
    expect(run()?.spent).toEqual({ tokens: 70, msats: 700 });
  });

  test('of a journal that came to its end has the next attempt begin afresh', () => {
    store(desk.steps.report(JOB, 1, 1, report(BUSY, 30, true)));
    now_ms += 10_000;
    store(desk.tick(JOB));
    desk = awake();
    expect(desk.steps.brief(JOB, 1, 2)).toMatchObject({ journal: `${JOB}/1.2`, limit: { tokens: 100 } });
    store(desk.steps.report(JOB, 1, 2, report(DONE, 40)));
    expect(run()?.spent).toEqual({ tokens: 70, msats: 700 });
  });

  test('of more than the quote is charged the quote', () => {
    store(desk.steps.report(JOB, 1, 1, report(DONE, 5_000)));
    expect(run()?.spent).toEqual({ tokens: 100, msats: 1_000 });
  });

  test('that is none is refused, and the step stands', () => {
    const broken: StepReport = JSON.parse(JSON.stringify({ ...report(DONE, 5), result: { type: 'done' } }));
    expect(() => desk.steps.report(JOB, 1, 1, broken)).toThrow();
    expect(run()?.wave).toHaveLength(1);
  });
});

describe('the client’s words', () => {
  test('reach who is at work on what they are for, and count as told when the journal has them', () => {
    store(desk.steps.report(JOB, 1, 1, report(DONE, 10)));
    desk.steps.brief(JOB, 2, 1);
    say('Write in verse.');
    say('@editor shorten it');
    const { goOn, notes } = desk.steps.beat(JOB, 2, 1);
    expect(goOn).toBe(true);
    expect(notes.map(({ id }) => id)).toEqual(['directive-1']);
    expect(notes[0]?.text).toContain('Write in verse.');
    store(
      desk.steps.report(JOB, 2, 1, report({ ...DONE, text: 'a poem' }, 10, true, ['directive-1', 'other'])),
    );
    expect(run()?.directives.map(({ number, status }) => [number, status])).toEqual([
      [1, 'applied'],
      [2, 'open'],
    ]);
  });

  test('that end the run stop who is at work, whose cost is asked for', () => {
    desk.steps.brief(JOB, 1, 1);
    say('cancel');
    expect(desk.steps.beat(JOB, 1, 1).goOn).toBe(false);
    const { ending } = store(desk.steps.report(JOB, 1, 1, report(BUSY, 20, false))) ?? {};
    expect(ending).toMatchObject({ type: 'output', output: { metered: { msats: 200 } } });
  });

  test.each([
    ['Write in verse.', 'Directive #1: it stands in every prompt from the next step on.'],
    ['@writer in verse', 'Directive #1 for writer: it stands in every prompt from the next step on.'],
    ['pause', 'The run is paused. Write resume to go on, finish or cancel to end it.'],
    ['finish', 'The run ends with what there is.'],
    ['cancel', 'The run is called off.'],
    ['budget: 40 sats', 'The budget is 40 sats, as far as your credit and this team allow.'],
    ['cadence: daily', 'Reports come as you wish from now on.'],
    ['resume', 'Taken in.'],
  ])('%s: %s', (text, answer) => {
    expect(desk.hear(JOB, { source: 'x', sentAt_ms: now_ms, text }).answer).toBe(answer);
  });

  test('that were taken before change nothing, and that is said', () => {
    say('Write in verse.');
    const again = desk.hear(JOB, { source: 'Write in verse.', sentAt_ms: now_ms, text: 'Write in verse.' });
    expect(again).toEqual({
      moved: null,
      answer: 'This message was taken before, or the run takes none any more.',
    });
    const state = run();
    if (state === undefined) throw new Error('there is no run');
    expect(answerTo(state, state)).toBe(again.answer);
  });
});
