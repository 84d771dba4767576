/**
 * Goal: a job and the work beside it stay of one mind, and the money with them, when something goes wrong between them.
 * Method: the real session and real books over SQLite, with work that keeps one number; the process ends, storage and
 * work refuse. Does not prove: anything about teams, which are such work (test/agent/team/, test/e2e/team.test.ts).
 */
import { beforeEach, expect, test } from 'vitest';
import { JobError } from '../../src/errors.ts';
import type { LongWork, Moved, WorkEnding } from '../../src/job/long-work.ts';
import type { SessionPorts } from '../../src/job/ports.ts';
import { Session } from '../../src/job/session.ts';
import { type NostrEvent, signAs } from '../../src/nostr/event.ts';
import { deriveKeys } from '../../src/nostr/keys.ts';
import { DEFAULT_AGENT_KINDS as KINDS } from '../../src/nostr/kinds.ts';
import { msats, ZERO_MSATS } from '../../src/payment/msats.ts';
import { dialectNamed, dialectOf } from '../../src/protocol/dialects.ts';
import { FREE } from '../../src/protocol/prices.ts';
import type { JobRecord } from '../../src/store/job-record.ts';
import { first } from '../../src/store/sql.ts';
import { NO_CHECKS } from '../support/checks.ts';
import { nodeSql } from '../support/node-sql.ts';
import { OWNERS, Purse } from './purse.ts';

const CLIENT = deriveKeys('11'.repeat(32), 'client');
const AGENT = deriveKeys('11'.repeat(32), 'agent');
const NOW_S = 1_800_000_000;
const QUOTE = msats(20_000);
const CREDIT = msats(100_000);
const disk = nodeSql();

/** Counts in memory, and stores what it has counted: what is in memory alone is lost with the process. */
class Counting implements LongWork {
  readonly takesWords = true;
  readonly #memory = new Map<string, number>();
  readonly funds = new Map<string, number>();
  readonly stored = new Map<string, number>();
  wanted = Number(QUOTE);
  refuses: Error | null = null;
  /** Whether the disk takes what it writes. */
  full = false;
  /** Whether the process ends as it is told of more money. */
  dies = false;

  has(jobId: string): boolean {
    return this.stored.has(jobId);
  }

  begin(jobId: string, _: unknown, funded_msats: number): Moved {
    if (this.refuses !== null) throw this.refuses;
    return this.count(jobId, 0, () => this.funds.set(jobId, funded_msats));
  }

  count(
    jobId: string,
    to: number,
    also: () => void = () => undefined,
    ending: WorkEnding | null = null,
  ): Moved {
    this.#memory.set(jobId, to);
    const write = () => {
      if (this.full) throw new Error('the disk is full');
      this.stored.set(jobId, to);
      also();
    };
    return { write, reports: [], sends: [], ending, perform: async () => undefined };
  }

  at(jobId: string): number {
    return this.#memory.get(jobId) ?? this.stored.get(jobId) ?? 0;
  }

  funded(jobId: string, amount: number): Moved | null {
    if (this.dies) throw new Error('the process ends here');
    if (amount <= (this.funds.get(jobId) ?? 0)) return null;
    return this.count(jobId, this.at(jobId), () => this.funds.set(jobId, amount));
  }

  wanted_msats(): number {
    return this.wanted;
  }

  finish(jobId: string): void {
    this.#memory.delete(jobId);
  }

  hear = () => ({ moved: null, answer: '' });
  refuse(): null {
    return null;
  }

  hearMail = () => null;
  callOff = () => null;
  tick = () => null;
  recover = () => undefined;
  nextTick = () => null;
  erase = () => undefined;
  prune = () => false;
}

let work: Counting;
let purse: Purse;
let deferred: Promise<void>[];
let wakeAt_ms: number | null;
let recorded: Map<string, JobRecord>;

beforeEach(() => {
  work = new Counting();
  purse = new Purse(CLIENT.publicKey, ['credit'], () => NOW_S * 1_000, { trust: ZERO_MSATS, traps: false });
  purse.zap(CREDIT);
  deferred = [];
  wakeAt_ms = null;
  recorded = new Map();
  for (const { name } of disk.all(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
  ))
    disk.run(`DROP TABLE ${String(name)}`);
});

/** A process: what was stored and is with others outlives it. */
function start(): Session {
  const ports: SessionPorts = {
    clock: () => NOW_S * 1_000,
    random: () => 0.5,
    timeLimit_ms: null,
    names: { session: 's', agent: 'counter', client: CLIENT.publicKey },
    read: (event) => {
      const dialect = dialectOf(event.kind, KINDS);
      if (dialect === null) throw new Error('this is no request');
      return { event, envelope: dialect.envelope(event) };
    },
    body: ({ event, envelope }) => dialectNamed(envelope.dialect, KINDS).body(event, envelope, String),
    ...NO_CHECKS,
    answer: (report, request, now_s) =>
      dialectNamed(request.envelope.dialect, KINDS)
        .render(report, request, now_s)
        .map((template) => signAs(template, AGENT)),
    admit: async () => null,
    quote: () => ({ max: QUOTE, fixed: false, prices: { ...FREE, per1kInputTokens_msats: 1 } }),
    money: purse.ports(async (act) => act()),
    namedTargets: () => ['wss://named.test'],
    readRelays: async () => [],
    work: null,
    longWork: work,
    order: async () => undefined,
    chained: async () => ({ type: 'pending' }),
    publish: async (_, events) => events.map(({ id }) => ({ id, ok: true, reason: '' })),
    withdraw: async () => undefined,
    retraction: async () => null,
    project: async (records) => {
      for (const record of records) recorded.set(record.id, record);
    },
    wakeAt: (at_ms) => {
      wakeAt_ms = at_ms;
    },
    forget: () => undefined,
    clearAll: () => undefined,
    defer: (promise) => deferred.push(promise),
    delay: async () => undefined,
    fault: async () => undefined,
    log: () => undefined,
  };
  return new Session(disk, ports);
}

