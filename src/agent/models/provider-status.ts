/** A provider's HTTP status as our own error, whatever library asked. Nothing of the provider's text goes into it. */
import { JobError } from '../../errors.ts';
import { REFUSED, REJECTED } from './failure.ts';
import { providerDelay } from './provider-delay.ts';

/** The delay where a provider names none that can be believed, s. */
const DEFAULT_RETRY_AFTER_S = 60;

export interface ProviderAnswer {
  readonly status: number | undefined;
  /** The error's code in the body, as OpenAI names it. */
  readonly code?: string | null | undefined;
  readonly headers?: Headers | undefined;
  /** For the log: which class of error it was, without a word of the provider. */
  readonly cause: string;
}

/** @param now_ms Unix ms, for delays that are named as a time */
export function statusFailure(answer: ProviderAnswer, now_ms: number): JobError {
  const { status, code, cause } = answer;
  const failure = (
    kind: 'TIMEOUT' | 'SERVICE_UNAVAILABLE' | 'MODEL_ERROR' | 'CONTENT_TOO_LARGE',
    message: string,
  ) => new JobError(kind, message, undefined, { cause });
  // What waiting does not heal (failure.ts).
  const refused = (message: string) => new JobError('MODEL_ERROR', message, { reason: REFUSED }, { cause });
  if (code === 'context_length_exceeded') return failure('CONTENT_TOO_LARGE', TOO_LONG);
  switch (status) {
    case 408:
    case 504:
      return failure('TIMEOUT', 'the model provider did not answer in time');
    case 413:
      return failure('CONTENT_TOO_LARGE', TOO_LONG);
    case 502:
    case 503:
    case 529:
      return failure('SERVICE_UNAVAILABLE', 'the model provider is overloaded');
    case 429:
      return code === 'insufficient_quota' ? refused(REFUSAL) : tooMany(answer, now_ms);
    case 401:
    case 402:
    case 403:
      return refused(REFUSAL);
    case 400:
    case 422: {
      const details = { reason: REJECTED };
      return new JobError('MODEL_ERROR', 'the model provider does not take the request', details, { cause });
    }
    case 404:
      return refused('the model provider does not know the model');
    default:
      return failure('MODEL_ERROR', 'the model provider failed');
  }
}

const TOO_LONG = 'the request is longer than the model can read';
const REFUSAL = 'the model provider refuses this marketplace';

function tooMany({ headers, cause }: ProviderAnswer, now_ms: number): JobError {
  const delay_ms = headers === undefined ? null : providerDelay(headers, now_ms);
  return new JobError(
    'RATE_LIMIT_EXCEEDED',
    'the model provider takes no more requests at the moment',
    { retry_after_s: delay_ms === null ? DEFAULT_RETRY_AFTER_S : Math.ceil(delay_ms / 1_000) },
    { cause },
  );
}
