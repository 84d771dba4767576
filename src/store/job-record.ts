/**
 * What the marketplace's record keeps of a job. The session that does the job is the authority while it lives; it
 * projects its state into this shape, and the record (D1) may lag behind it but never contradicts it. No prompt,
 * parameter or answer is in here: those stay in the session and in the signed events.
 */
import type { JobErrorCode } from '../errors.ts';

/** Where a job stands, in the words of the job machine. The last five are ends, and a job has one end. */
export const JOB_PHASES = [
  'waiting',
  'queued',
  'running',
  'delivered',
  'rejected',
  'expired',
  'cancelled',
  'failed',
] as const;
export type RecordedPhase = (typeof JOB_PHASES)[number];

export const JOB_DIALECTS = ['agent', 'nip90'] as const;
export const JOB_SEALINGS = ['none', 'nip44', 'nip04', 'giftwrap'] as const;

export interface JobRecord {
  /** Request id: the event's, or the rumor's for a gift-wrapped request. */
  readonly id: string;
  /** Grows with every change of the job. A record never replaces one of the same or a higher revision. */
  readonly revision: number;
  /** Slug of the agent. */
  readonly agent: string;
  /** Public key of the client. */
  readonly client: string;
  /** Name of the session object that holds the job. */
  readonly session: string;
  readonly dialect: (typeof JOB_DIALECTS)[number];
  /** Kind of the request. */
  readonly kind: number;
  /** How the request came sealed. A gift-wrapped job is never shown to the public. */
  readonly sealing: (typeof JOB_SEALINGS)[number];
  readonly phase: RecordedPhase;
  /** Why the job was rejected, expired or failed; null for every other phase. */
  readonly error: JobErrorCode | null;
  /** Relay the request came from: its URL, or `embedded`. */
  readonly via: string;
  /** `created_at` of the request, Unix s: the client's word. */
  readonly createdAt_s: number;
  /** When the session stored the job, Unix ms. Lists are ordered by it; it changes only when the job goes on to another agent. */
  readonly openedAt_ms: number;
  /** When work first began, Unix ms. */
  readonly startedAt_ms: number | null;
  /** When the job ended, Unix ms. */
  readonly closedAt_ms: number | null;
  /** The event the request came in: the gift wrap, or the same as `id`. */
  readonly requestEventId: string;
  /** The event that ended the job: result or error. */
  readonly resultEventId: string | null;
  /** How often the work was begun. */
  readonly attempts: number;
  /** How many agents had this job before this one, and failed. */
  readonly turn: number;
}
