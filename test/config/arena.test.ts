/** What an operator may set about the arena. */
import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS, settingsOf } from '../../src/arena/settings.ts';
import { ConfigError, readConfig } from '../../src/config.ts';

const arenaOf = (variables: Readonly<Record<string, string>>) =>
  readConfig({ LOCAL: '1', ...variables }).arena;

test("without a word of the operator's it has the rules of Absolute Zero Reasoner", () => {
  expect(settingsOf(arenaOf({}))).toEqual(DEFAULT_SETTINGS);
  expect(arenaOf({})).toMatchObject({
    roundsPerDay: 2_880,
    tokensPerDay: 100_000,
    language: 'python',
    probe: null,
  });
  const deployed = { LOCAL: '0', MASTER_SECRET: '1'.repeat(64), PUBLIC_URL: 'https://market.example' };
  expect(arenaOf(deployed).roundsPerDay).toBe(1_440);
});

test('every rule can be set', () => {
  const arena = arenaOf({
    ...{
      ARENA_ROUNDS_PER_DAY: '0',
      ARENA_TOKENS_PER_DAY: '5',
      ARENA_LANGUAGE: 'javascript',
      ARENA_PROBE: '1',
    },
    ...{ ARENA_REFERENCES: '3', ARENA_ATTEMPTS: '16', ARENA_BUFFER_TASKS: '500', ARENA_WRAPPER: 'bare' },
    ...{ ARENA_MALFORMED: '-0.75', ARENA_WORTHLESS: '0' },
  });
  expect(arena).toMatchObject({ roundsPerDay: 0, tokensPerDay: 5, language: 'javascript', probe: 4 });
  expect(settingsOf(arena)).toMatchObject({
    ...{ references: 3, attempts: 16, bufferTasks: 500, wrapper: 'bare' },
    rewards: { malformed: -0.75, worthless: 0 },
  });
  // A probe of all attempts is none.
  expect(arenaOf({ ARENA_PROBE: '1', ARENA_ATTEMPTS: '4' }).probe).toBeNull();
});

test.each([
  ['ARENA_ROUNDS_PER_DAY', '-1'],
  ['ARENA_TOKENS_PER_DAY', '1.5'],
  ['ARENA_LANGUAGE', 'lisp'],
  ['ARENA_PROBE', '4'],
  ['ARENA_ATTEMPTS', '1'],
  ['ARENA_REFERENCES', '0'],
  ['ARENA_BUFFER_TASKS', '20000'],
  ['ARENA_WRAPPER', 'none'],
  ['ARENA_MALFORMED', '1'],
  ['ARENA_WORTHLESS', '-2'],
  ['KIND_STANDING', '1'],
])('%s=%s is refused by its name', (name, value) => {
  expect(() => readConfig({ LOCAL: '1', [name]: value })).toThrow(ConfigError);
  expect(() => readConfig({ LOCAL: '1', [name]: value })).toThrow(name);
});
