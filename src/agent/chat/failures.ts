/** Failures every model client knows. Nothing of a provider's text goes into them. */
import { JobError } from '../../errors.ts';

/** What the client is told when the marketplace or the client stopped the model. */
export function stopped(signal: AbortSignal): JobError {
  if (signal.reason instanceof JobError) return signal.reason;
  return new JobError('TIMEOUT', 'the job was stopped before the model had finished', undefined, {
    cause: signal.reason,
  });
}

/** A stream that broke off or could not be read. */
export function brokenStream(cause?: unknown): JobError {
  return new JobError('MODEL_ERROR', 'the answer of the model broke off', undefined, {
    // The class of the error only: its text may quote the provider.
    cause: cause instanceof Error ? cause.name : typeof cause,
  });
}
