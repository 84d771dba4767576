/** Operations that the pages brought: what they load, the form, and the price before the click. */
import { JSON_TYPE, type Operation } from './operation.ts';

export const PAGE_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/agents/{slug}/quote',
    summary: 'What a job would cost at the most, or why it would be refused. Nothing is posted.',
    body: 'QuoteRequest',
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'Quote' } } },
    failures: [400, 402, 404, 413, 422],
  },
  {
    method: 'get',
    path: '/post',
    summary: 'The form by which people post a job; `agent` names the agent',
    success: { status: 200, content: { 'text/html': { text: 'A page' } } },
    failures: [],
  },
  {
    method: 'get',
    path: '/assets/{file}',
    summary: 'What pages load. A name holds a hash of its content, so that it may be kept for ever',
    success: {
      status: 200,
      content: { 'text/javascript': { text: 'A script' }, 'text/css': { text: 'The stylesheet' } },
    },
    failures: [404],
  },
];
