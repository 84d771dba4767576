import { beforeEach, describe, expect, test } from 'vitest';
import { ExternalDesk } from '../../../src/agent/external/desk.ts';
import { mostFor, wayOf } from '../../../src/agent/external/order.ts';
import type { ExternalPorts, HireState } from '../../../src/agent/external/ports.ts';
import type { Assignment } from '../../../src/job/assignment.ts';
import type { Moved, WorkEnding } from '../../../src/job/long-work.ts';
import { EXTERNAL_LOOK_MS } from '../../../src/limits.ts';
import { msats } from '../../../src/payment/msats.ts';
import type { ExternalSettings } from '../../../src/protocol/agent.ts';
import { nodeSql } from '../../support/node-sql.ts';
import { hexOf } from '../../support/records.ts';

/**
 * Goal: whatever becomes of a hire and in whatever order it is heard, a job of an external agent ends once, and costs what was
 * paid for it or its price. Method: the desk over SQLite, with a hire that the test moves by hand; the memory is lost by making
 * another desk on the same storage.
 *
 * Does not prove the hire itself (test/agent/hire) nor the session around it (test/e2e/supply.test.ts).
 */
const JOB = hexOf(1);
const PRICE = 100_000;
const SETTINGS: ExternalSettings = {
  ...{ pubkey: hexOf(2), relays: [], dialect: 'agent', kind: 7001, most_msats: 80_000 },
};

const assignment: Assignment = {
  envelope: {
    ...{ dialect: 'agent', id: JOB, kind: 7001, client: hexOf(3), agents: [], session: null },
    ...{ createdAt_s: 0, expiresAt_s: null, relays: [], sealing: 'none' },
  },
  body: {
    ...{ messages: [{ role: 'user', content: 'a task' }], parameters: { tone: 'dry', size: 3 }, model: null },
    ...{ inputs: [{ type: 'url', value: 'https://page.example' }], outputFormat: 'text/plain', tools: null },
    ...{ bid_msats: null, contract: null, bolt11: null },
  },
  history: [{ role: 'user', content: 'earlier' }],
};

const UNDER_WAY: HireState = { outcome: null, news: null, committed_msats: 0 };
const ended = (content: string | null, paid_msats: number, reason = ''): HireState => ({
  ...{ outcome: { content, reason, paid_msats }, news: null, committed_msats: paid_msats },
});

let sql: ReturnType<typeof nodeSql>;
let now_ms = 0;
let state: HireState;
/** What the hire is once it was closed. */
let closed: HireState | null;
let asked: string[];
let endings: WorkEnding[];
let reports: unknown[];
let failed: string[];
let desk: ExternalDesk;
let fault: Error | null;

function newDesk(): ExternalDesk {
  const ports: ExternalPorts = {
    clock: () => now_ms,
    terms: () => ({
      ...{ slug: 'friend', settings: SETTINGS, timeLimit_ms: 60_000 },
      feeTerms: (settings, funded) => mostFor(settings, funded, 100_000),
    }),
    async hire(_, run) {
      asked.push(`hire for at most ${run.most_msats}`);
      if (fault !== null) throw fault;
      return state;
    },
    async close() {
      asked.push('close');
      if (fault !== null) throw fault;
      return closed ?? state;
    },
    forget: async () => void asked.push('forget'),
    failed: async (reason) => void failed.push(reason),
    move: (_, how) => void stored(how()),
    defer: () => undefined,
    log: () => undefined,
  };
  return new ExternalDesk(sql, ports);
}

/** Stores a change as the session does; what it wants done is done when `settle` is called. */
const todo: (() => Promise<void>)[] = [];
function stored(moved: Moved | null): void {
  if (moved === null) return;
  sql.transaction(moved.write);
  reports.push(...moved.reports.map(({ report }) => report));
  if (moved.ending !== null) endings.push(moved.ending);
  todo.push(moved.perform);
}

async function settle(): Promise<void> {
  for (let next = todo.shift(); next !== undefined; next = todo.shift()) await next();
}

beforeEach(() => {
  sql = nodeSql();
  now_ms = 1_000_000;
  state = UNDER_WAY;
  closed = null;
  fault = null;
  asked = [];
  endings = [];
  reports = [];
  failed = [];
  todo.length = 0;
  desk = newDesk();
});

async function begun(): Promise<void> {
  stored(desk.begin(JOB, assignment, PRICE));
  await settle();
}

