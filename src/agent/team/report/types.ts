/** A report as data; the transports add their envelope, `render.ts` the words. */
import type { JobFailure } from '../../../errors.ts';
import type { Directive } from '../feedback/directives.ts';
import type { EndReason, Question, Usage, Version } from '../records.ts';
import type { ReportEvent, ReporterSettings } from './settings.ts';

/** One step that is done since the last report. */
export interface StepNews {
  readonly step: number;
  readonly role: string;
  readonly iteration: number;
  readonly version: string;
  readonly summary: string;
  readonly directives: readonly number[];
}

export interface ReporterState {
  readonly settings: ReporterSettings;
  /** Reports made. */
  readonly count: number;
  readonly lastAt_ms: number;
  /** What is to be told in the next one. */
  readonly pending: readonly ReportEvent[];
  readonly news: readonly StepNews[];
  /** Steps done that no longer fit `news`. */
  readonly more: number;
  readonly errors: readonly { readonly step: number; readonly role: string; readonly failure: JobFailure }[];
  /** What orders have changed since the last report, in words. */
  readonly orders: readonly string[];
  /** Shares of the budget that were announced, percent. */
  readonly thresholds: readonly number[];
}

export interface TeamReport {
  readonly run: string;
  /** From 1. */
  readonly number: number;
  readonly at_ms: number;
  readonly events: readonly ReportEvent[];
  readonly state: 'working' | 'paused' | 'blocked' | 'asking' | 'closing' | 'ended';
  readonly iteration: number;
  readonly iterations: number;
  readonly best: Version | null;
  readonly steps: readonly StepNews[];
  readonly moreSteps: number;
  readonly errors: ReporterState['errors'];
  readonly orders: readonly string[];
  readonly directives: readonly Pick<
    Directive,
    'number' | 'text' | 'scope' | 'status' | 'appliedIn' | 'supersededBy'
  >[];
  readonly questions: readonly Question[];
  readonly blocked: JobFailure | null;
  readonly spent: Usage;
  readonly budget: Usage;
  /** The reporter role's own words, where the team has one. */
  readonly words: string | null;
  readonly ended: EndReason | null;
  readonly detail: ReporterSettings['detail'];
  readonly focus: string | null;
}
