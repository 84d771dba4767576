/** One request to the OpenAI door from its caller's purse to a job under way: what every endpoint here does alike. */
import type { Context } from 'hono';
import type { Idempotency, PostedJob } from '../../door/door.ts';
import type { Demand, HeardNews } from '../../door/news.ts';
import type { Order } from '../../door/order.ts';
import { assertMayHire } from '../../door/purse.ts';
import { type Challenge, challengeHeader, type OpenedPurse } from '../../door/purses.ts';
import type { NewsReader } from '../../door/reader.ts';
import { JobError, type JobFailure } from '../../errors.ts';
import { type Msats, msats, subtract, toNumber, ZERO_MSATS } from '../../payment/msats.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import type { Sieve } from '../sieve.ts';
import { endedSilently, errorOf } from './answer.ts';

/** The caller has to pay first: 402, with a challenge that it can pay where it is not the key's owner who has to. */
export class PaymentNeeded extends Error {
  override readonly name = 'PaymentNeeded';
  readonly failure: JobFailure;
  /** `WWW-Authenticate`; null where only the purse's owner can do something. */
  readonly header: string | null;

  constructor(failure: JobFailure, header: string | null) {
    super(failure.message);
    this.failure = failure;
    this.header = header;
  }
}

export interface Sieves {
  /** Invoices for those without a key. */
  readonly challenges: Sieve;
  /** Jobs of those without a key. */
  readonly guests: Sieve;
}

/** A job that has begun to be answered. */
export interface Served {
  readonly job: PostedJob;
  /** The first thing to tell: a piece of the answer, or its end; `silent` where that takes longer. */
  readonly first: HeardNews | 'silent';
  /** What comes after it. */
  readonly reader: NewsReader;
  /**
   * The caller has gone. Calls the job off, unless it has a name by which its answer is asked for again, or a part of an
   * answer that costs something was told: that is to be paid for.
   */
  left(told: boolean): void;
}

type ServePorts = Pick<HttpPorts, 'door' | 'purses' | 'clock' | 'log'>;

/**
 * Posts an order from the purse of whoever asks, and waits for the first word on it.
 *
 * @param text the body, by which the same `Idempotency-Key` is the same request
 * @param patience_ms after which nothing to tell is told; until then a failure is one of the whole request
 * @throws JobError what the door refuses; PaymentNeeded
 */
export async function serve(
  c: Context<AppEnv>,
  ports: ServePorts,
  sieves: Sieves,
  slug: string,
  orderFor: (agent: Order['agent']) => Order,
  text: string,
  patience_ms: number,
): Promise<Served> {
  const { door, purses } = ports;
  const opened = await purses.open(c.req.header('Authorization'));
  const order = orderFor(agentOf(ports, slug));
  // Before it is asked to pay for what it may not have.
  if (opened !== null) assertMayHire(opened, slug);
  const price = door.price(order);
  const key = opened === null ? undefined : c.req.header('Idempotency-Key');
  const idempotency: Idempotency | undefined = key === undefined ? undefined : { key, content: text };
  const missing = await missingFor(ports, opened, price);
  // Under a key it may have been paid long ago; its own session says so.
  if (missing > 0n && idempotency === undefined) throw await needed(c, ports, sieves, opened, order, missing);
  if (opened === null && !sieves.guests.lets(c.req.header('cf-connecting-ip'), ports.clock()))
    throw tooOften('jobs');
  const purse = opened ?? purses.guest();
  const job = await door.post(purse, order, idempotency);
  c.header('X-Errand-Job', job.id);
  const leaving = new AbortController();
  const left = (told: boolean) => {
    if (leaving.signal.aborted) return;
    leaving.abort();
    if ((!told || price === 0n) && idempotency === undefined) later(c, ports, door.cancel(purse, job.id));
  };
  const reader = door.reader(job.news(leaving.signal));
  const gone = () => left(false);
  c.req.raw.signal.addEventListener('abort', gone);
  try {
    let first = await firstWord(reader, patience_ms);
    // Of a job that was asked for before, the first word may be a demand that was met long ago.
    if (job.repeated && first !== 'silent' && first.type === 'payment') {
      if (missing === 0n) await door.credited(purse, job.id);
      if ((await door.phase(purse, job.id)) !== 'waiting') first = await firstWord(reader, patience_ms);
    }
    if (first !== 'silent' && first.type === 'payment') {
      leaving.abort();
      if (idempotency === undefined) await door.cancel(purse, job.id);
      throw await unpaid(c, ports, sieves, opened, order, job.id, first.demand, idempotency !== undefined);
    }
    // Nothing has gone out yet, so it is told with its status, and the client knows what to do.
    if (first !== 'silent' && first.type === 'error') throw errorOf(first.failure);
    if (first !== 'silent' && first.type === 'over') throw endedSilently(first.phase);
    return { job, first, reader, left };
  } finally {
    c.req.raw.signal.removeEventListener('abort', gone);
  }
}

