/**
 * Goal: one piece of a team's work ends in one of the results the desk knows, says what all of its journal has used, and
 * goes on where an earlier drive was cut off. Method: the real loop, tools and prompts with a scripted model and
 * journals in memory. Does not prove: the loop itself (test/agent/loop/), and the tools (test/agent/tools/).
 */
import { describe, expect, test } from 'vitest';
import type { LoopRequest } from '../../../../src/agent/loop/model.ts';
import type { Role } from '../../../../src/agent/team/config.ts';
import { BUILT_IN_ROLES } from '../../../../src/agent/team/roles.ts';
import { doWork } from '../../../../src/agent/team/work/work.ts';
import { JobError } from '../../../../src/errors.ts';
import { call, final, Journals, type Line, scriptedModel, TEN_FIVE } from '../../../support/loop.ts';
import { briefFor, never, PRICES, teamWith, workPorts } from './bench.ts';

const JUDGE = {
  type: 'judge',
  first: 'v2',
  second: 'v1',
  newcomerFirst: true,
} as const;
const said = (request: LoopRequest | undefined) => JSON.stringify(request?.messages);
const toolsOf = (request: LoopRequest | undefined) => request?.tools.map(({ name }) => name).sort();

async function work(lines: readonly Line[], over = {}, ports = {}, journals = new Journals()) {
  const model = scriptedModel(lines);
  const driven = await doWork(briefFor('writer', over), workPorts({ model, ...ports }, journals), never);
  return { ...driven, model, journals };
}

describe('a step', () => {
  test('hands in its answer with what it used', async () => {
    const { result, used, over, cut } = await work([final('A poem.')]);
    expect(result).toEqual({ type: 'done', text: 'A poem.', summary: null, usage: { tokens: 15, msats: 6 } });
    expect(used).toEqual({ prompt_tokens: 10, completion_tokens: 5, msats: 6, hired_msats: 0 });
    expect([over, cut]).toEqual([true, false]);
  });

  test('has the tools of its role and its helpers, and no others', async () => {
    const { model } = await work([final('x')]);
    expect(toolsOf(model.asked[0])).toEqual(['ask_user', 'critic', 'final_answer', 'load_output']);
  });

  test('loads outputs of its run, and nothing else', async () => {
    const outputs = [{ id: 'v1', title: 'researcher, iteration 1', bytes: 5 }];
    const read: string[] = [];
    const text = async (id: string) => {
      read.push(id);
      return 'notes';
    };
    const ask = (id: string) => ({ calls: [call('l', 'load_output', { id })] });
    const { model } = await work([ask('v1'), ask('v9'), ask('other/v1'), final('x')], { outputs }, { text });
    expect(said(model.asked[1])).toContain('notes');
    expect(said(model.asked[3]).match(/NOT_FOUND/g)).toHaveLength(2);
    expect(read).toEqual(['v1']);
  });

  test('pays for its helpers, who do not speak with the user', async () => {
    const { model, used } = await work([
      { calls: [call('c', 'critic', { task: 'Read: a poem' })] },
      final('too long'),
      final('A shorter poem.'),
    ]);
    expect(toolsOf(model.asked[1])).toEqual(['final_answer']);
    expect(said(model.asked[2])).toContain('critic answers');
    expect(used).toMatchObject({ prompt_tokens: 30, completion_tokens: 15 });
  });

  test('is told in between what its client has said since, once, and says so', async () => {
    const note = { id: 'directive-2', from: 'the client', text: 'New directive #2: in verse' };
    let asked = 0;
    const notes = async () => (asked++ === 0 ? [] : [note]);
    const load = { calls: [call('l', 'load_output', {})] };
    const { model, ...driven } = await work([load, load, final('x')], {}, { notes });
    expect(said(model.asked[0])).not.toContain('in verse');
    expect(said(model.asked[2]).match(/in verse/g)).toHaveLength(1);
    expect(driven.notes).toEqual(['directive-2']);
  });

  test('is not charged a prompt that is longer than its context', async () => {
    const parts = { ...briefFor('writer').parts, task: 'word '.repeat(100_000) };
    const { model, result } = await work([final('x')], { parts });
    expect(result.type).toBe('done');
    expect(said(model.asked[0]).length / 4).toBeLessThan(16_000);
  });
});

describe('a question', () => {
  const ask = { calls: [call('q', 'ask_user', { question: 'For children?', assumption: 'for adults' })] };
  const answered = (by: 'user' | 'assumption', answer: string) => ({
    attempt: 2,
    parts: { ...briefFor('writer').parts, answers: [{ question: 'For children?', answer, by }] },
  });

  test('lets go of the step, which goes on in its journal with the answer', async () => {
    const first = await work([ask]);
    expect(first.result).toMatchObject({
      type: 'asked',
      question: 'For children?',
      assumption: 'for adults',
    });
    expect(first.over).toBe(false);
    const then = await work([final('x')], answered('user', 'Of ten.'), {}, first.journals);
    expect(said(then.model.asked[0])).toContain('The user answers: Of ten.');
    // All of the journal, the first drive's question included.
    expect(then.used).toMatchObject({ prompt_tokens: 20, completion_tokens: 10 });
    expect(then.over).toBe(true);
  });

  test('without an answer goes on with what was assumed', async () => {
    const first = await work([ask]);
    const then = await work([final('x')], answered('assumption', 'for adults'), {}, first.journals);
    expect(said(then.model.asked[0])).toContain('The user has not answered');
  });
});

