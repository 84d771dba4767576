/** Randomness, stopping, trying out, and the ids of tasks: the parts a round is made of. */
import { describe, expect, test } from 'vitest';
import { normalizedProgram } from '../../src/arena/normalize.ts';
import { pickWeighted, sample, seededRandom } from '../../src/arena/random.ts';
import { learnability } from '../../src/arena/rewards.ts';
import { DEFAULT_SETTINGS } from '../../src/arena/settings.ts';
import { measured, nextStep } from '../../src/arena/stopping.ts';
import { questionOf, type Task, taskId } from '../../src/arena/task.ts';
import { tryOut } from '../../src/arena/try-out.ts';
import { failing, scriptedExecutor } from '../support/scripted-executor.ts';

const never = new AbortController().signal;

test('pickWeighted() draws by weight, and nothing that has none', () => {
  const random = seededRandom(3);
  const drawn = Array.from({ length: 1_000 }, () =>
    pickWeighted(['a', 'b', 'c'], (one) => (one === 'b' ? 0 : one === 'a' ? 3 : 1), random),
  );
  expect(drawn).not.toContain('b');
  expect(Math.abs(drawn.filter((one) => one === 'a').length - 750)).toBeLessThan(70);
  expect(pickWeighted(['a'], () => 0, random)).toBeUndefined();
  expect(sample([], 3, random)).toEqual([]);
});

describe('early stopping', () => {
  /** Makes attempts of a task that each succeeds with chance `p`, as far as the rule lets it. */
  function play(p: number, probe: number | null, random: () => number) {
    let tally = { solved: 0, done: 0 };
    while (nextStep(tally, 8, probe) === 'attempt') {
      tally = { solved: tally.solved + (random() < p ? 1 : 0), done: tally.done + 1 };
    }
    return tally;
  }

  test('never gives a reward by an incomplete count', () => {
    for (let done = 0; done < 8; done += 1) {
      for (let solved = 0; solved <= done; solved += 1) expect(measured({ solved, done }, 8)).toBeNull();
    }
    for (let solved = 0; solved <= 8; solved += 1)
      expect(measured({ solved, done: 8 }, 8)).toBe(learnability(solved, 8));
  });

  test('stops after the probe alone, and only when it was one-sided', () => {
    const all = (solved: number, done: number) => nextStep({ solved, done }, 8, 4);
    expect([all(0, 3), all(0, 4), all(4, 4), all(1, 4), all(3, 4), all(1, 7), all(1, 8)]).toEqual([
      'attempt',
      'stop',
      'stop',
      'attempt',
      'attempt',
      'attempt',
      'complete',
    ]);
    expect(nextStep({ solved: 0, done: 4 }, 8, null)).toBe('attempt');
  });

  test('costs what is said of it: a task of rate 1/8 is given up in 59 % of cases', () => {
    const random = seededRandom(11);
    const tallies = Array.from({ length: 4_000 }, () => play(1 / 8, 4, random));
    const given = tallies.filter(({ done }) => done < 8).length / tallies.length;
    expect(Math.abs(given - ((7 / 8) ** 4 + (1 / 8) ** 4))).toBeLessThan(0.03);
  });

  test('what is measured is what the same attempts would have measured without it', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const stopped = measured(play(0.4, 4, seededRandom(seed)), 8);
      const whole = measured(play(0.4, null, seededRandom(seed)), 8);
      if (stopped !== null) expect(stopped).toBe(whole);
    }
  });
});

