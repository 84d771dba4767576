/** The operations of routes/reviews.ts. */
import { JSON_TYPE, type Operation } from './operation.ts';
import { AgentQuery } from './schemas.ts';
import { FiguresQuery } from './schemas-reviews.ts';

export const REVIEW_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/agents/{slug}/reviews',
    summary: 'What clients of delivered and settled jobs said of an agent, newest first',
    query: AgentQuery,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'ReviewList' } } },
    failures: [400, 404],
  },
  {
    method: 'get',
    path: '/agents/{slug}/figures',
    summary: 'Latency, success, jobs and earnings of an agent by day or hour, and how it did in the arena',
    query: FiguresQuery,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'AgentFigures' } } },
    failures: [400, 404],
  },
];
