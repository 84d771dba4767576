/** Goal: a team is checked where it is made, with the place of what is wrong. Method: teams, good and bad. */
import { describe, expect, test } from 'vitest';
import { roleSchema } from '../../../src/agent/team/config.ts';
import { parseTeam } from '../../../src/agent/team/parse.ts';
import { BUILT_IN_ROLES } from '../../../src/agent/team/roles.ts';

const budget = { msats: 1_000_000, tokens: 1_000_000, time_ms: 3_600_000 };

test('the built-in roles are those promised, and each is a role', () => {
  expect(Object.keys(BUILT_IN_ROLES).sort()).toEqual(
    [
      'critic',
      'editor',
      'factChecker',
      'manager',
      'programmer',
      'qa',
      'ranker',
      'reporter',
      'researcher',
      'translator',
      'writer',
    ].sort(),
  );
  for (const [name, role] of Object.entries(BUILT_IN_ROLES)) expect(roleSchema.parse(role).name).toBe(name);
});

test('a team is three lines: the rest has a default, and helpers come along', () => {
  const team = parseTeam({ order: ['researcher', 'writer', 'editor'], budget });
  expect(Object.keys(team.roles)).toEqual([
    'critic',
    'editor',
    'factChecker',
    'ranker',
    'researcher',
    'writer',
  ]);
  expect(team).toMatchObject({
    order: [[['researcher']], [['writer']], [['editor']]],
    iterations: 3,
    judge: { role: 'ranker' },
  });
});

test('branches, and a role of its own in place of a built-in one', () => {
  const role = { ...BUILT_IN_ROLES.translator, name: 'poet', prompt: 'Write verse.' };
  const team = parseTeam({
    roles: [role],
    order: [{ parallel: ['researcher', ['poet', 'editor']] }],
    budget,
    judge: null,
  });
  expect(team.order).toEqual([[['researcher'], ['poet', 'editor']]]);
  expect(team.roles.poet?.prompt).toBe('Write verse.');
});

describe('refused', () => {
  test.each([
    ['an unknown role', { order: ['wizard'], budget }, 'team.roles'],
    ['a name of Object.prototype', { order: ['constructor'], budget }, 'team.roles'],
    ['nobody who drafts', { order: ['researcher'], budget }, 'team.order'],
    ['a judge in the order', { order: ['writer', 'ranker'], budget }, 'team.order'],
    [
      'a judge who does not judge',
      { order: ['writer'], budget, judge: { role: 'editor', keep: 3, ranks: 'last' } },
      'team.judge.role',
    ],
    ['no budget', { order: ['writer'] }, 'team.budget'],
    ['a negative budget', { order: ['writer'], budget: { ...budget, msats: -1 } }, 'team.budget.msats'],
    ['an unknown member', { order: ['writer'], budget, secret: 1 }, 'team'],
    [
      'a zone that is none',
      { order: ['writer'], budget, reports: { quiet: { from_min: 0, to_min: 1, timeZone: 'x/y' } } },
      'team.reports.quiet.timeZone',
    ],
    ['no team', null, 'team'],
  ])('%s', (_, input, path) => {
    expect(() => parseTeam(input)).toThrow(
      expect.objectContaining({ code: 'INVALID_PARAMETER', details: { path } }),
    );
  });
});
