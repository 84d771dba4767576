/** Errors as RFC 9457 problem documents, with the codes of PROTOCOL §2. */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { JobErrorCode, JobFailure } from '../errors.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** The HTTP status of each code where no more precise one is given. */
export const STATUS_OF: { readonly [Code in JobErrorCode]: ContentfulStatusCode } = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  PAYMENT_REQUIRED: 402,
  INSUFFICIENT_FUNDS: 402,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONTENT_TOO_LARGE: 413,
  INVALID_PARAMETER: 422,
  VERIFICATION_FAILED: 422,
  RATE_LIMIT_EXCEEDED: 429,
  AGENT_ERROR: 500,
  MODEL_ERROR: 502,
  SERVICE_UNAVAILABLE: 503,
  TIMEOUT: 504,
};

/** What every request carries through the routes. */
export interface AppEnv {
  Variables: {
    requestId: string;
    /** The Content-Security-Policy of a page; API answers have the strictest there is. */
    policy?: string;
  };
}

/**
 * A failure as a response. `type` stays `about:blank`: the code tells clients apart what they may tell apart, and
 * RFC 9457 §4.2.1 then wants the status's own phrase as the title.
 */
export function problem(
  c: Context<AppEnv>,
  failure: JobFailure,
  status: ContentfulStatusCode = STATUS_OF[failure.code],
  headers: Readonly<Record<string, string>> = {},
): Response {
  const document = {
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    detail: failure.message,
    code: failure.code,
    ...(failure.details === undefined ? {} : { details: failure.details }),
    request_id: c.get('requestId'),
  };
  return c.body(JSON.stringify(document), status, {
    ...adviceOn(failure),
    ...headers,
    'content-type': PROBLEM_TYPE,
    'cache-control': 'no-store',
  });
}

/** What HTTP wants said in headers too: how to authenticate (RFC 9110 §11.6.1), when to come again (§10.2.3). */
function adviceOn({ code, details }: JobFailure): Record<string, string> {
  if (code === 'UNAUTHORIZED') return { 'www-authenticate': 'Nostr' };
  const wait_s = details?.retry_after_s;
  return typeof wait_s === 'number' ? { 'retry-after': String(Math.ceil(wait_s)) } : {};
}

/** Reason phrases of RFC 9110 §15 for the statuses used here. */
const TITLES: { readonly [status: number]: string } = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
