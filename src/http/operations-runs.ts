/** The operations of routes/runs.ts. */
import type { Operation } from './operation.ts';
import { TraceQuery } from './schemas.ts';

export const RUN_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/jobs/{id}/run',
    summary: 'The page of a team’s run, the same for everybody: what it shows is asked for with a signature',
    success: { status: 200, content: { 'text/html': { text: 'The page' } } },
    failures: [404],
  },
  {
    method: 'get',
    path: '/jobs/{id}/trace',
    summary:
      'The record of a team run, entry by entry, behind `after`. Only for its client and the operator.',
    query: TraceQuery,
    authenticated: true,
    success: {
      status: 200,
      content: {
        'application/jsonl': {
          text: 'An entry a line; a whole record ends with what it cost by role. To go on, ask `after` the last `seq`',
        },
      },
    },
    failures: [400, 401, 404],
  },
  {
    method: 'get',
    path: '/jobs/{id}/report.md',
    summary: 'A team run as a document for people. Only for its client and the operator.',
    authenticated: true,
    success: { status: 200, content: { 'text/markdown': { text: 'Markdown' } } },
    failures: [401, 404],
  },
  {
    method: 'get',
    path: '/jobs/{id}/artifact/{sha256}',
    summary: 'A text of a team run, for whoever knows its SHA-256; the `artifact` tag of a result names it',
    headers: { 'If-None-Match': 'ETag of a copy the reader has' },
    success: {
      status: 200,
      content: { 'text/markdown': { text: 'The text, byte for byte as it was hashed' } },
    },
    failures: [404],
    notModified: true,
  },
];
