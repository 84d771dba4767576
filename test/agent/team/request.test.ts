/**
 * Goal: a request to a team is read into what its run is opened with, or refused with the place of what is wrong before
 * anybody pays; a client changes its run as far as the team allows and no further. Method: the shipped team and a free
 * one. Does not prove: the schema of the parameters, which the door checks (test/protocol/).
 */
import { describe, expect, test } from 'vitest';
import { desk } from '../../../agents/desk.ts';
import { defineTeam, type TeamSpec } from '../../../src/agent/define-team.ts';
import { readTeamOrder } from '../../../src/agent/team/request.ts';
import { JobError, type Json } from '../../../src/errors.ts';
import { TEAM_MAX_TASK_BYTES } from '../../../src/limits.ts';
import type { ChatMessage, JobBody } from '../../../src/protocol/model.ts';
import { FREE } from '../../../src/protocol/prices.ts';

const PRICES = { ...FREE, per1kInputTokens_msats: 200, per1kOutputTokens_msats: 800 };
const user = (content: string): ChatMessage => ({ role: 'user', content });

function body(parameters: Record<string, Json> = {}, over: Partial<JobBody> = {}): JobBody {
  return {
    messages: [user('Write it.')],
    parameters,
    inputs: [],
    model: null,
    outputFormat: null,
    tools: null,
    bid_msats: null,
    contract: null,
    bolt11: null,
    ...over,
  };
}
const read = (
  parameters: Record<string, Json> = {},
  over: Partial<JobBody> = {},
  history: ChatMessage[] = [],
) => readTeamOrder(desk.definition, PRICES, body(parameters, over), history);

function refusalOf(act: () => unknown) {
  try {
    act();
  } catch (error) {
    if (error instanceof JobError) return error.failure;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the budget', () => {
  test('is what the request names, else its bid, else what is usual', () => {
    expect(read().budget).toBe(1_000_000n);
    expect(read({}, { bid_msats: 800_000 }).budget).toBe(800_000n);
    expect(read({ budget_sats: 700 }, { bid_msats: 800_000 }).budget).toBe(700_000n);
    expect(read({ budget_sats: 700 }).team.budget.msats).toBe(700_000);
  });

  test('reaches for a first version, and is no more than a run may cost', () => {
    expect(refusalOf(() => read({ budget_sats: 3 }))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { path: '$.parameters.budget_sats', budget_msats: 3_000 },
    });
    expect(refusalOf(() => read({ budget_sats: 100_001 })).code).toBe('INVALID_PARAMETER');
    const { details } = refusalOf(() => read({ budget_sats: 1 }));
    const least = Number(details?.least_msats);
    expect(read({ budget_sats: Math.ceil(least / 1_000) }).budget).toBeGreaterThan(0n);
    expect(refusalOf(() => read({ budget_sats: Math.ceil(least / 1_000) - 1 })).code).toBe(
      'INSUFFICIENT_FUNDS',
    );
  });

  test('is nothing for a free team, whatever is offered', () => {
    const free = defineTeam({ ...SPEC, order: ['writer'], price: {} });
    const order = readTeamOrder(free.definition, FREE, body({ budget_sats: 5 }, { bid_msats: 9_000 }));
    expect([order.budget, order.team.budget.msats]).toEqual([0n, 0]);
  });
});

describe('a client’s own', () => {
  const poet = { name: 'poet', prompt: 'You write poems.' };

  test('order, iterations and roles stand in place of the team’s', () => {
    const { team } = read({
      order: ['poet', { parallel: ['writer', 'editor'] }],
      iterations: 7,
      roles: [poet],
    });
    expect(team.order).toEqual([[['poet']], [['writer'], ['editor']]]);
    expect(team.iterations).toBe(7);
    expect(team.roles.poet).toMatchObject({ makes: 'draft', tools: [], prompt: 'You write poems.' });
  });

  test('time is less than the team’s and never more', () => {
    expect(read({ time_limit_s: 60 }).team.budget.time_ms).toBe(60_000);
    expect(read({ time_limit_s: 2_592_000 }).team.budget.time_ms).toBe(86_400_000);
  });

  test('role has tools the team has, and no others', () => {
    const withTools = (...tools: string[]) => read({ order: ['poet'], roles: [{ ...poet, tools }] });
    expect(withTools('web_search').team.roles.poet?.tools).toEqual(['web_search']);
    for (const tool of ['hire_agent', 'pay_invoice', 'constructor', '__proto__', 'mcp_files_read'])
      expect(refusalOf(() => withTools('web_search', tool)).code, tool).toBe('INVALID_PARAMETER');
  });

  test('role costs what its tokens cost, whatever its limits say', () => {
    const limits = { tokens: 10_000, msats: 9_000_000 };
    const { team } = read({ order: ['poet'], roles: [{ ...poet, limits }] });
    expect(team.roles.poet?.limits.msats).toBe(8_000);
  });

  test.each<[string, Record<string, Json>, string]>([
    ['unknown role', { order: ['nobody'] }, 'team.roles'],
    ['role called like what every object has', { order: ['constructor'] }, 'team.roles'],
    ['judge as a worker', { order: ['ranker', 'writer'] }, 'team.order'],
    ['order without a draft', { order: ['researcher'] }, 'team.order'],
    [
      'role with what no role has',
      { order: ['poet'], roles: [{ ...poet, keys: true }] },
      '$.parameters.roles',
    ],
    ['role that is none', { roles: ['poet'] }, '$.parameters.roles'],
    ['cadence', { cadence: 'when the moon is full' }, '$.parameters.cadence'],
    ['quiet', { quiet: 'at night' }, '$.parameters.quiet'],
    ['mail', { mail: 'ann@people.example, bob@people.example' }, '$.parameters.mail'],
  ])('%s that cannot be is refused with its place', (_, parameters, path) => {
    const { code, details } = refusalOf(() => read(parameters));
    expect(code).toBe('INVALID_PARAMETER');
    expect(String(details?.path)).toMatch(path);
  });

  test('mail is in lower case', () => {
    expect(read({ mail: 'Ann@People.Example' }).mail).toBe('ann@people.example');
    expect(read().mail).toBeNull();
  });
});

