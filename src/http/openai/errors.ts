/** Failures in OpenAI's shape, `{error: {message, type, param, code}}`, with the statuses its clients act on. */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { JobErrorCode, JobFailure, Json } from '../../errors.ts';
import type { AppEnv } from '../problem.ts';

/** What is under here speaks OpenAI's language. */
export const OPENAI_PREFIX = '/v1/';

interface Told {
  readonly status: ContentfulStatusCode;
  readonly type: string;
  readonly code: string;
}

/**
 * The official client tries 408, 409, 429 and 5xx again by itself, so what would only fail again has another status.
 */
const TOLD: { readonly [Code in JobErrorCode]: Told } = {
  BAD_REQUEST: { status: 400, type: 'invalid_request_error', code: 'invalid_request' },
  INVALID_PARAMETER: { status: 400, type: 'invalid_request_error', code: 'invalid_value' },
  UNAUTHORIZED: { status: 401, type: 'authentication_error', code: 'invalid_api_key' },
  PAYMENT_REQUIRED: { status: 402, type: 'payment_required', code: 'payment_required' },
  INSUFFICIENT_FUNDS: { status: 402, type: 'insufficient_quota', code: 'insufficient_quota' },
  FORBIDDEN: { status: 403, type: 'permission_error', code: 'forbidden' },
  NOT_FOUND: { status: 404, type: 'invalid_request_error', code: 'not_found' },
  CONTENT_TOO_LARGE: { status: 413, type: 'invalid_request_error', code: 'request_too_large' },
  RATE_LIMIT_EXCEEDED: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  VERIFICATION_FAILED: { status: 422, type: 'invalid_request_error', code: 'verification_failed' },
  AGENT_ERROR: { status: 500, type: 'server_error', code: 'server_error' },
  MODEL_ERROR: { status: 502, type: 'server_error', code: 'model_error' },
  SERVICE_UNAVAILABLE: { status: 503, type: 'server_error', code: 'service_unavailable' },
  TIMEOUT: { status: 504, type: 'server_error', code: 'timeout' },
};

/** The body of a failure. What its details name besides is told, too: an invoice, a job, a limit. */
export function openAiError({ code, message, details = {} }: JobFailure): {
  readonly error: { readonly [name: string]: Json };
} {
  const { path, reason, ...more } = details;
  const told = TOLD[code];
  return {
    error: {
      message,
      type: told.type,
      param: typeof path === 'string' ? path.replace(/^\$\./, '') : null,
      code: typeof reason === 'string' ? reason : told.code,
      ...more,
    },
  };
}

/** The status of a failure. A key that was used for something else is no conflict that passes, which 409 would say. */
export function openAiStatus({ code, details }: JobFailure): ContentfulStatusCode {
  return details?.reason === 'idempotency_key_reused' ? 422 : TOLD[code].status;
}

/** A failure as a response. */
export function openAiProblem(
  c: Context<AppEnv>,
  failure: JobFailure,
  status: ContentfulStatusCode = openAiStatus(failure),
  headers: Readonly<Record<string, string>> = {},
): Response {
  const wait_s = failure.details?.retry_after_s;
  return c.body(JSON.stringify(openAiError(failure)), status, {
    ...(failure.code === 'UNAUTHORIZED' ? { 'www-authenticate': 'Bearer' } : {}),
    ...(typeof wait_s === 'number' ? { 'retry-after': String(Math.ceil(wait_s)) } : {}),
    ...headers,
    'content-type': 'application/json',
    'cache-control': 'no-store',
  });
}
