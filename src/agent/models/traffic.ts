/**
 * How much each model may be asked, and when one is left alone: requests and tokens a minute, requests a day, and
 * cooldown after failures. Plain JSON and pure functions: a durable object keeps one state for all sessions.
 */
import { MODEL_COOLDOWN_BASE_MS, MODEL_COOLDOWN_MAX_MS, MODEL_REFUSED_COOLDOWN_MS } from '../../limits.ts';
import type { ModelFailure } from './failure.ts';

/** What a provider allows for one model. Absent: no limit known. */
export interface ModelLimits {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly requestsPerDay?: number;
}

interface Taken {
  readonly id: string;
  readonly at_ms: number;
  /** Reserved at first, then what was used. */
  readonly tokens: number;
}

/** What is known of one model. */
export interface TrafficState {
  /** Requests of the last minute, oldest first. */
  readonly taken: readonly Taken[];
  /** Times of the last day, where requests a day are limited, Unix ms, oldest first. */
  readonly day: readonly number[];
  readonly failures: number;
  /** Unix ms. */
  readonly coolUntil_ms: number;
}

export const NO_TRAFFIC: TrafficState = { taken: [], day: [], failures: 0, coolUntil_ms: 0 };

export type Leave =
  | { readonly granted: true }
  /** Unix ms of the next moment worth trying; null when the request is larger than the limit ever allows. */
  | { readonly granted: false; readonly retryAt_ms: number | null };

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Asks leave for one request. Over any 60 s the requests granted stay within the limit, and their tokens as long as
 * none uses more than it reserved; what it did use beyond is held against the following ones.
 */
export function reserve(
  before: TrafficState,
  limits: ModelLimits,
  wish: { readonly id: string; readonly tokens: number; readonly now_ms: number },
): { readonly state: TrafficState; readonly leave: Leave } {
  const state = aged(before, wish.now_ms);
  if (state.taken.some(({ id }) => id === wish.id)) return { state, leave: { granted: true } };
  const retryAt_ms = freeAt(state, limits, wish);
  if (retryAt_ms === null || retryAt_ms > wish.now_ms) {
    return { state, leave: { granted: false, retryAt_ms } };
  }
  const one: Taken = { id: wish.id, at_ms: wish.now_ms, tokens: wish.tokens };
  return {
    state: {
      ...state,
      taken: [...state.taken, one],
      day: limits.requestsPerDay === undefined ? [] : [...state.day, wish.now_ms],
    },
    leave: { granted: true },
  };
}

/** The request answered and used so many tokens. Ends the model's run of failures. */
export function succeeded(state: TrafficState, id: string, tokens: number): TrafficState {
  return { ...closed(state, id, tokens), failures: 0 };
}

/**
 * The request failed: the model cools down, for as long as its provider names, else longer with each failure in a
 * row. A request that is at fault itself cools nothing. What was reserved stays counted: providers count it too.
 */
export function failed(state: TrafficState, failure: ModelFailure, now_ms: number): TrafficState {
  if (failure.kind !== 'passing' && failure.kind !== 'refused') return state;
  const failures = state.failures + 1;
  const delay_ms =
    failure.kind === 'refused'
      ? MODEL_REFUSED_COOLDOWN_MS
      : (failure.retryAfter_ms ??
        Math.min(MODEL_COOLDOWN_MAX_MS, MODEL_COOLDOWN_BASE_MS * 2 ** Math.min(failures - 1, 30)));
  return {
    ...state,
    failures,
    coolUntil_ms: Math.max(state.coolUntil_ms, now_ms + delay_ms),
  };
}

function closed(state: TrafficState, id: string, tokens: number): TrafficState {
  const taken = state.taken.map((one) => (one.id === id ? { ...one, tokens } : one));
  return { ...state, taken };
}

/** Without what is too old to count. */
function aged(state: TrafficState, now_ms: number): TrafficState {
  return {
    ...state,
    taken: state.taken.filter(({ at_ms }) => at_ms > now_ms - MINUTE_MS),
    day: state.day.filter((at_ms) => at_ms > now_ms - DAY_MS),
  };
}

/** The first moment the wish fits all limits, if nothing else is granted before; null: never. */
function freeAt(
  state: TrafficState,
  limits: ModelLimits,
  { tokens, now_ms }: { readonly tokens: number; readonly now_ms: number },
): number | null {
  const { requestsPerMinute, tokensPerMinute, requestsPerDay } = limits;
  if (requestsPerMinute === 0 || requestsPerDay === 0) return null;
  if (tokensPerMinute !== undefined && tokens > tokensPerMinute) return null;
  let at_ms = Math.max(now_ms, state.coolUntil_ms);
  if (requestsPerMinute !== undefined) {
    at_ms = Math.max(
      at_ms,
      leaving(state.taken, requestsPerMinute - 1, () => 1),
    );
  }
  if (tokensPerMinute !== undefined) {
    at_ms = Math.max(
      at_ms,
      leaving(state.taken, tokensPerMinute - tokens, (one) => one.tokens),
    );
  }
  const nth = requestsPerDay === undefined ? undefined : state.day.at(-requestsPerDay);
  return nth === undefined ? at_ms : Math.max(at_ms, nth + DAY_MS);
}

/** When so much has left the window that the rest sums up to at most `room`. */
function leaving(taken: readonly Taken[], room: number, weight: (one: Taken) => number): number {
  let sum = 0;
  for (let index = taken.length - 1; index >= 0; index--) {
    const one = taken[index];
    if (one === undefined) continue;
    sum += weight(one);
    if (sum > room) return one.at_ms + MINUTE_MS;
  }
  return 0;
}
