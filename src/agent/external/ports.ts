/** What the desk of external jobs needs from the world around it. */
import type { Clock } from '../../clock.ts';
import type { Moved } from '../../job/long-work.ts';
import type { Msats } from '../../payment/msats.ts';
import type { ExternalSettings } from '../../protocol/agent.ts';
import type { HireEnd } from './ending.ts';
import type { ExternalRun } from './store.ts';

/** How a hire stands. */
export interface HireState {
  /** Null while it is under way. */
  readonly outcome: HireEnd | null;
  readonly news: { readonly note: string; readonly content: string } | null;
  /** What it has cost, or may have, msats. */
  readonly committed_msats: number;
}

/** What is agreed with whoever hires this agent now. */
export interface ExternalTerms {
  readonly slug: string;
  readonly settings: ExternalSettings;
  readonly timeLimit_ms: number;
  /** What of a job's money the agent may be paid at most. */
  feeTerms(settings: ExternalSettings, funded_msats: number): Msats;
}

export interface ExternalPorts {
  readonly clock: Clock;
  /** @throws JobError where the agent is no external one any more */
  terms(): ExternalTerms;
  /** Hires the agent for a job, once, and says how that stands. Repeat-safe. */
  hire(jobId: string, run: ExternalRun): Promise<HireState>;
  /** Nobody wants it any more: what was not asked to be paid will not be. Repeat-safe. */
  close(jobId: string): Promise<HireState>;
  /** Lets go of what the hire keeps. */
  forget(jobId: string): Promise<void>;
  /** The agent took money and delivered nothing. */
  failed(reason: string): Promise<void>;
  /** Feeds a change back to the session. */
  move(jobId: string, how: () => Moved | null): void;
  /** Lets a promise outlive the call that made it. It never rejects. */
  defer(work: Promise<void>): void;
  log(what: string, jobId: string, error: unknown): void;
}
