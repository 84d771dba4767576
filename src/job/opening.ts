/** How a request that was taken becomes a job: its price, what it waits for, where its answers go. */
import { PUBLISH_MAX_RELAYS } from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { refuseQuote } from '../payment/pricing.ts';
import type { Inbox } from './inbox.ts';
import type { Journal } from './journal.ts';
import type { Live } from './live.ts';
import { openJob, rejectJob } from './machine.ts';
import { type JobMoney, openMoney } from './money.ts';
import { EMBEDDED } from './outbox.ts';
import type { SessionPorts } from './ports.ts';
import type { Taken } from './taking.ts';
import type { Till } from './till.ts';
import { MONEY, type Transition } from './types.ts';
import { prerequisites } from './waiting.ts';

/** A request with its price. */
export type Priced = Taken & { readonly money: JobMoney | null };

/**
 * Quotes a request, and has the price set aside from the client's credit where that covers it: credit is spent
 * before an invoice is made.
 */
export async function price(
  ports: Pick<SessionPorts, 'quote' | 'money'>,
  till: Till | null,
  taken: Taken,
  journal: Journal,
): Promise<Priced> {
  const { request, body } = taken;
  if (body === null || till === null || ports.money === null) return { ...taken, money: null };
  const quote = ports.quote(body, request.envelope.session === null ? [] : journal.history());
  if (quote === null) return { ...taken, money: null };
  const refusal = refuseQuote(quote, body);
  if (refusal !== null) return { request, body: null, failure: refusal, money: null };
  const { id, client } = request.envelope;
  return { ...taken, money: openMoney(quote, await till.reserve(id, client, quote.max), ports.money.terms) };
}

/** The job and the first thing that is to be stored of it. */
export function newJob(
  ports: Pick<SessionPorts, 'clock' | 'timeLimit_ms' | 'namedTargets'>,
  { request, body, failure, money }: Priced,
  event: NostrEvent,
  via: string,
  unfinished: Iterable<Live>,
  inbox: Inbox,
): { readonly live: Live; readonly opened: Transition } {
  const { envelope } = request;
  const now_ms = ports.clock();
  const owed = money !== null && !money.reserved ? [MONEY] : [];
  const opening = {
    id: envelope.id,
    startBy_ms: envelope.expiresAt_s === null ? null : envelope.expiresAt_s * 1000,
    timeLimit_ms: ports.timeLimit_ms,
    waitingFor: body === null ? [] : [...owed, ...prerequisites(body, envelope.session, unfinished)],
  };
  const opened = failure === null ? openJob(opening, now_ms) : rejectJob(opening, failure, now_ms);
  const named = ports.namedTargets(request);
  const read = named.length > 0 ? [] : inbox.known(now_ms);
  const record = {
    job: opened.job,
    request: event,
    via,
    targets: [...new Set([EMBEDDED, via, ...named, ...(read ?? [])])].slice(0, PUBLISH_MAX_RELAYS),
    lookup: read === null,
    outbox: [],
    money,
    inputs: {},
    unprojected: false,
    resultId: null,
    wraps: envelope.sealing === 'giftwrap' ? [event.id] : [],
  };
  return { live: { request, body, abort: null, working: null, record }, opened };
}
