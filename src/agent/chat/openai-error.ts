/**
 * A provider's failure as our own error. Nothing of the provider's text goes into it: providers quote requests,
 * keys and internals in their errors, and the client is a stranger.
 */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { JobError } from '../../errors.ts';
import { REFUSED } from '../models/failure.ts';
import { providerDelay } from '../models/provider-delay.ts';
import { brokenStream } from './failures.ts';

/** The delay where a provider names none that can be believed, s. */
const DEFAULT_RETRY_AFTER_S = 60;

/** Maps what the provider's client library threw. @param now Unix ms */
export function providerFailure(error: unknown, now: () => number = Date.now): JobError {
  if (error instanceof JobError) return error;
  if (error instanceof APIConnectionTimeoutError)
    return failure('TIMEOUT', 'the model provider did not answer in time', error);
  if (error instanceof APIConnectionError)
    return failure('SERVICE_UNAVAILABLE', 'the model provider cannot be reached', error);
  if (!(error instanceof APIError)) return brokenStream(error);
  if (error.status === 429 && error.code !== 'insufficient_quota')
    return tooMany(error.headers, error, now());
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
      return refused('the model provider refuses this marketplace', error);
    case 404:
      return refused('the model provider does not know the model', error);
    default:
      return failure('MODEL_ERROR', 'the model provider failed', error);
  }
}

function tooMany(headers: Headers | undefined, error: Error, now_ms: number): JobError {
  const delay_ms = headers === undefined ? null : providerDelay(headers, now_ms);
  return new JobError(
    'RATE_LIMIT_EXCEEDED',
    'the model provider takes no more requests at the moment',
    { retry_after_s: delay_ms === null ? DEFAULT_RETRY_AFTER_S : Math.ceil(delay_ms / 1_000) },
    { cause: safeCause(error) },
  );
}

/** What waiting does not heal (models/failure.ts). */
function refused(message: string, error: Error): JobError {
  return new JobError('MODEL_ERROR', message, { reason: REFUSED }, { cause: safeCause(error) });
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
