/** What a session needs from the world around it. The durable object gives the real things, tests give their own. */
import type { OpenCheck } from '../checks/check.ts';
import type { VerifiedTerms } from '../checks/contract.ts';
import type { Proof } from '../checks/proof.ts';
import type { Validation } from '../checks/validate.ts';
import type { Clock } from '../clock.ts';
import type { JobFailure } from '../errors.ts';
import type { NostrEvent, VerifiedEvent } from '../nostr/event.ts';
import type { PostResult } from '../payment/account/book-store.ts';
import type { Entry } from '../payment/ledger.ts';
import type { Terms } from '../payment/ledger-entries.ts';
import type { Msats } from '../payment/msats.ts';
import type { Quote } from '../payment/pricing.ts';
import type { Wallet } from '../payment/wallet.ts';
import type { PaymentMethod } from '../protocol/agent.ts';
import type { ChatMessage, JobBody, JobOutput, Report, Request } from '../protocol/model.ts';
import type { VerdictAccount } from '../protocol/verdict.ts';
import type { JobRecord } from '../store/job-record.ts';
import type { Assignment } from './assignment.ts';
import type { Broker } from './broker.ts';
import type { LongWork } from './long-work.ts';

/** The ways to money; null for an agent whose work is free. */
export interface MoneyPorts {
  /** How the agent's jobs may be paid. */
  readonly methods: readonly PaymentMethod[];
  /** Who earns by them. */
  readonly terms: Terms;
  /**
   * What a job is called in its client's books. Not by its id alone: a sealed request may be wrapped for several agents,
   * and has one id in every wrap, but what it pays one of them is not the others'.
   */
  nameOf(jobId: string): string;
  readonly wallet: Pick<
    Wallet,
    'makeInvoice' | 'makeHold' | 'settleHold' | 'cancelHold' | 'lookup' | 'capabilities'
  >;
  /** Binds a payment hash to one purpose; false when it stands for another already. */
  bind(paymentHash: string, purpose: string): Promise<boolean>;
  /** Has the session told (`walletChanged`) when an incoming payment changes. Repeat-safe. */
  watch(paymentHash: string, jobId: string, expiresAt_s: number): Promise<void>;
  /** Books entries with the client's account, up to the first that is refused. Repeat-safe by their keys. */
  post(entries: readonly Entry[]): Promise<readonly PostResult[]>;
  /** Begins a job (as it is called in the books) on trust, if the client may owe that much more. Repeat-safe. */
  lend(job: string, max: Msats): Promise<boolean>;
  /** The client has the result of a job that was begun on trust, and owes `price` for it. Repeat-safe by the job. */
  owe(job: string, max: Msats, price: Msats, terms: Terms): Promise<void>;
  /** Gives back what may be set aside for a job that will never be. Repeat-safe. */
  abandon(job: string): Promise<void>;
  /** A new preimage, sealed, and its hash. */
  newSecret(): { readonly paymentHash: string; readonly sealedPreimage: string };
  /** Unseals a preimage of {@link newSecret}, hex. */
  openSecret(sealed: string): string;
}

/** The end of a step without output. */
export interface Failed {
  readonly failure: JobFailure;
  /** Whether another attempt may help. */
  readonly retry: boolean;
}

/** What is known of another job whose result is an input of this one. */
export type ChainedResult =
  | { readonly type: 'result'; readonly message: ChatMessage }
  | { readonly type: 'failed'; readonly failure: JobFailure }
  | { readonly type: 'pending' };

export interface SessionPorts {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
  /** From start to result, ms; null for {@link LongWork}, which keeps its own time. */
  readonly timeLimit_ms: number | null;

  /** Opens a request, unsealing it where needed. @throws JobError when nobody could be answered */
  read(event: NostrEvent): Request;
  /** The body, checked against what the agent takes. @throws JobError */
  body(request: Request): JobBody;
  /** The check that the contract asks for; null for none. @throws JobError for one that is none, or that this agent cannot answer */
  verified(request: Request, body: JobBody): VerifiedTerms | null;
  /** Runs checks. @throws JobError SERVICE_UNAVAILABLE where there is no sandbox to be had */
  readonly checks: {
    validate(open: OpenCheck): Promise<Validation>;
    judge(open: OpenCheck, result: string): Promise<Proof>;
  };
  readonly broker: Broker;
  /** The marketplace's word on a job's check, signed, and sealed as the request was. */
  verdict(account: VerdictAccount, request: Request, now_s: number): VerifiedEvent;
  /** Signed, sealed events that tell the client. */
  answer(report: Report, request: Request, now_s: number): readonly VerifiedEvent[];

  /** Why this client's request is not taken; null when it is. */
  admit(request: Request, authenticated: readonly string[], openJobs: number): Promise<JobFailure | null>;
  /** The most a job can cost; null when it is free. */
  quote(body: JobBody, history: readonly ChatMessage[]): Quote | null;
  /** Null where nothing has a price. */
  readonly money: MoneyPorts | null;
  /** Relays the request itself names, besides the one it came from; empty when it names none. */
  namedTargets(request: Request): readonly string[];
  /** The client's read relays (NIP-65), asked where the request came from; empty when unknown. */
  readRelays(client: string, via: string): Promise<readonly string[]>;

  /** Does the work in this very object, or null when the agent's work waits for others and belongs in the runner. */
  readonly work:
    | ((assignment: Assignment, signal: AbortSignal, tell: (news: Report) => void) => Promise<JobOutput>)
    | null;
  /** Work that lives beside its jobs in this object; null for agents that work in steps. */
  readonly longWork: LongWork | null;
  /** Orders a step from the runner, to be begun after a delay. */
  order(jobId: string, attempt: number, delay_ms: number): Promise<void>;
  chained(jobId: string): Promise<ChainedResult>;

  /** Sends events to a relay; what it answered to each, in any order. */
  publish(
    target: string,
    events: readonly NostrEvent[],
  ): Promise<readonly { readonly id: string; readonly ok: boolean; readonly reason: string }[]>;
  /** Takes gift wraps out of the embedded relay; nobody else can, and at other relays they stay. */
  withdraw(ids: readonly string[]): Promise<void>;
  /** The agent's own deletion (NIP-09) of what it answered to a job, a page of it; null when there is nothing (any more). */
  retraction(jobId: string): Promise<VerifiedEvent | null>;
  /** Brings the marketplace's record up to date. Repeat-safe. */
  project(records: readonly JobRecord[]): Promise<void>;
  /** Names of this session and its agent, for the record, and its client's public key. */
  readonly names: { readonly session: string; readonly agent: string; readonly client: string };

  /** Has the session woken at `at_ms`, instead of at an earlier appointment. */
  wakeAt(at_ms: number): void;
  /** A job is over, or erased: what its work kept beside it (an agent loop's journal) may go. Repeat-safe, synchronous. */
  forget(jobId: string): void;
  /** Nothing is left: the object may forget that it ever was. */
  clearAll(): void;
  /** Lets a promise outlive the call that made it. It never rejects. */
  defer(work: Promise<void>): void;
  delay(ms: number): Promise<void>;
  fault(point: string, about: string): Promise<void>;
  /** A fault of ours, for the operator; never shown to clients. */
  log(what: string, jobId: string, error: unknown): void;
}
