/** `npm run arena` as a user calls it, with the engines of the sandbox. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { ROOT } from '../../scripts/local/state.ts';

const report = z.object({
  rounds: z.number(),
  modes: z.array(z.object({ mode: z.string(), tasks: z.number(), refused: z.number() })),
  frontier: z.array(z.object({ mode: z.string(), solve_rate: z.number().nullable() })),
  standings: z.array(z.object({ agent: z.string(), rating: z.number() })),
});

function arena(...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'errand-arena-'));
  const run = spawnSync(process.execPath, ['scripts/arena.ts', ...args, '--export', folder], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const files = readdirSync(folder)
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
  rmSync(folder, { recursive: true });
  return { ...run, files };
}

test.each(['python', 'javascript'])(
  'the season of a seed in %s is the same every time',
  (language) => {
    const args = ['--rounds', '15', '--seed', '5', '--language', language, '--json'];
    const [one, two] = [arena(...args), arena(...args)];
    expect(one.stderr).toBe('');
    expect(one.status).toBe(0);
    expect(two.stdout).toBe(one.stdout);
    expect(two.files).toEqual(one.files);
    expect(one.files.map(([name]) => name)).toEqual([
      ...['dpo.jsonl', 'grpo.jsonl', 'kto.jsonl', 'rollouts.jsonl', 'sft.jsonl', 'verl.jsonl'],
    ]);
    for (const [name, text] of one.files) expect(text.length, name).toBeGreaterThan(0);
    const { rounds, modes, standings } = report.parse(JSON.parse(one.stdout));
    expect(rounds).toBe(15);
    // The engines take the programs: a proposal of the baseline is refused only for being known.
    for (const { mode, tasks } of modes) expect(tasks, mode).toBeGreaterThanOrEqual(3);
    expect(standings.length).toBeGreaterThan(0);
  },
  120_000,
);

test('a wrong option is told with its name', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/arena.ts', '--seed', 'x'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([1, '--seed must be a whole number\n']);
});
