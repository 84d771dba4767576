/** What a team run is while it lives, what can happen to it, and what it wants done. Plain JSON throughout. */
import type { JobFailure } from '../../errors.ts';
import type { TeamConfig } from './config.ts';
import type { Command } from './feedback/commands.ts';
import type { Directive } from './feedback/directives.ts';
import type { CheckResult, Insertion, Place } from './insertion.ts';
import type { EndReason, Question, Usage, Version } from './records.ts';
import type { ReporterState, TeamReport } from './report/types.ts';

/** Something to have done. */
export type Work =
  | {
      readonly type: 'step';
      readonly role: string;
      readonly branch: number;
      readonly input: readonly string[];
    }
  /** `newcomerFirst`: which of the two orders. */
  | {
      readonly type: 'judge';
      readonly first: string;
      readonly second: string;
      readonly newcomerFirst: boolean;
    }
  | { readonly type: 'check'; readonly version: string };

export interface Todo {
  readonly number: number;
  /** From 1; also another answer than before makes a new attempt. */
  readonly attempt: number;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** Numbers of the questions it asked. */
  readonly questions: readonly number[];
  readonly work: Work;
}

export interface Task extends Todo {
  /** The most it may use, set aside while it is in flight. */
  readonly quote: Usage;
  /** How often this attempt was ordered. */
  readonly orders: number;
  readonly leaseUntil_ms: number;
  /** Numbers of the directives in its prompt. */
  readonly directives: readonly number[];
  readonly result: Result | null;
}

/** What came of an attempt. `usage` is what it really used, the quote at the most. */
export type Result = { readonly usage: Usage } & (
  | { readonly type: 'done'; readonly text: string; readonly summary: string | null }
  | { readonly type: 'asked'; readonly question: string; readonly assumption: string }
  | { readonly type: 'judged'; readonly place: Place; readonly rationale: string }
  | ({ readonly type: 'checked'; readonly note: string } & CheckResult)
  | {
      readonly type: 'failed';
      readonly failure: JobFailure;
      readonly retry: boolean;
      /** What the provider asks for, ms. */
      readonly retryAfter_ms: number | null;
    }
);

/** One line of work within a stage. */
export interface Branch {
  /** Its next role. */
  readonly position: number;
  /** Versions the next role works on. */
  readonly input: readonly string[];
  readonly drafts: readonly string[];
  /** The step nobody could do. */
  readonly failed: { readonly todo: Todo; readonly failure: JobFailure } | null;
}

/** Null: nobody could judge. */
export interface JudgedPlace {
  readonly place: Place | null;
  readonly rationale: string;
}

export interface Outcome {
  readonly reason: EndReason;
  /** The result: the best version's id. */
  readonly best: string | null;
  readonly iterations: number;
  readonly spent: Usage;
  /** What goes back, msats. */
  readonly unspent_msats: number;
  /** Of the last entry. */
  readonly traceHash: string;
}

export interface TeamRun {
  readonly id: string;
  readonly team: TeamConfig;
  readonly task: string;
  /** `closing`: it orders nothing any more, and waits for what aborted steps have cost. */
  readonly phase: 'working' | 'closing' | 'ended';
  readonly revision: number;
  readonly openedAt_ms: number;
  readonly spent: Usage;
  /** What the client wants to spend at the most, and what is there for it, msats. */
  readonly wanted_msats: number;
  readonly funded_msats: number;
  /** Time at rest so far, and since when it rests: that time does not count against the wall clock. */
  readonly rested_ms: number;
  readonly restingSince_ms: number | null;
  readonly paused: boolean;
  /** Why it cannot go on by itself. */
  readonly blocked: JobFailure | null;
  readonly finishing: boolean;
  readonly ending: { readonly reason: EndReason; readonly until_ms: number } | null;
  readonly outcome: Outcome | null;
  /** From 1. */
  readonly iteration: number;
  readonly stage: number;
  readonly branches: readonly Branch[];
  /** The drafts of the last stage that made some, or the best version at the start of an iteration. */
  readonly current: readonly string[];
  /** Drafts of this iteration still to be ranked. */
  readonly candidates: readonly string[];
  readonly insertion: Insertion | null;
  /** What the judge said so far of the comparison under way: newcomer first, newcomer second. */
  readonly places: { readonly yes?: JudgedPlace; readonly no?: JudgedPlace };
  /** Best first. */
  readonly ranked: readonly string[];
  /** The best version when this iteration began. */
  readonly bestBefore: string | null;
  readonly withoutBetter: number;
  readonly wave: readonly Task[];
  readonly todo: readonly Todo[];
  readonly notBefore_ms: number | null;
  readonly taskCount: number;
  readonly versionCount: number;
  /** Those that still matter; all of them are in the trace. */
  readonly versions: readonly Version[];
  readonly questionCount: number;
  /** Open ones, and answered ones that a step still needs. */
  readonly questions: readonly Question[];
  readonly directives: readonly Directive[];
  /** Messages taken, by source. */
  readonly seen: readonly string[];
  /** The newest order of each kind, so that an older one that comes late does not undo it. */
  readonly stamps: { readonly [kind: string]: { readonly sentAt_ms: number; readonly source: string } };
  readonly reporter: ReporterState;
  readonly trace: { readonly count: number; readonly hash: string };
}

interface Inputs {
  /** What became of an ordered attempt. */
  readonly result: {
    readonly number: number;
    readonly attempt: number;
    readonly result: Result;
    /** Directives it was told of after it had begun. */
    readonly noted?: readonly number[];
  };
  readonly alive: { readonly number: number; readonly attempt: number };
  /** The user's words, from whatever transport. `source` names the message for ever; who may write is checked before. */
  readonly message: { readonly source: string; readonly sentAt_ms: number; readonly text: string };
  /** The same by buttons. */
  readonly order: {
    readonly source: string;
    readonly sentAt_ms: number;
    readonly commands: readonly Command[];
  };
  /** All the money there is for the run since it began; never less than before. */
  readonly funded: { readonly msats: number };
  readonly tick: object;
}
export type TeamInput<T extends keyof Inputs = keyof Inputs> = {
  readonly [Name in T]: { readonly type: Name } & Inputs[Name];
}[T];

/** What a step's prompt is made of, by reference; `prompt.ts` makes the text. */
export interface PromptParts {
  readonly role: string;
  readonly task: string;
  readonly directives: readonly { readonly number: number; readonly text: string }[];
  /** What the user wants most attention for at present. */
  readonly focus: string | null;
  readonly answers: readonly { readonly question: string; readonly answer: string; readonly by: string }[];
  /** Versions in full, the most important first. */
  readonly full: readonly Version[];
  /** Older ones, of which the summary will do. */
  readonly older: readonly Version[];
}

/** Each carries a key: performing it twice equals once. */
export type TeamEffect = { readonly key: string } & (
  | {
      readonly type: 'run';
      readonly number: number;
      readonly attempt: number;
      readonly work: Work;
      readonly limit: Usage;
      readonly parts: PromptParts;
    }
  | { readonly type: 'abort'; readonly number: number; readonly attempt: number }
  | { readonly type: 'ask'; readonly question: Question }
  /** More money is wanted than there is, msats. */
  | { readonly type: 'fund'; readonly msats: number }
  | { readonly type: 'report'; readonly report: TeamReport }
  | { readonly type: 'end'; readonly outcome: Outcome }
);
