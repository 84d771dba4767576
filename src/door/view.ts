/** A job as programs see it at one moment: everything heard of it so far, folded into one record. */
import type { JobFailure, Json } from '../errors.ts';
import { readInvoice } from '../payment/bolt11/decode.ts';
import { toNumber } from '../payment/msats.ts';
import { isObject } from '../protocol/json.ts';
import type { RecordedPhase } from '../store/job-record.ts';
import type { HeardNews } from './news.ts';

/**
 * `payment-required` waits for its invoice and goes on when that is paid; `done`, `failed`, `cancelled` and `expired` are
 * ends.
 */
export const JOB_STATES = [
  'accepted',
  'working',
  'payment-required',
  'done',
  'failed',
  'cancelled',
  'expired',
] as const;
export type JobState = (typeof JOB_STATES)[number];

/** What is to be paid for a job. */
export interface Payable {
  readonly bolt11: string;
  readonly amount_msats: number;
  /** Rounded up. */
  readonly amount_sats: number;
  /** Unix s; null where the invoice does not say. */
  readonly expires_at: number | null;
  /** Whether the money is only locked until the work is accepted. */
  readonly escrow: boolean;
}

export interface JobView {
  /** By this it is asked for again (src/door/caller.ts). */
  readonly job: string;
  readonly agent: string;
  /** The conversation it belongs to, by its name; null for a single job. */
  readonly session: string | null;
  readonly state: JobState;
  /** What its agent said last of how it goes. */
  readonly note: string | null;
  readonly progress: { readonly done: number; readonly total: number } | null;
  /** The answer; before the end what there is of it, or null. */
  readonly text: string | null;
  /** A team's newest report, for programs. */
  readonly report: Json;
  readonly payment: Payable | null;
  /** Msats; null while it is not known. */
  readonly cost_msats: number | null;
  readonly error: JobFailure | null;
}

const ENDS: ReadonlySet<JobState> = new Set(['done', 'failed', 'cancelled', 'expired']);

/** Whether nothing comes after it. */
export function hasEnded({ state }: Pick<JobView, 'state'>): boolean {
  return ENDS.has(state);
}

/** Whether it stands still until it is paid. */
export function waitsForCaller({ state }: Pick<JobView, 'state'>): boolean {
  return state === 'payment-required';
}

/** Whether a team at work asks its client something. It may go on with other things meanwhile. */
export function asksCaller({ state, report }: Pick<JobView, 'state' | 'report'>): boolean {
  return state === 'working' && isObject(report) && (report.state === 'asking' || report.state === 'blocked');
}

/** A job of which nothing is heard yet. */
export function newView(job: string, agent: string, session: string | null): JobView {
  return {
    job,
    agent,
    session,
    state: 'accepted',
    note: null,
    progress: null,
    text: null,
    report: null,
    payment: null,
    cost_msats: null,
    error: null,
  };
}

/** The view after one more piece of news. Deltas say nothing here: results are whole, and whoever streams reads them. */
export function folded(before: JobView, news: HeardNews): JobView {
  const view = before.session === null ? { ...before, session: sessionOf(before.job, news) } : before;
  switch (news.type) {
    case 'progress':
      return {
        ...view,
        state: 'working',
        note: news.note === '' ? view.note : news.note,
        progress: news.steps ?? view.progress,
        text: news.content === '' ? view.text : news.content,
        report: news.report ?? view.report,
        payment: null,
      };
    case 'payment': {
      const { bolt11, amount_msats, expiresAt_s, escrow } = news.demand;
      return {
        ...view,
        state: 'payment-required',
        payment: payable(bolt11, amount_msats, expiresAt_s, escrow),
      };
    }
    case 'delta':
      return view.state === 'accepted' ? { ...view, state: 'working' } : view;
    case 'result':
      return {
        ...view,
        state: 'done',
        text: news.content,
        cost_msats: news.price_msats,
        payment: news.bolt11 === null ? null : owed(news.bolt11, news.price_msats ?? 0),
      };
    case 'error':
      return { ...view, state: 'failed', payment: null, error: news.failure };
    case 'over':
      return { ...view, state: stateOf(news.phase), payment: null };
  }
}

/** Answers name the conversation (`t`); the secret of a guest stands in its name as it does in the job's. */
function sessionOf(job: string, { event }: HeardNews): string | null {
  const session = event?.tags.find(([name]) => name === 't')?.[1];
  if (session === undefined) return null;
  const at = job.indexOf('.');
  return at < 0 ? session : `${session}${job.slice(at)}`;
}

function stateOf(phase: RecordedPhase): JobState {
  if (phase === 'expired' || phase === 'cancelled') return phase;
  // What it said is gone, be it that it was erased.
  return phase === 'delivered' ? 'done' : 'failed';
}

function payable(bolt11: string, amount_msats: number, expires_at: number | null, escrow: boolean): Payable {
  return { bolt11, amount_msats, amount_sats: Math.ceil(amount_msats / 1_000), expires_at, escrow };
}

function owed(bolt11: string, price_msats: number): Payable {
  const invoice = readInvoice(bolt11);
  if (invoice === null) return payable(bolt11, price_msats, null, false);
  const amount_msats = invoice.amount === null ? price_msats : toNumber(invoice.amount);
  return payable(bolt11, amount_msats, invoice.expiresAt_s, false);
}
