/** The one retry policy of the program: exponential backoff with full jitter. Waiting is the caller's (an alarm, a queue delay). */

export interface RetryPolicy {
  /** Delay ceiling of the first retry, ms. */
  readonly baseMs: number;
  /** No delay is ever longer, ms. */
  readonly maxMs: number;
  /** Tries in all, the first included. */
  readonly attempts: number;
}

/**
 * The delay before try `attempt + 1`, in ms, or `undefined` when the policy gives up.
 *
 * @param attempt tries made so far, from 1
 * @param random uniform in [0, 1)
 */
export function retryDelay(policy: RetryPolicy, attempt: number, random: number): number | undefined {
  if (attempt >= policy.attempts) return undefined;
  return Math.floor(random * Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1)));
}

/** Whether the platform says that the callee is overloaded: such a call is never retried (PLATFORM, DO errors). */
export function isOverloaded(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'overloaded' in error && error.overloaded === true;
}
