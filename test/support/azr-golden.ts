/** What Absolute Zero Reasoner's own code did (test/vectors/README.md). */
import { readFileSync } from 'node:fs';
import * as z from 'zod';

const number = z.number();
const text = z.string();

const schema = z.object({
  constants: z.object({
    n_samples: number,
    io_n_references: number,
    num_inputs_induction: number,
    banned_words: z.array(text),
  }),
  learnability_table_n8: z.array(
    z.object({
      solved: number,
      solve_rate: number,
      learnability: number,
      final_reward_in_code: number,
      final_reward_by_the_papers_equations: number,
    }),
  ),
  proposer_reward: z.array(
    z.object({
      mode: z.enum(['deduction', 'abduction', 'induction']),
      solved: number,
      n: number,
      learnability: number,
      format_score: number,
      final_reward: number,
    }),
  ),
  proposer_edge_cases: z.array(
    z.object({
      case: text,
      response: text,
      final_reward: number,
      format_score: number,
      added_to_buffer: z.boolean(),
      ours: text.optional(),
    }),
  ),
  solver_reward: z.array(
    z.object({
      case: text,
      mode: z.enum(['deduction', 'abduction', 'induction', 'error']),
      split: text,
      program: text,
      input: text.nullable(),
      output: text.nullable(),
      hidden: z.array(z.array(text)).nullable(),
      answer: text,
      accuracy: number,
      format_score: number,
      final_reward: number,
      ours: text.optional(),
    }),
  ),
  parsing: z.array(
    z.object({
      fn: text,
      case: text,
      text,
      n: number.optional(),
      ok: z.boolean().optional(),
      options: z.record(text, z.unknown()).optional(),
      result: z.unknown(),
      extracted_answer: text.optional(),
    }),
  ),
  trr_pp: z.object({
    groups: z.array(
      z.object({
        group: text,
        rewards: z.array(number),
        response_lengths: z.array(number),
        advantage_per_response: z.array(number).optional(),
        error: text.optional(),
      }),
    ),
    one_global_baseline_for_contrast: z.object({
      rewards: z.array(number),
      response_lengths: z.array(number),
      advantage_per_response: z.array(number),
    }),
  }),
  diversity: z.object({
    type_counts: z.array(
      z.object({
        answer: text,
        hierarchical: z.boolean(),
        counters: z.record(text, z.record(text, number)),
        reward: number,
      }),
    ),
  }),
  intrinsic_combination: z.array(
    z.object({
      method: z.enum(['sum', 'multiply', 'sum_multiply', 'multiply_sum']),
      learnability: number,
      answer_diversity: number,
      coef: number,
      max: number,
      final_reward: number,
    }),
  ),
});

export const azrGolden = schema.parse(
  JSON.parse(readFileSync(new URL('../vectors/azr_golden.json', import.meta.url), 'utf8')),
);