describe('tryOut()', () => {
  const proposal = (program: string, input: string) =>
    `\`\`\`python\n${program}\n\`\`\`\n\`\`\`input\n${input}\n\`\`\``;
  const tried = (output: string | ReturnType<typeof failing>, input = '1') =>
    tryOut(
      proposal('def f(a):\n    return a', input),
      { mode: 'deduction', language: 'python' },
      scriptedExecutor({ 'def f(a):\n    return a': () => output }),
      DEFAULT_SETTINGS,
      never,
    );

  test('stores the canonical input and the output that was seen', async () => {
    expect(await tried('(1, 2)', " {2,1},'a' ")).toMatchObject({
      ok: true,
      task: { input: "{1, 2}, 'a'", output: '(1, 2)' },
    });
  });

  test.each([['nan'], ['[nan]'], ['inf'], ['<object object at 0x7f>'], [''], [`'${'x'.repeat(2_000)}'`]])(
    'refuses the output %.30s, which the original would store',
    async (output) => {
      expect((await tried(output)).ok).toBe(false);
    },
  );

  test('refuses every failure, whatever it is called', async () => {
    expect(await tried(failing('exception', 'StopIteration'))).toEqual({
      ok: false,
      problem: 'the program ends with exception: StopIteration',
    });
    expect((await tried('1', '1) or (2')).ok).toBe(false);
  });

  const induction = (inputs: readonly string[]) =>
    tryOut(
      `${inputs.map((input) => `\`\`\`input\n${input}\n\`\`\`\n`).join('')}\`\`\`message\nhint\n\`\`\``,
      { mode: 'induction', subject: { language: 'python', program: 'p' } },
      scriptedExecutor({ p: (input) => `[${input}]` }),
      DEFAULT_SETTINGS,
      never,
    );
  const ten = Array.from({ length: 10 }, (_, i) => String(i));

  test('shows the first half of an induction and hides the second', async () => {
    const result = await induction(ten);
    if (!result.ok) throw new Error(result.problem);
    const question = JSON.stringify(questionOf(result.task));
    expect(question).toContain('"output":"[4]"');
    expect(question).not.toMatch(/"output":"\[[5-9]\]"|"program"/);
    expect(result.task).toMatchObject({
      hidden: ten.slice(5).map((input) => ({ input, output: `[${input}]` })),
    });
  });

  test('refuses inputs that are the same value: a hidden one would be shown', async () => {
    expect((await induction([...ten.slice(0, 9), ' 0x0'])).ok).toBe(false);
  });
});

describe('taskId()', () => {
  const task = (program: string, input = '1', output = '2'): Task => ({
    mode: 'deduction',
    language: 'python',
    program,
    input,
    output,
  });

  test('is the same for twins by name, comment and white space', () => {
    const twin = taskId(task('def f(a, b):\n    return a + b'));
    expect(taskId(task('def f(x,y):  # sum\n\n    return x  +  y'))).not.toBe(
      taskId(task('def f(x, y):\n    return y + x')),
    );
    expect(taskId(task('def f(x, y):  # sum\n\n    return x  +  y'))).toBe(twin);
    expect(taskId(task('def f(a, b):\n    return a + b', '2'))).not.toBe(twin);
  });

  test.each([
    ['order of parameters', 'def f(a, b):\n    return a - b', 'def f(a, b):\n    return b - a'],
    ['a string', "def f(a):\n    return 'a  b'", "def f(a):\n    return 'a b'"],
    ['a hash in a string', "def f(a):\n    return '#1'", "def f(a):\n    return '#2'"],
    ['a name inside an f-string', "def f(a, b):\n    return f'{a}'", "def f(b, a):\n    return f'{a}'"],
    [
      'a keyword argument',
      'def f(x, key):\n    return g(x,\n  key=1)',
      'def f(x, default):\n    return g(x,\n  default=1)',
    ],
    [
      'indentation',
      'def f(a):\n    if a:\n        a += 1\n        a += 2',
      'def f(a):\n    if a:\n        a += 1\n    a += 2',
    ],
    ['an attribute', 'def f(count):\n    return [].count(1)', 'def f(index):\n    return [].index(1)'],
  ])('tells programs apart that differ in %s', (_, a, b) => {
    expect(normalizedProgram(a, 'python')).not.toBe(normalizedProgram(b, 'python'));
  });
});
