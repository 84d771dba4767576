/**
 * A provider's failure as our own error. Nothing of the provider's text goes into it: providers quote requests,
 * keys and internals in their errors, and the client is a stranger.
 */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { JobError } from '../../errors.ts';
import { statusFailure } from '../models/provider-status.ts';
import { brokenStream } from './failures.ts';

/** Maps what the provider's client library threw. @param now Unix ms */
export function providerFailure(error: unknown, now: () => number = Date.now): JobError {
  if (error instanceof JobError) return error;
  if (error instanceof APIConnectionTimeoutError)
    return failure('TIMEOUT', 'the model provider did not answer in time', error);
  if (error instanceof APIConnectionError)
    return failure('SERVICE_UNAVAILABLE', 'the model provider cannot be reached', error);
  if (!(error instanceof APIError)) return brokenStream(error);
  const { status, code, headers } = error;
  return statusFailure({ status, code, headers, cause: safeCause(error) }, now());
}

function failure(code: 'TIMEOUT' | 'SERVICE_UNAVAILABLE', message: string, error: Error): JobError {
  return new JobError(code, message, undefined, { cause: safeCause(error) });
}

/** For the log: which class of error it was and its status, without a word of the provider. */
function safeCause(error: Error): string {
  return error instanceof APIError ? `${error.constructor.name} ${error.status ?? ''}`.trim() : error.name;
}
