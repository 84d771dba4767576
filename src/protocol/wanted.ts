/** What an open request says of who may take it, read before any agent does. Unencrypted requests only. Never throws. */
import { JobError, type Json } from '../errors.ts';
import { type EventTemplate, tagValue } from '../nostr/event.ts';
import type { AgentKinds } from '../nostr/kinds.ts';
import { isObject, parseRequestJson } from './json.ts';

export interface Wanted {
  /** An agent or a model that is named, or null. */
  readonly model: string | null;
  /** Whether the client says what it would pay: by `bid`, by its contract, or by a budget. */
  readonly offersMoney: boolean;
  /** The check its answer has to pass; null without one. */
  readonly check: WantedCheck | null;
}

export interface WantedCheck {
  /** As it stands in `contract.verify.mode`; null where that is no text. */
  readonly mode: string | null;
  /** `contract.min_rating` as it stands there; undefined where it is missing. */
  readonly minRating: Json | undefined;
}

/** Reads it. What is broken says nothing here: an agent gets the request and answers with the error. */
export function wantedOf(event: EventTemplate & { readonly kind: number }, kinds: AgentKinds): Wanted {
  return event.kind === kinds.task ? wantedByTask(event) : wantedByTags(event);
}

function wantedByTask(event: EventTemplate): Wanted {
  const request = objectIn(event, 'request');
  const contract = objectIn(event, 'contract');
  const { model, parameters } = request;
  const { verify, min_rating, payment_amount_sats } = contract;
  const budget = isObject(parameters) ? parameters.budget_sats : undefined;
  const checked = verify !== undefined && verify !== null;
  const mode = isObject(verify) && typeof verify.mode === 'string' ? verify.mode : null;
  return {
    model: typeof model === 'string' ? model : null,
    offersMoney: [payment_amount_sats, budget].some((sats) => sats !== undefined && sats !== null),
    check: checked ? { mode, minRating: min_rating } : null,
  };
}

function wantedByTags(event: EventTemplate): Wanted {
  const model = event.tags.find((tag) => tag[0] === 'param' && tag[1] === 'model')?.[2] ?? null;
  const offersMoney = (tagValue(event, 'bid') ?? '') !== '';
  return { model, offersMoney, check: null };
}

function objectIn(event: EventTemplate, tag: string): { readonly [key: string]: Json } {
  const text = tagValue(event, tag);
  if (text === undefined) return {};
  try {
    const value = parseRequestJson(text, tag);
    return isObject(value) ? value : {};
  } catch (error) {
    if (error instanceof JobError) return {};
    throw error;
  }
}
