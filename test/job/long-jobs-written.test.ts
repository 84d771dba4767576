/**
 * Goal: work that lives beside its job (a team's) is stored with what the job tells of it, and does not have the job
 * written again where it tells nothing: rows written are the bill. Method: the session with its real journal, and work
 * that only notes what was written of it.
 */
import { beforeEach, expect, test } from 'vitest';
import type { LongWork, Moved } from '../../src/job/long-work.ts';
import { CALM, World } from './world.ts';

const QUIET: Omit<Moved, 'write'> = {
  reports: [],
  sends: [],
  ending: null,
  perform: async () => undefined,
};

let written: string[];
let world: World;
let job: string;

const moved = (what: string, more: Partial<Moved> = {}): Moved => ({
  ...QUIET,
  write: () => written.push(what),
  ...more,
});

function work(): LongWork {
  const begun = new Set<string>();
  return {
    takesWords: true,
    has: (id) => begun.has(id),
    begin(id) {
      begun.add(id);
      return moved('begin');
    },
    hear: () => ({ moved: null, answer: '' }),
    hearMail: () => null,
    refuse: () => null,
    callOff: () => null,
    tick: () => null,
    funded: () => null,
    wanted_msats: () => 0,
    recover: () => undefined,
    nextTick: () => null,
    finish: (id) => void begun.delete(id),
    erase: () => undefined,
    prune: () => false,
  };
}

beforeEach(async () => {
  written = [];
  world = new World(1, CALM, true, null, work());
  const request = world.request([['i', 'words', 'text']]);
  job = request.id;
  world.deliver(request);
  await world.run(3);
});

const jobWritten = () => world.happened['job written'] ?? 0;
const move = (change: Moved) => world.session.long?.move(job, () => change);

test('a change that tells nothing writes itself alone', () => {
  expect(written).toEqual(['begin']);
  const before = jobWritten();
  expect(move(moved('step'))).toBe(true);
  expect(written).toEqual(['begin', 'step']);
  expect(jobWritten()).toBe(before);
});

test('a change with a report, and one that ends the work, are written with the job', async () => {
  const before = jobWritten();
  const report = { type: 'progress', done: 1, total: 2, note: 'half' } as const;
  move(moved('told', { reports: [{ key: 'report/1', report }] }));
  expect(jobWritten()).toBe(before + 1);
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const output = { content: 'done', finishReason: 'stop', model: '', usage } as const;
  move(moved('end', { ending: { type: 'output', output } }));
  expect(jobWritten()).toBe(before + 2);
  expect(written).toEqual(['begin', 'told', 'end']);
  await world.run(30);
  const answers = [...(world.relays.get('wss://origin.test') ?? new Map()).values()];
  expect(answers.map(({ kind }) => kind)).toEqual(expect.arrayContaining([7000, 6302]));
});
