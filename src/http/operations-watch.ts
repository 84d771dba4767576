/** The operations by which a deployment is watched: routes/arena.ts and routes/operations.ts. */
import { METRICS_TYPE } from './metrics.ts';
import { JSON_TYPE, type Operation } from './operation.ts';

export const WATCH_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/arena',
    summary: 'The arena: how its frontier moves, who stands how in it, and by which rules',
    success: {
      status: 200,
      content: { [JSON_TYPE]: { schema: 'ArenaReport' }, 'text/html': { text: 'The same as a page' } },
    },
    failures: [],
  },
  {
    method: 'get',
    path: '/health',
    summary:
      'Whether the service can work. Outside relays out of reach degrade it; it fails without its own parts.',
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'Health' } } },
    failures: [{ status: 503, schema: 'Health' }],
  },
  {
    method: 'get',
    path: '/metrics',
    summary: 'Metrics in the Prometheus text format',
    success: { status: 200, content: { [METRICS_TYPE]: { text: 'Text exposition format 0.0.4' } } },
    failures: [],
  },
];
