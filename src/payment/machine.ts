/**
 * What the money machines (escrow, invoice, payout) have in common: a transition table that is checked without casts,
 * as in src/job/machine.ts, and the rhythm in which the wallet is asked. A machine decides and never acts: it returns
 * effects, which are stored with the state that asked for them and performed at least once.
 */
import { MONEY_LOOK_MAX_MS, MONEY_LOOK_MIN_MS } from '../limits.ts';

/** One input of a machine whose inputs are described by `Inputs`, a map from type to what it carries. */
export type Input<Inputs, Type extends keyof Inputs = keyof Inputs> = {
  readonly [Name in Type]: { readonly type: Name } & Inputs[Name];
}[Type];

export interface Step<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** Null when the input means nothing in this state after all. */
export type Handler<State, Inputs, Effect, Type extends keyof Inputs> = (
  state: State,
  input: Input<Inputs, Type>,
  now_ms: number,
) => Step<State, Effect> | null;

/** What each input does in one phase. What is absent changes nothing: late, doubled and reordered news are harmless. */
export type Row<State, Inputs, Effect> = {
  readonly [Type in keyof Inputs]?: Handler<State, Inputs, Effect, Type>;
};

/** When the wallet is asked next. */
export interface Looking {
  /** Unix ms; null when nothing is waited for. */
  readonly lookAt_ms: number | null;
  /** The pause after that, ms: it doubles while nothing happens. */
  readonly lookDelay_ms: number;
}

/** Whether between two states of a machine nothing has changed but when the wallet is asked next. */
export function isOnlyLater(before: Looking, after: Looking): boolean {
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after).every(([name, value]) => RHYTHM.has(name) || old.get(name) === value);
}

const RHYTHM: ReadonlySet<string> = new Set(['lookAt_ms', 'lookDelay_ms', 'revision']);

export const NOT_LOOKING: Looking = { lookAt_ms: null, lookDelay_ms: MONEY_LOOK_MIN_MS };

/** Something happened or was ordered: the wallet is asked again soon. */
export function lookSoon(now_ms: number): Looking {
  return { lookAt_ms: now_ms + MONEY_LOOK_MIN_MS, lookDelay_ms: MONEY_LOOK_MIN_MS };
}

/** The rhythm after a look at `now_ms`, ever slower up to `max_ms`. Null when it is not time yet. */
export function lookAgain(
  looking: Looking,
  now_ms: number,
  max_ms: number = MONEY_LOOK_MAX_MS,
): Looking | null {
  if (looking.lookAt_ms === null || now_ms < looking.lookAt_ms) return null;
  const lookDelay_ms = Math.min(2 * looking.lookDelay_ms, max_ms);
  return { lookAt_ms: now_ms + lookDelay_ms, lookDelay_ms };
}
