/**
 * The outbox: signed events that are promised to somebody (a client its answer, the world a receipt), each with the
 * relays that still owe an OK.
 * An event is signed once, when it is promised; whatever is sent again is the same bytes with the same id.
 */
import { PUBLISH_ATTEMPTS, PUBLISH_BASE_MS, PUBLISH_MAX_MS } from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { type RetryPolicy, retryDelay } from '../retry.ts';

/** The name by which answers go to the embedded relay; every other target is a URL. */
export const EMBEDDED = 'embedded';

/** A relay that has not said OK yet. */
export interface Owed {
  /** {@link EMBEDDED} or a relay URL. */
  readonly target: string;
  readonly attempts: number;
  /** Not before, Unix ms. */
  readonly nextAt_ms: number;
}

/** A relay that will not take the event: it refused for good, or too often. Shown to the operator. */
export interface Undelivered {
  readonly target: string;
  readonly reason: string;
}

export interface OutboxEntry {
  readonly event: NostrEvent;
  readonly owed: readonly Owed[];
  readonly undelivered: readonly Undelivered[];
}

const POLICY: RetryPolicy = { attempts: PUBLISH_ATTEMPTS, baseMs: PUBLISH_BASE_MS, maxMs: PUBLISH_MAX_MS };

/** Refusals that another try cannot mend (NIP-01 prefixes). `rate-limited`, `error`, `auth-required` and silence can. */
const FINAL_REFUSALS = ['invalid:', 'blocked:', 'pow:', 'restricted:'];

/** A freshly promised event. */
export function promise(event: NostrEvent, targets: readonly string[]): OutboxEntry {
  return { event, owed: targets.map((target) => ({ target, attempts: 0, nextAt_ms: 0 })), undelivered: [] };
}

/** Adds relays that became known after the promise; those already served or given up are not asked again. */
export function alsoOwe(entry: OutboxEntry, targets: readonly string[]): OutboxEntry {
  const added = targets.filter((target) => !entry.owed.some((owed) => owed.target === target));
  return added.length === 0
    ? entry
    : { ...entry, owed: [...entry.owed, ...promise(entry.event, added).owed] };
}

/**
 * What remains owed after a relay answered, or did not.
 *
 * @param answer the relay's OK, or null when nothing came back
 * @param random uniform in [0, 1), for the jitter of the retry
 */
export function answered(
  entry: OutboxEntry,
  target: string,
  answer: { readonly ok: boolean; readonly reason: string } | null,
  now_ms: number,
  random: number,
): OutboxEntry {
  const owed = entry.owed.find((item) => item.target === target);
  if (owed === undefined) return entry;
  const others = entry.owed.filter((item) => item !== owed);
  if (answer?.ok === true || answer?.reason.startsWith('duplicate:')) return { ...entry, owed: others };
  const attempts = owed.attempts + 1;
  const reason = answer?.reason ?? 'no answer';
  const delay = FINAL_REFUSALS.some((prefix) => reason.startsWith(prefix))
    ? undefined
    : retryDelay(POLICY, attempts, random);
  if (delay === undefined)
    return { ...entry, owed: others, undelivered: [...entry.undelivered, { target, reason }] };
  return { ...entry, owed: [...others, { target, attempts, nextAt_ms: now_ms + delay }] };
}

/** When the next try is due, Unix ms; null when nothing is owed. */
export function nextTry(entries: readonly OutboxEntry[]): number | null {
  const times = entries.flatMap((entry) => entry.owed.map((owed) => owed.nextAt_ms));
  return times.length === 0 ? null : Math.min(...times);
}