describe('the task', () => {
  test('is what is asked now, behind what was said before, and what is to be looked at', () => {
    const history = [user('Write about quokkas'), { role: 'assistant', content: 'Quokkas smile.' } as const];
    const inputs = [{ type: 'url', value: 'https://a.example/' }] as const;
    const { task } = read({}, { inputs }, history);
    const places = ['Write about quokkas', 'Quokkas smile.', 'Write it.', 'https://a.example/'].map((text) =>
      task.indexOf(text),
    );
    expect(places.every((at) => at >= 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test('gives up what is oldest when it is too long, and never what is asked now', () => {
    const long = 'x'.repeat(TEAM_MAX_TASK_BYTES - 200);
    const { task } = read({}, {}, [user('the oldest'), user(long), user('the newest')]);
    expect(task).not.toContain('the oldest');
    expect(task).toContain('Write it.');
    const messages = [user('x'.repeat(TEAM_MAX_TASK_BYTES + 1))];
    expect(refusalOf(() => read({}, { messages })).code).toBe('CONTENT_TOO_LARGE');
  });

  test('is some text', () => {
    expect(refusalOf(() => read({}, { messages: [user(' \n ')] })).code).toBe('BAD_REQUEST');
  });
});

const SPEC = {
  slug: 'crew',
  name: 'Crew',
  description: 'Writes.',
  example: 'Write it.',
  order: ['writer'],
  price: { per1kInputTokens_sats: 0.2, per1kOutputTokens_sats: 0.8 },
} as const;

test('the check of a contract takes the place of the team’s own', () => {
  const own = { mode: 'schema', schema: { type: 'object' } };
  const { definition } = defineTeam({ ...SPEC, order: ['writer'], check: { spec: own } });
  const checkOf = (...contract: Parameters<typeof readTeamOrder>[4][]) =>
    readTeamOrder(definition, PRICES, body(), [], ...contract).team.check;
  expect(checkOf()).toEqual({ spec: own, hidden: null, limits: { tokens: 0, msats: 0 } });
  const spec = { mode: 'schema', schema: { type: 'array' }, attempts: 2 };
  expect(checkOf({ spec, hidden: null })).toMatchObject({ spec, hidden: null });
  expect(readTeamOrder(desk.definition, PRICES, body()).team.check).toBeNull();
});

describe('a team’s file', () => {
  test('needs little, and has a default for everything else', () => {
    const { definition } = defineTeam({ ...SPEC, order: ['writer'] });
    expect(definition.budget).toEqual({ usual_msats: 1_000_000, most_msats: 100_000_000 });
    expect(definition.team).toMatchObject({
      iterations: 3,
      budget: { tokens: 2_000_000, time_ms: 86_400_000 },
    });
  });

  test.each([
    ['a slug with capitals', { slug: 'Crew' }, /^the team "Crew": slug: must be lower-case/],
    ['a role nobody has', { order: ['nobody'] }, /^the team "crew": .*there is no role nobody/],
    ['nobody who drafts', { order: ['researcher'] }, /nobody in it makes a draft/],
    [
      'a judge who does not judge',
      { judge: { role: 'writer', keep: 3, ranks: 'last' } },
      /writer does not judge/,
    ],
    ['a field no team has', { wallet: 'mine' }, /: wallet: is no field of a team/],
    [
      'more as usual than at most',
      { budget: { usual_sats: 9, most_sats: 8 } },
      /budget\.usual_sats: must not be/,
    ],
    ['no iterations', { iterations: 0 }, /: iterations: /],
    ['a check that is none', { check: { spec: { mode: 'deduction' } } }, /^the team "crew": .*verify/],
    [
      'a check without the part it commits to',
      { check: { spec: { mode: 'schema', schema: {}, commitment: 'a'.repeat(64) } } },
      /hidden part is missing/,
    ],
  ])('with %s is told so when it is loaded', (_, over, message) => {
    const spec: TeamSpec = JSON.parse(JSON.stringify({ ...SPEC, ...over }));
    expect(() => defineTeam(spec)).toThrow(message);
  });
});
