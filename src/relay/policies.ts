/** The relay's rules for events of strangers, one small object each, in the order of their cost. */
import {
  RELAY_CREATED_AT_FUTURE_S,
  RELAY_CREATED_AT_PAST_S,
  RELAY_EPHEMERAL_AGE_S,
  RELAY_LONG_TAGS,
  RELAY_MAX_CONTENT_CHARS,
  RELAY_MAX_EVENT_BYTES,
  RELAY_MAX_REQUEST_TAG_CHARS,
  RELAY_MAX_TAG_VALUE_CHARS,
  RELAY_MAX_TAGS,
} from '../limits.ts';
import type { Tag } from '../nostr/event.ts';
import { isEphemeral, KIND } from '../nostr/kinds.ts';
import { expirationOf, isProtected, namesRelay } from './event-tags.ts';
import { type Policy, pipe } from './policy.ts';

/** What the operator decides. */
export interface PolicySettings {
  readonly blocked: Pick<ReadonlySet<string>, 'has'>;
  /** NIP-13 difficulty, bits. */
  readonly minPow: number;
  /** The relay's own URL, for requests to vanish (NIP-62). */
  readonly relayUrl: string;
}

/** Every rule for events that arrive over a socket. */
export function socketPolicy(settings: PolicySettings): Policy {
  return pipe(
    blockedAuthors(settings.blocked),
    size,
    tagSizes,
    createdAt,
    notExpired,
    notAuth,
    proofOfWork(settings.minPow),
    protectedEvents,
    vanishHere(settings.relayUrl),
  );
}

export function blockedAuthors(blocked: PolicySettings['blocked']): Policy {
  return {
    limitation: {},
    nips: [],
    check: ({ event }) => (blocked.has(event.pubkey) ? 'blocked: this key may not write here' : null),
  };
}

export const size: Policy = {
  limitation: { max_content_length: RELAY_MAX_CONTENT_CHARS },
  nips: [],
  check({ event, bytes }) {
    if (bytes > RELAY_MAX_EVENT_BYTES) return `invalid: an event may have ${RELAY_MAX_EVENT_BYTES} bytes`;
    return event.content.length > RELAY_MAX_CONTENT_CHARS
      ? `invalid: content may have ${RELAY_MAX_CONTENT_CHARS} characters`
      : null;
  },
};

export const tagSizes: Policy = {
  limitation: { max_event_tags: RELAY_MAX_TAGS },
  nips: [],
  check({ event }) {
    if (event.tags.length > RELAY_MAX_TAGS) return `invalid: an event may have ${RELAY_MAX_TAGS} tags`;
    return event.tags.some(hasLongValue)
      ? `invalid: a tag's values may have ${RELAY_MAX_TAG_VALUE_CHARS} characters`
      : null;
  },
};

function hasLongValue(tag: Tag): boolean {
  const max = RELAY_LONG_TAGS.has(tag[0] ?? '') ? RELAY_MAX_REQUEST_TAG_CHARS : RELAY_MAX_TAG_VALUE_CHARS;
  return tag.some((value) => value.length > max);
}

export const createdAt: Policy = {
  limitation: {
    created_at_lower_limit: RELAY_CREATED_AT_PAST_S,
    created_at_upper_limit: RELAY_CREATED_AT_FUTURE_S,
  },
  nips: [],
  check({ event, now_s }) {
    const age_s = now_s - event.created_at;
    if (-age_s > RELAY_CREATED_AT_FUTURE_S)
      return `invalid: created_at is more than ${RELAY_CREATED_AT_FUTURE_S} s in the future`;
    if (isEphemeral(event.kind) && age_s > RELAY_EPHEMERAL_AGE_S)
      return `invalid: an ephemeral event older than ${RELAY_EPHEMERAL_AGE_S} s`;
    return age_s > RELAY_CREATED_AT_PAST_S ? 'invalid: created_at is too far in the past' : null;
  },
};

/** NIP-40: what has expired is not taken. */
export const notExpired: Policy = {
  limitation: {},
  nips: [40],
  check({ event, now_s }) {
    const expiresAt_s = expirationOf(event);
    return expiresAt_s !== null && expiresAt_s <= now_s ? 'invalid: the event has expired' : null;
  },
};

/** NIP-42: kind 22242 proves a key to one relay and is never passed on. */
export const notAuth: Policy = {
  limitation: { auth_required: false },
  nips: [42],
  check: ({ event }) =>
    event.kind === KIND.relayAuth ? 'invalid: send this event as AUTH, it is never passed on' : null,
};

/** NIP-13: the difficulty the operator asks of strangers. */
export function proofOfWork(minBits: number): Policy {
  return {
    limitation: { min_pow_difficulty: minBits },
    nips: [13],
    check({ event }) {
      const bits = leadingZeroBits(event.id);
      if (bits < minBits) return `pow: ${bits} bits of work, ${minBits} are asked for`;
      const target = event.tags.find((tag) => tag[0] === 'nonce')?.[2];
      // A lucky id of an event that committed to less is no work (NIP-13).
      return minBits > 0 && target !== undefined && Number(target) < minBits
        ? `pow: the nonce tag commits to ${Number(target)} bits, ${minBits} are asked for`
        : null;
    },
  };
}

/** Leading zero bits of a hex string (NIP-13). */
export function leadingZeroBits(hex: string): number {
  const digits = /^0*/.exec(hex)?.[0].length ?? 0;
  const next = hex[digits];
  return digits * 4 + (next === undefined ? 0 : Math.clz32(Number.parseInt(next, 16)) - 28);
}

/** NIP-70: a protected event is taken from its author only, and nobody may carry one inside a repost. */
export const protectedEvents: Policy = {
  limitation: {},
  nips: [70],
  check({ event, authenticated }) {
    if (isProtected(event.tags) && !authenticated.has(event.pubkey)) {
      return authenticated.size === 0
        ? 'auth-required: this event may only be published by its author'
        : 'restricted: this event may only be published by its author';
    }
    return isRepost(event.kind) && embedsProtected(event.content)
      ? 'blocked: a repost may not carry a protected event'
      : null;
  },
};

function isRepost(kind: number): boolean {
  return kind === KIND.repost || kind === 16;
}

function embedsProtected(content: string): boolean {
  if (!content.includes('"-"')) return false;
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    // Not JSON, so it carries no event.
    if (error instanceof SyntaxError) return false;
    throw error;
  }
  if (typeof value !== 'object' || value === null || !('tags' in value)) return false;
  return Array.isArray(value.tags) && value.tags.some((tag: unknown) => Array.isArray(tag) && tag[0] === '-');
}

/** NIP-62: a request to vanish counts only when it names this relay. */
export function vanishHere(relayUrl: string): Policy {
  return {
    limitation: {},
    nips: [62],
    check: ({ event }) =>
      event.kind === KIND.vanish && !namesRelay(event, relayUrl)
        ? 'invalid: this request to vanish does not name this relay'
        : null,
  };
}
