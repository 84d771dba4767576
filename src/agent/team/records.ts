/** What the run, its record and its reports all speak of. */
import type { CheckResult } from './insertion.ts';

/** What something used: whole numbers. */
export interface Usage {
  readonly tokens: number;
  readonly msats: number;
}

/** A stored output. Its text is in the trace; what is here fits a prompt's list of older work. */
export interface Version {
  readonly id: string;
  readonly step: number;
  readonly role: string;
  readonly iteration: number;
  readonly kind: 'draft' | 'notes' | 'report';
  readonly sha256: string;
  readonly bytes: number;
  readonly summary: string;
  readonly check: CheckResult | null;
}

export interface Question {
  readonly number: number;
  readonly step: number;
  readonly role: string;
  readonly text: string;
  /** What holds when nobody answers. */
  readonly assumption: string;
  /** Unix ms; null when it waits as long as it takes. */
  readonly until_ms: number | null;
  readonly answer: { readonly text: string; readonly by: 'user' | 'assumption' } | null;
}

export const END_REASONS = [
  'iterations',
  'wallClock',
  'budget',
  'tokens',
  'noBetter',
  'checkPassed',
  'finished',
  'cancelled',
  'abandoned',
] as const;
export type EndReason = (typeof END_REASONS)[number];
