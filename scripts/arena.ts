/** `npm run arena`: a season of the arena that is nothing but its seed, with standings, frontier and exports for trainers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { exportable, type Rollout } from '../src/arena/export/rollout.ts';
import { rolloutLines } from '../src/arena/export/rollouts.ts';
import { dpoLines, grpoLines, ktoLines, sftLines } from '../src/arena/export/trl.ts';
import { verlLines } from '../src/arena/export/verl.ts';
import { frontierPoints, standingRows } from '../src/arena/report.ts';
import { MODES } from '../src/arena/settings.ts';
import { LANGUAGES } from '../src/sandbox/port.ts';
import { localExecutor } from './arena/engine.ts';
import { type PlayedSeason, playSeason } from './arena/season.ts';
import { fail, readOptions } from './local/options.ts';

const USAGE = `npm run arena -- [--rounds 200] [--seed 1] [--language python] [--export FOLDER] [--json]

  Plays rounds of the arena with the baseline agents, in the real sandbox, and prints what came of it. The same options
  give the same output and the same files. No model is asked, and no weights change.

  --language  python or javascript
  --export    writes JSON Lines: verl.jsonl, grpo.jsonl, sft.jsonl, kto.jsonl, dpo.jsonl, rollouts.jsonl
  --json      prints JSON instead of tables
`;

const MAX_ROUNDS = 1_000_000;
const MAX_SEED = 0xffff_ffff;

const wholeNumber = (name: string, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `--${name} must be a whole number`)
    .transform(Number)
    .refine((value) => value <= most, `--${name} must be at most ${most}`);
const shape = z.object({
  rounds: wholeNumber('rounds', MAX_ROUNDS),
  seed: wholeNumber('seed', MAX_SEED),
  language: z.enum(LANGUAGES, '--language must be python or javascript'),
  export: z.string().optional(),
  json: z.boolean(),
});

const options = readOptions(
  {
    options: {
      rounds: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      language: { type: 'string', default: 'python' },
      export: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  },
  USAGE,
);
if (options !== undefined) {
  const parsed = shape.safeParse(options.values);
  if (parsed.success) await main(parsed.data);
  else fail(parsed.error.issues[0]?.message ?? 'the options are wrong');
}

async function main(values: z.infer<typeof shape>): Promise<void> {
  const { rounds, seed, language } = values;
  const season = await playSeason({ rounds, seed, language, executor: await localExecutor(language) });
  if (values.export !== undefined) await exportTo(values.export, season, seed);
  const report = {
    rounds,
    seed,
    language,
    modes: modeRows(season),
    frontier: frontierPoints(season.frontier),
    standings: standingRows(season.ratings, []),
  };
  const text = values.json ? `${JSON.stringify(report, null, 2)}\n` : tables(report);
  // Pyodide leaves a message port open, by which the process would never end.
  process.stdout.write(text, () => process.exit());
}

async function exportTo(folder: string, season: PlayedSeason, seed: number): Promise<void> {
  // The baseline is nobody's, and consents.
  const rollouts: readonly Rollout[] = exportable(await season.rollouts(), {
    consents: () => true,
    salt: `season ${seed}`,
  });
  mkdirSync(folder, { recursive: true });
  const files = {
    verl: verlLines(rollouts, 'train'),
    grpo: grpoLines(rollouts),
    sft: sftLines(rollouts),
    kto: ktoLines(rollouts),
    dpo: dpoLines(rollouts),
    rollouts: rolloutLines(rollouts),
  };
  for (const [name, lines] of Object.entries(files)) writeFileSync(join(folder, `${name}.jsonl`), lines);
}

function modeRows({ records }: PlayedSeason) {
  return MODES.map((mode) => {
    const own = records.filter((record) => record.mode === mode);
    const tasks = own.flatMap(({ stored }) => stored ?? []);
    return {
      mode,
      rounds: own.length,
      tasks: tasks.length,
      refused: own.length - tasks.length,
      solved_by_all: tasks.filter(({ tally }) => tally.solved === tally.done).length,
      solved_by_some: tasks.filter(({ learnability }) => (learnability ?? 0) > 0).length,
      solved_by_none: tasks.filter(({ tally }) => tally.solved === 0).length,
    };
  });
}

function tables(report: {
  readonly rounds: number;
  readonly seed: number;
  readonly language: string;
  readonly modes: ReturnType<typeof modeRows>;
  readonly frontier: ReturnType<typeof frontierPoints>;
  readonly standings: ReturnType<typeof standingRows>;
}): string {
  const figure = (value: number | null) => (value === null ? '-' : String(value));
  return [
    `${report.rounds} rounds, seed ${report.seed}, ${report.language}\n`,
    table(
      'mode',
      ['rounds', 'tasks', 'refused', 'by all', 'by some', 'by none'],
      report.modes.map((one) => [
        one.mode,
        ...[
          one.rounds,
          one.tasks,
          one.refused,
          one.solved_by_all,
          one.solved_by_some,
          one.solved_by_none,
        ].map(String),
      ]),
    ),
    table(
      'frontier',
      ['stretch', 'tasks', 'solve rate', 'learnability', 'of the frontier', 'their characters'],
      report.frontier.map((one) => [
        one.mode,
        String(one.stretch),
        String(one.tasks),
        figure(one.solve_rate),
        figure(one.learnability),
        String(one.frontier_tasks),
        figure(one.frontier_chars),
      ]),
    ),
    table(
      'standings',
      ['mode', 'role', 'rating', '+/-', 'results', 'pass rate'],
      report.standings.map((one) => [
        one.agent,
        one.mode,
        one.role,
        one.rating.toFixed(3),
        (one.interval.upper - one.rating).toFixed(3),
        String(one.results),
        `${one.pass_rate.lower.toFixed(3)} to ${one.pass_rate.upper.toFixed(3)}`,
      ]),
    ),
  ].join('\n');
}

function table(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [[title, ...columns], ...rows];
  const widths = all[0]?.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0))) ?? [];
  return all
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