/** Waits for a piece of the answer, a demand for money, or the end; what a job tells before is for others. */
async function firstWord(reader: NewsReader, patience_ms: number): Promise<HeardNews | 'silent'> {
  for (;;) {
    const news = await reader.next(patience_ms);
    if (news === null) throw new JobError('SERVICE_UNAVAILABLE', 'the request was given up');
    if (news === 'silent' || news.type !== 'progress') return news;
  }
}

/** Has something done for which nobody waits any more. */
function later(c: Context<AppEnv>, { log }: ServePorts, work: Promise<void>): void {
  const guarded = work.catch((error: unknown) => {
    log({ level: 'error', message: 'a job was not called off', requestId: c.get('requestId'), error });
  });
  c.executionCtx.waitUntil(guarded);
}

/** @throws JobError NOT_FOUND in OpenAI's words */
export function agentOf({ door }: Pick<HttpPorts, 'door'>, slug: string): Order['agent'] {
  const agent = door.agents.find((one) => one.slug === slug);
  if (agent !== undefined) return agent;
  throw new JobError('NOT_FOUND', 'no model of this name is here; GET /v1/models lists them', {
    reason: 'model_not_found',
    path: 'model',
  });
}

async function missingFor(ports: ServePorts, purse: OpenedPurse | null, price: Msats): Promise<Msats> {
  if (price === 0n) return ZERO_MSATS;
  const credit = purse === null ? ZERO_MSATS : await ports.purses.credit(purse, price);
  return credit >= price ? ZERO_MSATS : subtract(price, credit);
}

/** What a caller without enough in its purse is told: to pay, or, where another's key is used up, to say so to its owner. */
async function needed(
  c: Context<AppEnv>,
  { purses, clock }: ServePorts,
  { challenges }: Sieves,
  purse: OpenedPurse | null,
  { agent }: Order,
  missing: Msats,
): Promise<PaymentNeeded> {
  if (purse?.kind === 'key') {
    const details = { missing_msats: toNumber(missing) };
    const message =
      'the budget of this key does not cover the request; its owner can add to it (POST /account/keys/<id>/budget)';
    return new PaymentNeeded({ code: 'INSUFFICIENT_FUNDS', message, details }, null);
  }
  if (!challenges.lets(c.req.header('cf-connecting-ip'), clock())) throw tooOften('invoices');
  const challenge = await purses.challenge(purse, agent.slug, missing);
  return new PaymentNeeded(payFirst(challenge), challengeHeader(challenge));
}

function payFirst({ macaroon, invoice }: Challenge): JobFailure {
  const { bolt11, amount, paymentHash, expiresAt_s } = invoice;
  return {
    code: 'PAYMENT_REQUIRED',
    message: `pay the invoice over ${toNumber(amount) / 1_000} sats, and send the request with Authorization: L402 <macaroon>:<preimage>`,
    details: {
      macaroon,
      invoice: bolt11,
      amount_msats: toNumber(amount),
      payment_hash: paymentHash,
      expires_at: expiresAt_s,
    },
  };
}

/** The credit went to another request in the meantime, or a conversation made this one dearer than it looked. */
async function unpaid(
  c: Context<AppEnv>,
  ports: ServePorts,
  sieves: Sieves,
  purse: OpenedPurse | null,
  order: Order,
  jobId: string,
  { bolt11, amount_msats, paymentHash, expiresAt_s }: Demand,
  named: boolean,
): Promise<PaymentNeeded> {
  // Its own invoice is of use to who asks for this very job again. A token is filled by its next one instead.
  if (!named || purse?.kind !== 'key') {
    const credit = purse === null ? ZERO_MSATS : await ports.purses.credit(purse, ZERO_MSATS);
    const price = msats(amount_msats);
    const missing = credit < price ? subtract(price, credit) : price;
    return await needed(c, ports, sieves, purse, order, missing);
  }
  const failure: JobFailure = {
    code: 'PAYMENT_REQUIRED',
    message:
      'the budget of this key does not cover the request: pay its own invoice, then send it again with the same Idempotency-Key',
    details: {
      invoice: bolt11,
      amount_msats,
      payment_hash: paymentHash,
      expires_at: expiresAt_s,
      job_id: jobId,
    },
  };
  return new PaymentNeeded(failure, null);
}

function tooOften(what: string): JobError {
  return new JobError('RATE_LIMIT_EXCEEDED', `too many ${what} without a key from this address`, {
    retry_after_s: 10,
  });
}
