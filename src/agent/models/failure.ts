/** What a failure of a model means for the next attempt. */
import { JobError } from '../../errors.ts';

export type ModelFailure =
  /** The same request may do a moment later, or at another model now. */
  | { readonly kind: 'passing'; readonly retryAfter_ms: number | null }
  /** This model will not serve us before somebody changes something (key, quota, name); another may. */
  | { readonly kind: 'refused' }
  /** The request is longer than this model reads; one that reads more may do. */
  | { readonly kind: 'context' }
  /** This model does not take the request as it is, which says nothing of the model; another may take it. */
  | { readonly kind: 'rejected' }
  /** No model would do: the request itself is wrong, or it is a bug. */
  | { readonly kind: 'final' };

/** `details.reason` of a MODEL_ERROR that waiting does not heal. Set where the provider's status is read. */
export const REFUSED = 'refused';

/** The same of a MODEL_ERROR that is the request's fault: strangers must not be able to cool a model down for others. */
export const REJECTED = 'rejected';

/** Classifies what a model client threw. */
export function classifyFailure(error: unknown): ModelFailure {
  if (!(error instanceof JobError)) return { kind: 'final' };
  switch (error.code) {
    case 'RATE_LIMIT_EXCEEDED': {
      const seconds = error.details?.retry_after_s;
      return { kind: 'passing', retryAfter_ms: typeof seconds === 'number' ? seconds * 1_000 : null };
    }
    case 'MODEL_ERROR':
      if (error.details?.reason === REFUSED) return { kind: 'refused' };
      if (error.details?.reason === REJECTED) return { kind: 'rejected' };
      return { kind: 'passing', retryAfter_ms: null };
    case 'SERVICE_UNAVAILABLE':
    case 'TIMEOUT':
      return { kind: 'passing', retryAfter_ms: null };
    case 'CONTENT_TOO_LARGE':
      return { kind: 'context' };
    default:
      return { kind: 'final' };
  }
}
