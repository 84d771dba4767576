/**
 * Rows in the columns that Absolute Zero Reasoner builds for veRL. Its loader reads parquet: one line of pandas makes it
 * of these (docs/arena.md).
 */
import type { Json } from '../../errors.ts';
import { importsOf } from '../proposal.ts';
import type { Mode, Role } from '../settings.ts';
import type { Task } from '../task.ts';
import { jsonLines } from './lines.ts';
import type { Rollout } from './rollout.ts';
import { turnsJson } from './turns.ts';

/** The modes by the part of the triplet that is asked for, which is how the original calls them. */
const NAMES: Readonly<Record<Mode, string>> = {
  deduction: 'code_o',
  abduction: 'code_i',
  induction: 'code_f',
};
const PREFIXES: Readonly<Record<Role, string>> = { propose: 'gen', solve: 'pred' };

/** One row per prompt, as a trainer samples its own responses: of several rollouts of one prompt the first. */
export function verlLines(rollouts: readonly Rollout[], split: 'train' | 'test'): string {
  const seen = new Set<string>();
  const rows: Json[] = [];
  for (const rollout of rollouts) {
    const key = JSON.stringify([rollout.role, rollout.mode, rollout.prompt]);
    // Without a task there is nothing a solver could be judged by.
    if (seen.has(key) || (rollout.role === 'solve' && rollout.task === null)) continue;
    seen.add(key);
    rows.push(rowOf(rollout, split, rows.length));
  }
  return jsonLines(rows);
}

function rowOf({ role, mode, prompt, task, references }: Rollout, split: string, index: number): Json {
  const metric = `${PREFIXES[role]}_${NAMES[mode]}`;
  const content = role === 'solve' ? (task?.content ?? null) : null;
  return {
    data_source: metric,
    prompt: turnsJson(prompt),
    problem: content?.program ?? '',
    ability: 'code',
    reward_model: { style: 'rule', ground_truth: groundTruth(content) },
    extra_info: {
      split,
      index,
      metric,
      imports: content === null ? [] : importsOf(content.program),
      ...(role === 'propose' ? { chosen_references: references } : detailsOf(content)),
    },
  };
}

/** What an answer is held against: the output, also for abduction, where any input that gives it is right. */
function groundTruth(task: Task | null): string {
  if (task === null) return '';
  return task.mode === 'induction' ? task.program : task.output;
}

function detailsOf(task: Task | null): { readonly [name: string]: Json } {
  if (task === null) return {};
  if (task.mode !== 'induction') return { input: task.input, output: task.output };
  return {
    given_inputs: task.given.map(({ input }) => input),
    given_outputs: task.given.map(({ output }) => output),
    hidden_inputs: task.hidden.map(({ input }) => input),
    hidden_outputs: task.hidden.map(({ output }) => output),
    message: task.message,
  };
}
