/** The operations of routes/keys.ts and routes/openai.ts. */
import { JSON_TYPE, type Operation } from './operation.ts';

const IDEMPOTENCY = {
  'Idempotency-Key': 'The same key and the same body are the same request, for 24 hours',
};
const OPENAI = { errors: 'OpenAiError' } as const;

export const DOOR_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/account/keys',
    summary: 'Makes an API key with a budget out of the credit of whoever signs',
    body: 'KeyRequest',
    authenticated: true,
    success: { status: 201, content: { [JSON_TYPE]: { schema: 'NewApiKey' } } },
    failures: [400, 401, 402, 413],
  },
  {
    method: 'get',
    path: '/account/keys',
    summary: 'The API keys of whoever signs, and what is in them',
    authenticated: true,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'ApiKeyList' } } },
    failures: [401],
  },
  {
    method: 'get',
    path: '/account/keys/{id}',
    summary: 'One API key',
    authenticated: true,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'ApiKey' } } },
    failures: [401, 404],
  },
  {
    method: 'post',
    path: '/account/keys/{id}/budget',
    summary: 'Moves credit into an API key, or back. The same Idempotency-Key moves once.',
    headers: { 'Idempotency-Key': 'Names the move, so that asking again moves nothing more' },
    body: 'BudgetRequest',
    authenticated: true,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'ApiKey' } } },
    failures: [400, 401, 402, 404, 413],
  },
  {
    method: 'delete',
    path: '/account/keys/{id}',
    summary: 'Revokes an API key; what is in it goes back to its owner, now and when its jobs under way end',
    authenticated: true,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'ApiKey' } } },
    failures: [401, 404, 413],
  },
  {
    method: 'get',
    path: '/l402',
    summary: 'What is left in the L402 token that is shown, expired or not',
    opens: 'l402',
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'TokenAccount' } } },
    failures: [401],
  },
  {
    method: 'post',
    path: '/l402/refunds',
    summary: 'Pays what is left in the L402 token that is shown to an invoice',
    body: 'TokenRefundRequest',
    opens: 'l402',
    success: { status: 202, content: { [JSON_TYPE]: { schema: 'Refund' } } },
    failures: [400, 401, 402, 413, 429, 503],
  },
  {
    method: 'get',
    path: '/v1/models',
    summary: 'The agents, as OpenAI lists models',
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'OpenAiModelList' } } },
    failures: [],
    ...OPENAI,
  },
  {
    method: 'get',
    path: '/v1/models/{slug}',
    summary: 'One agent, as OpenAI describes a model',
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'OpenAiModel' } } },
    failures: [404],
    ...OPENAI,
  },
  {
    method: 'post',
    path: '/v1/chat/completions',
    summary: 'An answer by an agent (`model` is its slug), as by OpenAI chat completions; `stream` works',
    headers: IDEMPOTENCY,
    takes: 'The body of OpenAI chat completions, see docs/doors.md',
    opens: 'bearer',
    success: {
      status: 200,
      content: {
        [JSON_TYPE]: { defined: 'OpenAI chat.completion' },
        'text/event-stream': { text: 'OpenAI chat.completion.chunk, one an event' },
      },
    },
    failures: [400, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 504],
    ...OPENAI,
  },
  {
    method: 'post',
    path: '/v1/responses',
    summary: 'The same as by OpenAI responses; nothing is kept, so that `previous_response_id` is refused',
    headers: IDEMPOTENCY,
    takes: 'The body of OpenAI responses, see docs/doors.md',
    opens: 'bearer',
    success: {
      status: 200,
      content: {
        [JSON_TYPE]: { defined: 'OpenAI response' },
        'text/event-stream': { text: 'The events of an OpenAI response' },
      },
    },
    failures: [400, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 504],
    ...OPENAI,
  },
];