describe('a job', () => {
  test('is handed on once it is stored, for what its price leaves', async () => {
    stored(desk.begin(JOB, assignment, PRICE));
    expect([asked, desk.has(JOB)]).toEqual([[], true]);
    await settle();
    expect([asked, endings]).toEqual([['hire for at most 80000'], []]);
  });

  test('tells its client what the agent says, each thing once', async () => {
    await begun();
    for (const content of ['', 'half', 'half', 'more']) {
      state = { ...UNDER_WAY, news: { note: 'writing', content } };
      await desk.changed(JOB);
    }
    expect(reports).toEqual([
      { type: 'progress', done: 0, total: 0, note: 'writing' },
      { type: 'partial', content: 'half', note: 'writing' },
      { type: 'partial', content: 'more', note: 'writing' },
    ]);
  });

  test('is delivered for its price, of which the agent’s part is passed on', async () => {
    await begun();
    state = ended('the work', 60_000);
    await desk.changed(JOB);
    await desk.changed(JOB);
    expect(endings).toMatchObject([
      { type: 'output', output: { content: 'the work', metered: { msats: PRICE, passedOn_msats: 60_000 } } },
    ]);
    expect(desk.nextTick(JOB)).toBeNull();
  });

  test('that was not delivered costs what was paid, and its agent is not offered again', async () => {
    await begun();
    state = ended(null, 40_000, 'nothing came in time');
    await desk.changed(JOB);
    await settle();
    expect(endings).toMatchObject([
      {
        type: 'failed',
        passedOn_msats: 40_000,
        failure: { code: 'AGENT_ERROR', details: { charged_msats: 40_000 } },
      },
    ]);
    expect(failed).toEqual(['nothing came in time']);
  });

  test('that was refused unpaid costs nothing, and speaks against nobody', async () => {
    await begun();
    state = ended(null, 0, 'BAD_REQUEST: only haiku');
    await desk.changed(JOB);
    await settle();
    expect(endings).toMatchObject([{ type: 'failed', passedOn_msats: 0 }]);
    expect(failed).toEqual([]);
  });

  test.each([
    ['before it was asked to be paid', 0],
    ['after it was paid', 60_000],
  ])('that is called off %s costs %i', async (_, committed_msats) => {
    await begun();
    closed = { ...UNDER_WAY, committed_msats };
    stored(desk.callOff(JOB));
    expect(desk.callOff(JOB)).toBeNull();
    await settle();
    expect(endings).toEqual([
      { type: 'calledOff', spent_msats: committed_msats, passedOn_msats: committed_msats },
    ]);
    expect(failed).toEqual([]);
  });

  test('that is called off while it is being hired is not left behind', async () => {
    stored(desk.begin(JOB, assignment, PRICE));
    state = UNDER_WAY;
    closed = ended(null, 0, 'called off');
    const looking = desk.changed(JOB);
    stored(desk.callOff(JOB));
    await looking;
    await settle();
    expect(endings).toMatchObject([{ type: 'calledOff', spent_msats: 0 }]);
  });

  test('whose hire cannot be reached is asked again, and ends when it can', async () => {
    await begun();
    fault = new Error('away');
    stored(desk.callOff(JOB));
    await settle();
    expect(endings).toEqual([]);
    fault = null;
    closed = { ...UNDER_WAY, committed_msats: 60_000 };
    now_ms += EXTERNAL_LOOK_MS;
    expect(desk.nextTick(JOB)).toBeLessThanOrEqual(now_ms);
    stored(desk.tick(JOB));
    await settle();
    expect(endings).toMatchObject([{ type: 'calledOff', spent_msats: 60_000 }]);
  });

  test('that nothing comes of ends after its time, also when the hire does not say so', async () => {
    await begun();
    now_ms += 60_000 + 30_000;
    closed = { ...UNDER_WAY, committed_msats: 60_000 };
    stored(desk.tick(JOB));
    await settle();
    expect(endings).toMatchObject([{ type: 'failed', passedOn_msats: 60_000, failure: { code: 'TIMEOUT' } }]);
  });

  test('goes on after the memory was lost', async () => {
    await begun();
    desk = newDesk();
    desk.recover(JOB);
    expect(desk.nextTick(JOB)).toBeLessThanOrEqual(now_ms);
    state = ended('the work', 60_000);
    stored(desk.tick(JOB));
    await settle();
    expect(endings).toHaveLength(1);
    const kept = JSON.stringify(sql.all('SELECT * FROM external_jobs'));
    expect(kept).not.toContain('a task');
    desk.erase(JOB);
    expect(desk.has(JOB)).toBe(false);
  });
});

test('what an agent may be paid is in its listing, and within what the client has paid less the fee', () => {
  expect(mostFor(SETTINGS, PRICE, 100_000)).toBe(msats(80_000));
  // The price was 50 sats when it was quoted.
  expect(mostFor(SETTINGS, 50_000, 100_000)).toBe(msats(45_000));
  expect(mostFor(SETTINGS, 0, 100_000)).toBe(msats(0));
});

test('a job is handed on in the words of either dialect', () => {
  expect(wayOf(SETTINGS, assignment)).toMatchObject({
    dialect: 'agent',
    request: {
      messages: [{ content: 'earlier' }, { content: 'a task' }, { content: 'https://page.example' }],
      parameters: { tone: 'dry', size: 3 },
    },
    sealed: false,
  });
  expect(wayOf({ ...SETTINGS, dialect: 'nip90', kind: 5050 }, assignment).tags).toEqual([
    ['i', 'earlier', 'text'],
    ['i', 'a task', 'text'],
    ['i', 'https://page.example', 'url'],
    ['param', 'tone', 'dry'],
    ['param', 'size', '3'],
    ['output', 'text/plain'],
  ]);
});
