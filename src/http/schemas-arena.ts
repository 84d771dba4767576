/** The shape of `GET /arena`. */
import * as z from 'zod';
import { ARENA_MODES, ARENA_ROLES } from '../store/arena-record.ts';

const count = z.int().nonnegative();
const share = z.number().min(0).max(1);
const mode = z.enum(ARENA_MODES);
const interval = z.object({ lower: z.number(), upper: z.number() }).describe('Two bounds, 95 % sure');

export const ArenaStanding = z.object({
  agent: z.string().describe('Slug; a name with a colon is a baseline without a model'),
  mode,
  role: z.enum(ARENA_ROLES),
  rating: z
    .number()
    .describe('Mean advantage over those it was compared with, drawn to 0 while little is known'),
  deviation: z.number(),
  interval,
  results: count,
  passed: count.describe('Solvers: right answers. Proposers: tasks that some solved and some did not'),
  pass_rate: interval.describe('Of `passed` among `results` (Wilson)'),
  recent: z.number().describe('Moving mean of its last advantages'),
  qualified: z.object({ passed: z.boolean(), at_ms: count }).nullable().describe('Its last examination'),
});

export const ArenaPoint = z.object({
  mode,
  stretch: count.describe('Number of the stretch of rounds of this mode, from 0'),
  rounds: count,
  tasks: count.describe('Tasks whose attempts were all made'),
  solve_rate: share.nullable(),
  learnability: share.nullable().describe('Mean of 1 minus the solve rate, 0 for what nobody solved'),
  frontier_tasks: count.describe('Tasks that some solved and some did not'),
  frontier_chars: z.number().nullable().describe('Mean length of their programs'),
});

const example = z.object({ input: z.string(), output: z.string() });

export const ArenaTask = z.object({
  round: count,
  mode,
  language: z.string(),
  proposer: z.string(),
  attempts: count,
  solved: count,
  learnability: share.nullable(),
  program: z.string().nullable().describe('Null while inductions may ask about it'),
  input: z.string().nullable(),
  output: z.string().nullable().describe('Null while it may be asked for'),
  examples: z.array(example).describe('Induction: the shown half of the calls'),
  message: z.string().nullable(),
});

export const ArenaReport = z.object({
  rounds: count.describe('Rounds played'),
  frontier: z.array(ArenaPoint).describe('The last stretches, the oldest first'),
  standings: z.array(ArenaStanding).describe('By mode and role, best first'),
  task: ArenaTask.nullable().describe('The newest task: what may be seen of it'),
  published: ArenaTask.nullable().describe('The newest task that may be seen whole'),
  settings: z.object({
    rounds_per_day: count,
    tokens_per_day: count,
    language: z.string(),
    attempts: count,
    probe: count.nullable().describe('Attempts after which a task may be given up'),
    references: count,
    induction_inputs: count,
    buffer_tasks: count,
    embargo_rounds: count,
    wrapper: z.string(),
    malformed: z.number(),
    worthless: z.number(),
  }),
});
