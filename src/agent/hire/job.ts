/**
 * A job that was posted for another agent, as a pure machine: `posted → paying → working → done`. It decides what of the
 * answers counts; money is moved by the account that pays (desk.ts), and while it is unknown whether that payment
 * happened the job stays `paying`, whatever else is heard: an unknown payment is never taken for a failed one.
 *
 * One invoice is paid for one job, the first that is what it says it is and within the maximum. Only the answers of the
 * agent that was asked count.
 */
import * as z from 'zod';
import { HIRE_ANSWER_MS, HIRE_LOOK_BASE_MS, HIRE_MAX_RESULT_BYTES, HIRE_WORK_MS } from '../../limits.ts';
import { readInvoice } from '../../payment/bolt11/decode.ts';
import { formatSats, type Msats, msatsSchema, toNumber, ZERO_MSATS } from '../../payment/msats.ts';
import type { Answer } from '../../protocol/answers.ts';
import { clip, cutToBytes } from '../../protocol/size.ts';
import type { HireOutcome } from '../tools/hire.ts';

/** Of another agent's words on why it failed, characters. */
const MAX_REASON_CHARS = 500;

const eventSchema = z.object({
  id: z.string(),
  pubkey: z.string(),
  created_at: z.number(),
  kind: z.number(),
  tags: z.array(z.array(z.string())),
  content: z.string(),
  sig: z.string(),
});

/** Reads a job that was stored with `toJson`. */
export const hireJobSchema = z.object({
  key: z.string(),
  phase: z.enum(['posted', 'paying', 'working', 'done']),
  /** Public key of who was asked. */
  agent: z.string(),
  most_msats: msatsSchema,
  /** Signed once, so that posting it again posts the same. */
  request: eventSchema,
  relays: z.array(z.string()),
  /** Whether every relay has taken it. */
  posted: z.boolean(),
  openedAt_ms: z.number(),
  /** When it is given up, Unix ms; not looked at while a payment is under way. */
  until_ms: z.number(),
  /** Nobody waits for it any longer than that, Unix ms. */
  latest_ms: z.number(),
  bolt11: z.string().nullable(),
  paymentHash: z.string().nullable(),
  /** What the invoice asks for; what was paid once it is paid. */
  amount_msats: msatsSchema,
  paid: z.boolean(),
  result: z.object({ by: z.string(), content: z.string() }).nullable(),
  /** What it last said of its work; null before it said anything. */
  news: z.object({ note: z.string(), content: z.string() }).nullable().default(null),
  /** Why it came to nothing, or the last thing that spoke against an answer. */
  problem: z.string().nullable(),
  lookAt_ms: z.number(),
  lookDelay_ms: z.number(),
});
export type HireJob = Readonly<z.infer<typeof hireJobSchema>>;

/** An answer and who signed it. */
export interface Heard {
  readonly by: string;
  readonly answer: Answer;
}

/** What the account says of the one payment. */
export type PaymentNews =
  | { readonly state: 'paid' }
  /** It may have happened, or may yet. */
  | { readonly state: 'unknown' }
  /** It did not happen and will not. */
  | { readonly state: 'refused'; readonly reason: string };

export function openHire(
  opening: Pick<HireJob, 'key' | 'agent' | 'most_msats' | 'request' | 'relays' | 'latest_ms'>,
  now_ms: number,
): HireJob {
  return {
    ...opening,
    phase: 'posted',
    posted: false,
    openedAt_ms: now_ms,
    until_ms: Math.min(opening.latest_ms, now_ms + HIRE_ANSWER_MS),
    bolt11: null,
    paymentHash: null,
    amount_msats: ZERO_MSATS,
    paid: false,
    result: null,
    news: null,
    problem: null,
    lookAt_ms: now_ms,
    lookDelay_ms: HIRE_LOOK_BASE_MS,
  };
}

/** The job after answers, oldest first; those of others than who was asked are passed over. */
export function heard(job: HireJob, answers: readonly Heard[], now_ms: number): HireJob {
  return answers.reduce((at, one) => hear(at, one, now_ms), job);
}