let requests = 0;
async function posted(session: Session): Promise<NostrEvent> {
  const tags = [['i', `count ${requests++}`, 'text']];
  const request = signAs({ kind: 5050, created_at: NOW_S, tags, content: '' }, CLIENT);
  await session.open(request, 'embedded', []);
  await quiet();
  return request;
}

/** Whatever was deferred is done, and what that deferred. */
async function quiet(): Promise<void> {
  for (let done = 0; done < deferred.length; ) {
    const batch = deferred.slice(done);
    done = deferred.length;
    await Promise.all(batch);
  }
}

const credit = () => purse.books.balance(`credit:${CLIENT.publicKey}`);

test('work that cannot be begun any more fails its job, whose money goes back, and holds up no other', async () => {
  work.refuses = new JobError('INVALID_PARAMETER', 'the team has no such role');
  const { id } = await posted(start());
  expect(recorded.get(id)).toMatchObject({ phase: 'failed', error: 'INVALID_PARAMETER' });
  expect(credit()).toBe(CREDIT);
  work.refuses = null;
  const next = await posted(start());
  expect(recorded.get(next.id)?.phase).toBe('running');
});

test('a job whose work was never stored is begun when its object wakes, or fails alone', async () => {
  const before = start();
  const [broken, sound] = [await posted(before), await posted(before)];
  work.stored.clear();
  work.finish(broken.id);
  work.finish(sound.id);
  work.refuses = new Error('a fault of ours');
  const session = start();
  await session.alarm();
  await quiet();
  expect(recorded.get(broken.id)).toMatchObject({ phase: 'failed', error: 'AGENT_ERROR' });
  expect(recorded.get(sound.id)).toMatchObject({ phase: 'failed', error: 'AGENT_ERROR' });
  expect(credit()).toBe(CREDIT);
});

test('a change that could not be stored is not built upon', async () => {
  const session = start();
  const { id } = await posted(session);
  session.long?.move(id, () => work.count(id, 1));
  work.full = true;
  expect(() => session.long?.move(id, () => work.count(id, 2))).toThrow('full');
  expect(work.at(id)).toBe(1);
  work.full = false;
  session.long?.move(id, () => work.count(id, work.at(id) + 1));
  expect(work.stored.get(id)).toBe(2);
});

test('more money that was set aside is known to the work although the process ended before it was told', async () => {
  const session = start();
  const { id } = await posted(session);
  expect(work.funds.get(id)).toBe(20_000);
  work.wanted = 50_000;
  work.dies = true;
  session.long?.move(id, () => work.count(id, 1));
  await quiet();
  expect(credit()).toBe(50_000n);
  expect(work.funds.get(id)).toBe(20_000);
  work.dies = false;
  await start().alarm();
  await quiet();
  expect(work.funds.get(id)).toBe(50_000);
});

test('a raise that could not be booked is asked for again soon', async () => {
  const session = start();
  const { id } = await posted(session);
  // Nothing else is appointed.
  await session.alarm();
  await quiet();
  work.wanted = 50_000;
  purse.meanwhile = async () => {
    throw new Error('the books could not be reached');
  };
  wakeAt_ms = null;
  session.long?.move(id, () => work.count(id, 1));
  await quiet();
  expect(work.funds.get(id)).toBe(20_000);
  expect(wakeAt_ms).toBeLessThanOrEqual(NOW_S * 1_000 + 10_000);
  await session.alarm();
  await quiet();
  expect(work.funds.get(id)).toBe(50_000);
});

test('a raised job costs what was metered, at most what it was raised to; the rest is credit', async () => {
  const session = start();
  const { id } = await posted(session);
  work.wanted = 50_000;
  session.long?.move(id, () => work.count(id, 1));
  await quiet();
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const metered = { msats: 31_000, breakdown: [{ item: 'writer', cost_msats: 31_000 }] };
  const output = { content: 'done', finishReason: 'stop', model: 'm', usage, metered } as const;
  session.long?.move(id, () => work.count(id, 2, undefined, { type: 'output', output }));
  await quiet();
  expect(recorded.get(id)?.phase).toBe('delivered');
  expect(credit()).toBe(69_000n);
  expect(purse.books.balance(`job:${id}`)).toBe(0n);
  // Nine tenths are the owner's (purse.ts).
  expect(OWNERS.feeParts).toBe(100_000);
  expect(purse.books.balance('revenue')).toBe(3_100n);
});

test('more than there is credit for is not set aside, and the job goes on with what it has', async () => {
  const session = start();
  const { id } = await posted(session);
  work.wanted = 150_000;
  session.long?.move(id, () => work.count(id, 1));
  await quiet();
  expect(credit()).toBe(80_000n);
  expect(work.funds.get(id)).toBe(20_000);
  purse.zap(msats(50_000));
  await session.credited(id);
  await quiet();
  expect(credit()).toBe(0n);
  expect(work.funds.get(id)).toBe(150_000);
});

test('work called off by its client is charged what it metered until then', async () => {
  const session = start();
  const { id } = await posted(session);
  session.long?.move(id, () =>
    work.count(id, 1, undefined, { type: 'calledOff', spent_msats: 7_000, passedOn_msats: 0 }),
  );
  await quiet();
  expect(recorded.get(id)?.phase).toBe('cancelled');
  expect(credit()).toBe(93_000n);
  expect(first(disk, 'SELECT count(*) AS n FROM jobs WHERE open = 1')?.n).toBe(0);
});
