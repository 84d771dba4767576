/** What a rule of the relay is: it judges one event of a stranger and says which limit it advertises. */
import type { NostrEvent, Refusal } from '../nostr/event.ts';

/** What is known when an event is judged; all of it is cheap. */
export interface Submission {
  readonly event: NostrEvent;
  /** UTF-8 bytes of the event's JSON. */
  readonly bytes: number;
  /** Unix s. */
  readonly now_s: number;
  /** Keys the connection has proved to hold (NIP-42). */
  readonly authenticated: ReadonlySet<string>;
}

/** The `limitation` object of NIP-11, as far as this relay fills it. */
export interface Limitation {
  readonly max_message_length?: number;
  readonly max_subscriptions?: number;
  readonly max_limit?: number;
  readonly default_limit?: number;
  readonly max_subid_length?: number;
  readonly max_filters?: number;
  readonly max_event_tags?: number;
  readonly max_content_length?: number;
  readonly min_pow_difficulty?: number;
  readonly auth_required?: boolean;
  readonly payment_required?: boolean;
  readonly restricted_writes?: boolean;
  readonly created_at_lower_limit?: number;
  readonly created_at_upper_limit?: number;
}

export interface Policy {
  /** What NIP-11 says about this rule, so that what is advertised is what is enforced. */
  readonly limitation: Limitation;
  /** NIPs that this rule implements. */
  readonly nips: readonly number[];
  /** The refusal in NIP-01's words, or null when the rule has nothing against the event. */
  check(submission: Submission): Refusal | null;
}

/** All policies in order as one: the first refusal counts. */
export function pipe(...policies: readonly Policy[]): Policy {
  return {
    limitation: Object.assign({}, ...policies.map((policy) => policy.limitation)),
    nips: [...new Set(policies.flatMap((policy) => policy.nips))].sort((a, b) => a - b),
    check(submission) {
      for (const policy of policies) {
        const refusal = policy.check(submission);
        if (refusal !== null) return refusal;
      }
      return null;
    },
  };
}
