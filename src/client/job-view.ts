/** What is known of a job, as one value: made by job-fold.ts out of signed events, in whatever order they came. */
import type { Json } from '../errors.ts';
import type { VerifiedEvent } from '../nostr/event.ts';
import type { AgentKinds } from '../nostr/kinds.ts';
import type { Answer, AnswerCost, AnswerEvent, AnswerVerified } from '../protocol/answers.ts';
import type { VerdictContent } from '../protocol/verdict.ts';

/** Which job is looked at, and whose word counts for what. */
export interface JobRef {
  /** The request event's id. */
  readonly id: string;
  /** Its kind. */
  readonly kind: number;
  /** Who asked, a public key: only the client calls a job off. */
  readonly client: string;
  /** Who was asked, a public key; null for an open request, which anybody may take. */
  readonly agent: string | null;
  /** Whose verdicts count: the marketplace's key (`self` of its relay's NIP-11 document); null for nobody's. */
  readonly marketplace: string | null;
  readonly kinds: AgentKinds;
}

/** A verified event, and what it says once it was opened; null where it is sealed and cannot be read. */
export interface Heard {
  readonly event: VerifiedEvent;
  readonly said: AnswerEvent | null;
}

/**
 * `posted`: nobody has said anything. `payment`: it waits to be paid. `running`. `done`: there is a result. `failed`:
 * there is an error. `cancelled`: called off by its client before it came to an end.
 */
export type JobPhase = 'posted' | 'payment' | 'running' | 'done' | 'failed' | 'cancelled';

/** What is asked for before the job begins. */
export interface Demand {
  readonly invoice: string;
  /** As the agent says it; to be compared with the invoice's own before it is paid. */
  readonly amount_msats: number | null;
  /** Unix s; null where only the invoice says so. */
  readonly expiresAt_s: number | null;
  /** Locked first, and taken when the job is done. */
  readonly escrow: boolean;
  readonly createdAt_s: number;
}

/** The output as it was streamed. */
export interface StreamedText {
  /** Of the newest attempt, in order; what was missed is left out. */
  readonly text: string;
  readonly attempt: number;
  /** Deltas that were heard. */
  readonly deltas: number;
  /** Deltas before the last one heard that were not. */
  readonly missing: number;
  /**
   * The result's `stream` tag against what was heard: `open` while there is no result or it has no such tag,
   * `incomplete` when deltas were missed, so that nothing can be said.
   */
  readonly check: 'open' | 'incomplete' | 'same' | 'different';
}

/**
 * Whether the answer passed its check. `claimed` and `denied` are the agent's word alone, `passed` and `failed` the
 * marketplace's, `contradicted` when the two differ.
 */
export type Badge = 'none' | 'claimed' | 'denied' | 'passed' | 'failed' | 'contradicted';

export interface Verification {
  readonly badge: Badge;
  /** `verified` of the agent's result or error. */
  readonly told: AnswerVerified | null;
  /** The marketplace's verdict, and its event, which `errand receipt verify` judges again. */
  readonly verdict: VerdictContent | null;
  readonly event: VerifiedEvent | null;
}

/** One report on the way, newest last: a team's, or any progress that said something. */
export interface ReportView {
  readonly note: string;
  /** Markdown. */
  readonly content: string;
  readonly data: Json | null;
  readonly createdAt_s: number;
  readonly event: VerifiedEvent;
}

export interface JobView {
  readonly id: string;
  readonly phase: JobPhase;
  /** Who works on it: the agent asked, or the one that took an open request; null while nobody did. */
  readonly agent: string | null;
  readonly demand: Demand | null;
  /** Newest of its kind; null before the first. */
  readonly progress: {
    readonly status: string;
    readonly note: string;
    readonly done: number | null;
    readonly total: number | null;
  } | null;
  /** Output so far (`partial`); null where there was none. */
  readonly partial: string | null;
  readonly stream: StreamedText | null;
  readonly reports: readonly ReportView[];
  readonly result: Extract<Answer, { type: 'result' }> | null;
  /** The event of the result or error. */
  readonly end: VerifiedEvent | null;
  readonly error: { readonly code: string; readonly message: string; readonly details: Json | null } | null;
  readonly cost: AnswerCost | null;
  /** The invoice of a result that is still to be paid. */
  readonly due: string | null;
  readonly verification: Verification;
  /** Its client has deleted the request: a call-off before its end, an erasure after it. */
  readonly deleted: boolean;
  /** Everything that counted, by time and id. Sealed events that could not be read are among them. */
  readonly events: readonly Heard[];
}

/** Whether nothing more is to be expected but a verdict. */
export function isOver({ phase }: JobView): boolean {
  return phase === 'done' || phase === 'failed' || phase === 'cancelled';
}
