/** What a job is while it lives, what can happen to it, and what it wants done (DESIGN §4). Plain JSON throughout. */
import type { Proof } from '../checks/proof.ts';
import type { JobFailure } from '../errors.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Cost, JobOutput, PaymentDemand, Report } from '../protocol/model.ts';
import { JOB_PHASES as RECORDED_PHASES } from '../store/job-record.ts';

/**
 * `waiting`: for its check to be tried out, for another job's result, or for its turn in the session. `queued`: its step is ordered, nobody has
 * begun it; the record calls that waiting, too. `running`: somebody works on it. `proving`: the work is done and kept
 * here until its check has judged it. `checkout`: until its money is taken or asked for; the record calls both running.
 * The others are ends, and an end is never left.
 */
export const JOB_PHASES = [...RECORDED_PHASES, 'proving', 'checkout'] as const;
export type JobPhase = (typeof JOB_PHASES)[number];

/** Phases that end a job. */
export type FinalPhase = 'delivered' | 'rejected' | 'expired' | 'cancelled' | 'failed';

export function isFinal(phase: JobPhase): phase is FinalPhase {
  return !UNDER_WAY.has(phase);
}

const UNDER_WAY: ReadonlySet<JobPhase> = new Set(['waiting', 'queued', 'running', 'proving', 'checkout']);

/** What an agent handed in, and what it costs. */
export interface Done {
  readonly output: JobOutput;
  readonly cost: Cost;
}

/** What an unpaid job waits for. */
export const MONEY = 'money';
/** What a job with a check waits for before anything is asked of its client: that the check was tried out. */
export const CHECK = 'check';
/** Whether the next move of a job is its check's. */
export function awaitsCheck({ phase, waitingFor }: Job): boolean {
  return phase === 'proving' || (phase === 'waiting' && waitingFor.includes(CHECK));
}

/** What a request that came again waits for: this, and the id of the first (resent.ts). */
export const AGAIN = 'again:';

/** The state of one job. Times are Unix ms unless the name says otherwise. */
export interface Job {
  readonly id: string;
  readonly phase: JobPhase;
  /** Counts every change; a record with a higher revision is newer. */
  readonly revision: number;
  readonly openedAt_ms: number;
  readonly startedAt_ms: number | null;
  readonly closedAt_ms: number | null;
  /** Not started by then, it ends as TIMEOUT (NIP-40). */
  readonly startBy_ms: number | null;
  /** How long it may run from its start; null for work that keeps its own time and needs no lease (long-work.ts). */
  readonly timeLimit_ms: number | null;
  /** What must be there before it starts: keys given by the session. */
  readonly waitingFor: readonly string[];
  /** The number of the step's current attempt, from 1; 0 before the first. */
  readonly attempt: number;
  /** Whoever works on the step must report before then, or it is begun again. */
  readonly leaseUntil_ms: number | null;
  /** When durable progress was last sent. */
  readonly reportedAt_ms: number | null;
  /** Progress held back by the throttle; the newest wins. */
  readonly held: Report | null;
  readonly failure: JobFailure | null;
  /** The work of a job that is being judged, or is at checkout; null before and after. */
  readonly done: Done | null;
  /** When it was done. */
  readonly doneAt_ms: number | null;
  /** Answers its check has refused, the oldest first. */
  readonly refused: readonly Refusal[];
  /** The verdict on its newest answer; null before, and for a job without a check. */
  readonly proof: Proof | null;
}

/** Why an answer was refused. */
export type Refusal = Pick<Proof, 'code' | 'detail'>;

/** Time for an attempt to be heard of after the memory of its object was lost (grace.ts). */
export interface Grace {
  readonly attempt: number;
  /** Unix ms. */
  readonly until_ms: number;
}

/** Everything that can happen to a job, and what each carries. */
export interface JobInputs {
  /** Something it waited for is there. */
  ready: { readonly key: string };
  /** Something it waited for will never be there. */
  unready: { readonly failure: JobFailure };
  /** Somebody begins attempt `attempt` of the step. */
  begun: { readonly attempt: number };
  /** Whoever works on it is alive, perhaps with news for the client. */
  alive: { readonly attempt: number; readonly news: Report | null };
  /** The work is done. To be proved first, its check decides; at `checkout` its money comes before the client hears of it. */
  output: Done & { readonly attempt: number; readonly prove: boolean; readonly checkout: boolean };
  /** The answer passed its check. */
  proved: { readonly proof: Proof; readonly checkout: boolean };
  /** The answer did not pass. */
  disproved: { readonly proof: Proof; readonly next: 'answer' | 'agent' | 'end' };
  /** Its money is taken, or asked for by this demand: the result may leave. */
  cleared: { readonly demand: PaymentDemand | null };
  /** The money it was begun on is gone, or has to be given back now. */
  defunded: { readonly failure: JobFailure };
  /** It is another request come again, and that one was answered with this. */
  sameAs: Done;
  /** It was not paid in time: it ends without a word, because its demand for payment said until when. */
  lapse: unknown;
  /** The attempt ended without output. Only what may mend by itself is worth another attempt. */
  stepFailed: { readonly attempt: number; readonly failure: JobFailure; readonly retry: boolean };
  /** The client called it off while it ran; what was done until then has its cost. */
  calledOff: { readonly cost: Cost };
  /** Whoever worked on it is known to be gone (its memory was lost). */
  lost: unknown;
  /** The client, and nobody else, called it off. */
  cancel: unknown;
  /** Time has passed. */
  tick: unknown;
}

export type JobInputType = keyof JobInputs;

/** One input. Generic in its type so that the transition table is checked without casts. */
export type JobInput<T extends JobInputType = JobInputType> = {
  readonly [P in T]: { readonly type: P } & JobInputs[P];
}[T];

/** What a job wants done. Effects are stored with the state that asked for them, and then performed. */
export type JobEffect =
  /** Tell the client. The key makes it one event per job, however often it is performed. */
  | { readonly type: 'report'; readonly key: string; readonly report: Report }
  /** Bring an event to the client that is no answer of a dialect; null: where the answers go. */
  | { readonly type: 'send'; readonly event: NostrEvent; readonly targets: readonly string[] | null }
  /** Have attempt `attempt` of the step done. */
  | { readonly type: 'run'; readonly attempt: number }
  /** Whoever works on it may stop. */
  | { readonly type: 'stop' }
  /** What it costs without a result. */
  | { readonly type: 'charge'; readonly cost: Cost }
  /** Keep request and answer as a turn of the session. */
  | { readonly type: 'remember'; readonly output: JobOutput }
  /** Its money given back, it goes to the next agent, if there is one; else its client hears how it ended. */
  | { readonly type: 'passOn' }
  /** Bring the marketplace's record (D1) up to this revision. */
  | { readonly type: 'project' };

export interface Transition {
  readonly job: Job;
  readonly effects: readonly JobEffect[];
}
