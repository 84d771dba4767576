/** What a request that was taken costs, and how that is paid: by whom it comes, or by the request it repeats. */
import { refuseQuote } from '../payment/pricing.ts';
import type { Journal } from './journal.ts';
import type { Live } from './live.ts';
import type { LiveJobs } from './live-jobs.ts';
import type { JobMoney } from './money.ts';
import type { SessionPorts } from './ports.ts';
import { notPaid, resent } from './resent.ts';
import type { Taken } from './taking.ts';
import type { Till } from './till.ts';

/** A request with its price, and the job that it is the request of already (resent.ts). */
export type Priced = Taken & { readonly money: JobMoney | null; readonly again: string | null };

/**
 * Prices a request. One that comes again with an invoice costs nothing, because its first one does.
 *
 * @param till null where nothing has a price
 * @param cancel calls a job off
 */
export async function price(
  ports: Pick<SessionPorts, 'quote'>,
  till: Till | null,
  taken: Taken,
  journal: Journal,
  lives: LiveJobs,
  cancel: (live: Live) => void,
): Promise<Priced> {
  if (till === null) return { ...taken, money: null, again: null };
  const { request, body } = taken;
  const found = resent(taken, lives.all());
  if (found.type === 'again') {
    const { first } = found;
    lives.store(first, { ...first.record, again: request.envelope.id });
    return { ...taken, money: null, again: first.record.job.id };
  }
  if (found.type === 'instead') cancel(found.first);
  const usable: Taken =
    found.type === 'refused' ? { request, body: null, verified: null, failure: found.failure } : taken;
  const priced = await fund(ports, till, usable, journal);
  // It says that it is paid, so asking for money once more would be asking twice.
  const named = found.type === 'new' && body !== null && body.bolt11 !== null;
  return named && priced.money?.reserved === false
    ? { request, body: null, verified: null, failure: notPaid(), money: null, again: null }
    : priced;
}

/** Quotes a request and settles how it is paid for; one that is refused gives back what an earlier delivery set aside. */
async function fund(
  ports: Pick<SessionPorts, 'quote'>,
  till: Till,
  taken: Taken,
  journal: Journal,
): Promise<Priced> {
  const { request, body } = taken;
  const { id, client, session } = request.envelope;
  const free = { ...taken, money: null, again: null };
  if (body === null) {
    await till.abandon(id);
    return free;
  }
  const quote = ports.quote(body, session === null ? [] : journal.history());
  if (quote === null) return free;
  const refusal = refuseQuote(quote, body);
  if (refusal === null) return { ...free, money: await till.fund(id, client, quote) };
  await till.abandon(id);
  return { request, body: null, verified: null, failure: refusal, money: null, again: null };
}