describe('a budget', () => {
  const load = {
    calls: [call('l', 'load_output', {})],
    usage: { ...TEN_FIVE, prompt_tokens: 900, total_tokens: 905 },
  };

  test('that is nearly used up leaves a last answer, and is not gone over', async () => {
    const writer: Role = {
      ...role('writer'),
      limits: { ...role('writer').limits, outputTokens: 300, steps: 100 },
    };
    const { roles } = teamWith([writer]);
    const limit = { tokens: 6_000, msats: 4_000 };
    const lines = (request: LoopRequest): Line =>
      request.tools.length > 1 ? load : { text: 'What I have.' };
    const model = scriptedModel(lines);
    const brief = briefFor('writer', { limit, team: { ...briefFor('writer').team, roles } });
    const { result, used } = await doWork(brief, workPorts({ model }), never);
    expect(result.type).toBe('done');
    expect(used.prompt_tokens + used.completion_tokens).toBeLessThanOrEqual(limit.tokens);
    expect(used.msats).toBeLessThanOrEqual(limit.msats);
    expect(model.asked.length).toBeGreaterThan(2);
  });

  test('of a dear model lets a step begin, though its money is less than its longest answer', async () => {
    const prices = { ...PRICES, per1kOutputTokens_msats: 10_000 };
    const { result } = await work([final('x')], { limit: { tokens: 60_000, msats: 50_000 } }, { prices });
    expect(result.type).toBe('done');
  });

  test('that allows no question fails the step for good, and nobody is asked', async () => {
    const { result, model, used } = await work([], { limit: { tokens: 20, msats: 0 } });
    expect(result).toMatchObject({ type: 'failed', failure: { code: 'INSUFFICIENT_FUNDS' }, retry: false });
    expect(model.asked).toEqual([]);
    expect(used.msats).toBe(0);
  });
});

describe('a model', () => {
  test('that is busy fails the attempt, to be tried again when it says', async () => {
    const busy = new JobError('RATE_LIMIT_EXCEEDED', 'busy', { retry_after_s: 7_200 });
    const { result, over } = await work(Array.from({ length: 20 }, () => busy));
    expect(result).toMatchObject({ type: 'failed', failure: { code: 'RATE_LIMIT_EXCEEDED' }, retry: true });
    expect(result.type === 'failed' && (result.retryAfter_ms ?? 0)).toBeGreaterThan(7_000_000);
    expect(over).toBe(false);
  });

  test('whose answer is cut off by the end of the run leaves what was used until then', async () => {
    const abort = new AbortController();
    const hangs: Line = () => {
      abort.abort(new Error('over'));
      return new Promise(() => undefined);
    };
    const model = scriptedModel([{ calls: [call('l', 'load_output', {})] }, hangs]);
    const driven = await doWork(briefFor('writer'), workPorts({ model }), abort.signal);
    expect(driven).toMatchObject({
      cut: true,
      over: false,
      used: { prompt_tokens: 10, completion_tokens: 5 },
    });
    expect(driven.result.type).toBe('failed');
  });
});

describe('a judge', () => {
  const judging = { role: 'ranker', work: JUDGE, texts: { v1: 'old', v2: 'new' } };

  test('says which is better and why, without tools', async () => {
    const { result, model } = await work([final('FIRST\nIt is newer.')], judging);
    expect(result).toMatchObject({ type: 'judged', place: 'first', rationale: 'It is newer.' });
    expect(toolsOf(model.asked[0])).toEqual(['final_answer']);
  });

  test('who gives no verdict is asked again, afresh', async () => {
    const { result, over } = await work([final('Both have their merits.')], judging);
    expect(result).toMatchObject({ type: 'failed', failure: { code: 'MODEL_ERROR' }, retry: true });
    expect(over).toBe(true);
  });

  test('is not told in between', async () => {
    const notes = () => Promise.reject(new Error('asked for notes'));
    expect((await work([final('EQUAL\nx')], judging, { notes })).result.type).toBe('judged');
  });
});

test('a piece of work that another drive took over has nothing to say', async () => {
  const store = {
    load: async () => [],
    append: () => Promise.reject(new Error('another drive works on the run job/2.1')),
  };
  await expect(work([final('x')], {}, { store })).rejects.toThrow('another drive');
});

function role(name: string): Role {
  const found = BUILT_IN_ROLES[name];
  if (found === undefined) throw new Error(`no role ${name}`);
  return found;
}
