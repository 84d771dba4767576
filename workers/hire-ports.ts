/** The ways of hired jobs to the world: relays, and the account that pays the one invoice of each. */
import type { HirePorts } from '../src/agent/hire/desk.ts';
import type { HireJob, PaymentNews } from '../src/agent/hire/job.ts';
import { systemClock } from '../src/clock.ts';
import { HIRE_MAX_ANSWERS } from '../src/limits.ts';
import { type NostrEvent, sha256Hex, signAs } from '../src/nostr/event.ts';
import type { Filter } from '../src/nostr/filter.ts';
import { DecryptionError, decryptNip44 } from '../src/nostr/nip44.ts';
import { type Entry, toPlainEntry } from '../src/payment/ledger.ts';
import { hired, unhired } from '../src/payment/ledger-entries.ts';
import { openedAnswer } from '../src/protocol/answer-opening.ts';
import { answerKinds } from '../src/protocol/answers.ts';
import type { Env } from './env.ts';
import { tellSession } from './external-desk.ts';
import { faultPoint } from './faults.ts';
import { hireRequest } from './hire-request.ts';
import { marketplaceOf } from './marketplace.ts';
import { publishTo, queryFrom } from './relays.ts';
import { EMBEDDED } from './rpc.ts';

/** @param run names the object, and with a job's key the account that pays for it */
export function hirePorts(env: Env, run: string): HirePorts {
  const { config, hiringKeys } = marketplaceOf(env);
  const { kinds } = config;
  return {
    now: systemClock,
    kinds,

    request(wish, place) {
      if (hiringKeys === null) throw new Error('nobody is hired without a wallet');
      return signAs(hireRequest(config, hiringKeys, wish, place, systemClock()), hiringKeys);
    },

    told: (job) => tellSession(env, run, job),

    async post({ request, relays }) {
      const taken = await Promise.all([EMBEDDED, ...relays].map((target) => takes(env, target, request)));
      return taken.every(Boolean);
    },

    async answers({ request, relays, agent }) {
      const filter: Filter = {
        kinds: answerKinds(request.kind, kinds).filter((kind) => kind !== kinds.delta),
        '#e': [request.id],
        authors: [agent],
        limit: HIRE_MAX_ANSWERS,
      };
      const found = await Promise.all(
        [EMBEDDED, ...relays].map((source) => ask(env, source, filter, request.id)),
      );
      return found.flat();
    },

    open(event) {
      // Who does not seal what answers a sealed request is read all the same.
      const isSealed = event.tags.some(([name]) => name === 'encrypted') && event.content !== '';
      if (!isSealed || hiringKeys === null) return event;
      try {
        return openedAnswer(event, decryptNip44(event.content, hiringKeys, event.pubkey));
      } catch (error) {
        if (!(error instanceof DecryptionError)) throw error;
        console.warn('an answer to a hired job cannot be read', event.id);
        return null;
      }
    },

    pay: (job) => pay(env, run, job),
    fault: (point, about) => faultPoint(env, point, about),
    log: (what, error) => console.error(what, run, error),
  };
}

async function takes(env: Env, target: string, event: NostrEvent): Promise<boolean> {
  try {
    const outcomes = await publishTo(env, target, [event]);
    return outcomes.some(({ id, ok }) => id === event.id && ok);
  } catch (error) {
    console.warn('a hired job could not be posted', target, error);
    return false;
  }
}

async function ask(env: Env, source: string, filter: Filter, about: string): Promise<NostrEvent[]> {
  try {
    return await queryFrom(env, source, [filter], HIRE_MAX_ANSWERS);
  } catch (error) {
    // Another relay may have them, and the next look asks this one again.
    console.warn('a relay was not to be asked about a hired job', source, about, error);
    return [];
  }
}

/**
 * The account of this one hire gets what the invoice asks for, as an expense, and pays it as any refund is paid: hash
 * bound to it, claimed in the books before anything is sent, given up only when it can no longer be paid
 * (src/payment/payout.ts). What it did not pay goes back.
 */
async function pay(env: Env, run: string, job: HireJob): Promise<PaymentNews> {
  const { bolt11, paymentHash, amount_msats } = job;
  if (bolt11 === null || paymentHash === null) throw new Error(`the hire ${job.key} has no invoice to pay`);
  const name = hireAccount(run, job.key);
  const account = () => env.ACCOUNT.getByName(name);
  const book = async (entry: Entry) => {
    const [result] = await account().post([toPlainEntry(entry)]);
    if (result !== 'posted' && result !== 'repeated') throw new Error(`the books refuse a hire: ${result}`);
  };
  await book(hired(name, paymentHash, amount_msats));
  const view = await account().refundBy(bolt11);
  if ('code' in view) {
    if (view.code !== 'BAD_REQUEST' && view.code !== 'INSUFFICIENT_FUNDS') return { state: 'unknown' };
    await book(unhired(name, paymentHash, amount_msats));
    return { state: 'refused', reason: String(view.details?.reason ?? view.message) };
  }
  switch (view.state) {
    case 'paid':
      return { state: 'paid' };
    case 'waiting':
    case 'sending':
      return { state: 'unknown' };
    case 'returned':
    case 'cancelled':
      await book(unhired(name, paymentHash, amount_msats));
      return { state: 'refused', reason: view.problem ?? view.state };
  }
}

/** The account object of one hire. Clients' are named by public keys and owners' by `payee:`, so it is nobody else's. */
export function hireAccount(run: string, key: string): string {
  return `hire:${sha256Hex(JSON.stringify([run, key]))}`;
}