function hear(job: HireJob, { by, answer }: Heard, now_ms: number): HireJob {
  if (job.phase === 'done' || by !== job.agent) return job;
  switch (answer.type) {
    case 'delta':
      return job;
    case 'progress':
      return told(job.phase === 'posted' ? longer(job, job.openedAt_ms) : job, answer);
    case 'payment':
      return asked(job, answer.invoice, answer.amount_msats, now_ms);
    case 'result': {
      const content = cutToBytes(answer.content, HIRE_MAX_RESULT_BYTES);
      const known = job.result ?? { by, content };
      if (job.phase === 'posted' && answer.invoice !== null) {
        // Done on trust; it is paid where that is what was agreed to, and it is no less a result where not.
        const paying = asked({ ...job, result: known }, answer.invoice, null, now_ms);
        return paying.phase === 'paying' ? paying : done({ ...paying, result: known });
      }
      return job.phase === 'paying' ? { ...job, result: known } : done({ ...job, result: known });
    }
    case 'error': {
      const problem = clip(`${answer.code}: ${answer.message}`, MAX_REASON_CHARS);
      // Of a payment under way the end has to be known first.
      return job.phase === 'paying' ? { ...job, problem } : done({ ...job, problem });
    }
  }
}

/** It says how its work goes. */
function told(job: HireJob, { note, content }: Extract<Answer, { type: 'progress' }>): HireJob {
  if (note === '' && content === '') return job;
  const news = {
    note: clip(note, MAX_REASON_CHARS),
    // What there is so far stays until there is more.
    content: content === '' ? (job.news?.content ?? '') : cutToBytes(content, HIRE_MAX_RESULT_BYTES),
  };
  return { ...job, news };
}

/** It asks to be paid. */
function asked(job: HireJob, bolt11: string | null, stated_msats: number | null, now_ms: number): HireJob {
  if (job.phase !== 'posted') return job;
  const invoice = bolt11 === null ? null : readInvoice(bolt11);
  const amount = invoice?.amount ?? null;
  if (invoice === null || amount === null) return { ...job, problem: 'it asks for money without an invoice' };
  if (stated_msats !== null && stated_msats !== toNumber(amount)) {
    return { ...job, problem: 'its invoice is over another amount than it says' };
  }
  if (amount > job.most_msats) {
    const problem = `it asks for ${formatSats(amount)} sats, more than the ${formatSats(job.most_msats)} it may cost`;
    return done({ ...job, problem });
  }
  if (invoice.expiresAt_s * 1_000 <= now_ms) return { ...job, problem: 'its invoice has expired' };
  const { text, paymentHash } = invoice;
  return { ...job, phase: 'paying', bolt11: text, paymentHash, amount_msats: amount };
}

/** The job after news of its payment. */
export function paymentHeard(job: HireJob, news: PaymentNews, now_ms: number): HireJob {
  if (job.phase !== 'paying' || news.state === 'unknown') return job;
  if (news.state === 'paid') {
    const paid = longer({ ...job, phase: 'working', paid: true, problem: null }, now_ms);
    return paid.result === null ? paid : done(paid);
  }
  return done({ ...job, problem: clip(`its invoice was not paid: ${news.reason}`, MAX_REASON_CHARS) });
}

/** Time has passed. */
export function overdue(job: HireJob, now_ms: number): HireJob {
  if (job.phase !== 'posted' && job.phase !== 'working') return job;
  if (now_ms < job.until_ms) return job;
  return done({ ...job, problem: job.problem ?? 'nothing came in time' });
}

/**
 * Nobody wants it any more. What was not asked to be paid will not be; a payment that is under way, or was made, is looked
 * after to its end, as before.
 */
export function calledOff(job: HireJob): HireJob {
  return job.phase === 'posted' ? done({ ...job, problem: 'it was called off' }) : job;
}

/** What it has cost, or may have: money on its way counts, because nobody can call it back. */
export function committed(job: HireJob): Msats {
  return job.paid || job.phase === 'paying' ? job.amount_msats : ZERO_MSATS;
}

/** What it came to; null while it is under way. */
export function outcomeOf(job: HireJob): HireOutcome | null {
  if (job.phase !== 'done') return null;
  const cost_msats: Msats = job.paid ? job.amount_msats : ZERO_MSATS;
  if (job.result !== null) return { type: 'result', ...job.result, cost_msats };
  return { type: 'failed', reason: job.problem ?? 'it came to nothing', cost_msats };
}

/** Answers are read anew at each look, so the time counts from when something was, not from when it is read. */
function longer(job: HireJob, since_ms: number): HireJob {
  return { ...job, until_ms: Math.min(job.latest_ms, Math.max(job.until_ms, since_ms + HIRE_WORK_MS)) };
}

function done(job: HireJob): HireJob {
  return { ...job, phase: 'done' };
}
