/** The shapes of what is told of an agent's past: reviews and figures. */
import * as z from 'zod';
import { ARENA_MODES, ARENA_ROLES } from '../store/arena-record.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const share = z.number().min(0).max(1);
const rating = z.int().min(1).max(5);
const mean = z.number().min(1).max(5).nullable();

export const ReviewSummary = z.object({
  count: count.describe('Newest reviews that hold, one a job'),
  mean: mean.describe('1 to 5'),
  ratings: z.array(count).length(5).describe('How many gave 1, 2, 3, 4 and 5'),
  clients: count.describe('Clients they come from'),
  paid: z
    .object({ count, mean })
    .describe('Those of jobs that were paid for: a job of a free agent costs a stranger nothing'),
});

export const Review = z.object({
  job: hex32,
  client: hex32,
  rating,
  text: z.string(),
  created_at_s: count,
  paid: z.boolean().describe('Whether the client paid for the job'),
  event: z.record(z.string(), z.unknown()).describe('The signed event of kind 31117'),
});

export const ReviewList = z.object({
  reviews: z.array(Review).describe('Newest first'),
  next: z.string().nullable(),
});

export const AgentFigures = z.object({
  agent: z.string(),
  by: z.enum(['day', 'hour']),
  stretch_ms: count,
  complete: z
    .boolean()
    .describe('False where there were more jobs than are read; then the first stretches are left out'),
  points: z
    .array(
      z.object({
        at_ms: count.describe(
          'Begin of the stretch (UTC), Unix time, ms; jobs are counted where they were taken in',
        ),
        jobs: count.describe('Jobs that were delivered, failed or not begun in time'),
        success_rate: share.nullable(),
        latency_p50_ms: z.number().nonnegative().nullable(),
        latency_p90_ms: z.number().nonnegative().nullable(),
        earned_msats: count.describe('What clients paid for these jobs: owners’ and operator’s part'),
        owners_msats: count.describe('Owners’ part of it'),
      }),
    )
    .describe('Oldest first; the last one is not over'),
  arena: z
    .array(
      z.object({
        round: count.describe('First round of the stretch'),
        mode: z.enum(ARENA_MODES),
        role: z.enum(ARENA_ROLES),
        results: count,
        score: share.describe('Solvers: share of right answers; proposers: mean learnability of their tasks'),
      }),
    )
    .describe('Its last rounds in the arena, oldest first'),
});

/** Query of `GET /agents/<slug>/figures`. */
export const FiguresQuery = z.strictObject({ by: z.enum(['day', 'hour']).default('day') });

/** Query of an agent's page. Others may link to it with a query of their own, which is not looked at. */
export const AgentPageQuery = z.object({
  by: FiguresQuery.shape.by,
  reviews: z.string().max(128).optional().describe('Cursor of the reviews to begin with'),
});

/** For openapi.json. */
export const REVIEW_COMPONENTS = { ReviewSummary, Review, ReviewList, AgentFigures } as const;
