/** What the desk keeps beside the machine's state: how far steps have come, and what is still to be brought to the client. */
import type { NostrEvent } from '../../../nostr/event.ts';
import type { Mailbox } from './mailbox.ts';

/** Tokens of models by the side they count on, and what all of a step's work has cost. */
export interface Spent {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  /** What the tokens and hired agents cost, msats. */
  readonly msats: number;
  /** What of it agents of others were paid, msats. */
  readonly hired_msats: number;
}

export const NOTHING_SPENT: Spent = { prompt_tokens: 0, completion_tokens: 0, msats: 0, hired_msats: 0 };

/** How far a step has come. */
export interface StepJournal {
  /** The attempt its present journal began with. */
  readonly from: number;
  /** When somebody began it, Unix ms; null while nobody has. */
  readonly since_ms: number | null;
  /** What of it is booked. */
  readonly booked: Spent;
}

export interface Desk {
  /** Where the client reads direct messages, empty: where the answers go; null while that is being found out. */
  readonly inbox: readonly string[] | null;
  /** Direct messages that wait for that. */
  readonly unsent: readonly NostrEvent[];
  /** By step. */
  readonly journals: { readonly [step: string]: StepJournal };
  /** What the whole run took of models. */
  readonly used: Spent;
  /** Mail; null where the client named no address. */
  readonly mailbox: Mailbox | null;
  /**
   * Until when runners that work on steps may say so after the memory was lost, Unix ms; null when it was not, or they did.
   * Stored, and given once: an object that is let go of again before it is over would otherwise give it for ever.
   */
  readonly graceUntil_ms: number | null;
  /** Called off by a deletion: whoever did that wants to hear nothing more. */
  readonly silent: boolean;
}

export const NEW_DESK: Desk = {
  inbox: null,
  unsent: [],
  journals: {},
  used: NOTHING_SPENT,
  mailbox: null,
  graceUntil_ms: null,
  silent: false,
};

/** What was used since. */
export function since(now: Spent, before: Spent): Spent {
  return {
    prompt_tokens: Math.max(0, now.prompt_tokens - before.prompt_tokens),
    completion_tokens: Math.max(0, now.completion_tokens - before.completion_tokens),
    msats: Math.max(0, now.msats - before.msats),
    hired_msats: Math.max(0, now.hired_msats - before.hired_msats),
  };
}

export function together(a: Spent, b: Spent): Spent {
  return {
    prompt_tokens: a.prompt_tokens + b.prompt_tokens,
    completion_tokens: a.completion_tokens + b.completion_tokens,
    msats: a.msats + b.msats,
    hired_msats: a.hired_msats + b.hired_msats,
  };
}

export function tokensOf({ prompt_tokens, completion_tokens }: Spent): number {
  return prompt_tokens + completion_tokens;
}
