/**
 * A provider's failure as our own error. Nothing of the provider's text goes into it: providers quote requests,
 * keys and internals in their errors, and the client is a stranger.
 */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { JobError } from '../../errors.ts';
import { brokenStream } from './failures.ts';

/** Whether a delay named by a provider is believable, s. */
const MAX_RETRY_AFTER_S = 86_400;

/** Maps what the provider's client library threw. */
export function providerFailure(error: unknown): JobError {
  if (error instanceof JobError) return error;
  if (error instanceof APIConnectionTimeoutError)
    return failure('TIMEOUT', 'the model provider did not answer in time', error);
  if (error instanceof APIConnectionError)
    return failure('SERVICE_UNAVAILABLE', 'the model provider cannot be reached', error);
  if (!(error instanceof APIError)) return brokenStream(error);
  if (error.status === 429 && error.code !== 'insufficient_quota') return tooMany(error.headers, error);
  if (error.code === 'context_length_exceeded' || error.status === 413) {
    return failure('CONTENT_TOO_LARGE', 'the request is longer than the model can read', error);
  }
  return byStatus(error.status, error);
}

function byStatus(status: number | undefined, error: Error): JobError {
  switch (status) {
    case 408:
    case 504:
      return failure('TIMEOUT', 'the model provider did not answer in time', error);
    case 502:
    case 503:
    case 529:
      return failure('SERVICE_UNAVAILABLE', 'the model provider is overloaded', error);
    case 401:
    case 402:
    case 403:
    case 429:
      return failure('MODEL_ERROR', 'the model provider refuses this marketplace', error);
    case 404:
      return failure('MODEL_ERROR', 'the model provider does not know the model', error);
    default:
      return failure('MODEL_ERROR', 'the model provider failed', error);
  }
}

function tooMany(headers: Headers | undefined, error: Error): JobError {
  const seconds = Number(headers?.get('retry-after') ?? Number.NaN);
  const known = Number.isFinite(seconds) && seconds >= 0 && seconds <= MAX_RETRY_AFTER_S;
  return new JobError(
    'RATE_LIMIT_EXCEEDED',
    'the model provider takes no more requests at the moment',
    { retry_after_s: known ? Math.ceil(seconds) : 60 },
    { cause: safeCause(error) },
  );
}

function failure(
  code: 'TIMEOUT' | 'SERVICE_UNAVAILABLE' | 'MODEL_ERROR' | 'CONTENT_TOO_LARGE',
  message: string,
  error: Error,
): JobError {
  return new JobError(code, message, undefined, { cause: safeCause(error) });
}

/** For the log: which class of error it was and its status, without a word of the provider. */
function safeCause(error: Error): string {
  return error instanceof APIError ? `${error.constructor.name} ${error.status ?? ''}`.trim() : error.name;
}
