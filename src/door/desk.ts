/**
 * The desk behind the doors that speak of jobs (MCP, A2A): orders in plain words, each with the most it may cost, and jobs
 * watched until there is something to say.
 */
import { JobError, type Json } from '../errors.ts';
import { JOB_MAX_SESSION_ID_CHARS } from '../limits.ts';
import { msatsFromSats, toNumber } from '../payment/msats.ts';
import type { KeyedAgent } from '../protocol/agent.ts';
import { isObject, type JsonObject } from '../protocol/json.ts';
import type { Callers } from './caller.ts';
import type { Door, Idempotency } from './door.ts';
import type { HeardNews } from './news.ts';
import type { Order } from './order.ts';
import type { Purse } from './purse.ts';
import { folded, hasEnded, type JobView, newView, waitsForCaller } from './view.ts';

/** What somebody wants done. */
export interface Wish {
  readonly agent: KeyedAgent;
  /** What is asked for: the last user message. */
  readonly text: string;
  /** What goes before it: messages in the shape of chat completions. */
  readonly messages?: readonly Json[];
  readonly parameters?: JsonObject;
  /** Contract with its check (PROTOCOL §6). */
  readonly contract?: JsonObject;
  /** Name of the conversation it goes on; a new name begins one. */
  readonly session?: string;
  /** The most it may cost, whole sats. Needed for whatever is not free. */
  readonly max_sats?: number;
  /** The caller's own name for the request, so that asking again is the same job. */
  readonly key?: CallKey;
}

/** By what a call is known when it comes again, and when it is called off. */
export interface CallKey {
  readonly name: string;
  /** What tells this call from a later one of the same name; where it is left out, what is asked for does. */
  readonly call?: string;
}

/** A job under watch: its view so far, and the news to come. */
export interface Watched {
  readonly view: JobView;
  readonly news: AsyncGenerator<HeardNews, void>;
  /** Whether a demand for payment is no reason to stop: it was met already, or is waited for. */
  readonly through: boolean;
}

export interface WatchOptions {
  /** Called for each piece of news, with the view it made. */
  readonly onNews?: (view: JobView, news: HeardNews) => Promise<void> | void;
}

export class Desk {
  readonly door: Door;
  readonly callers: Callers;
  readonly #lendNothing: (purse: Purse) => Promise<void>;

  /** @param lendNothing makes an account one that only spends what is in it: who can be anybody is trusted with nothing */
  constructor(door: Door, callers: Callers, lendNothing: (purse: Purse) => Promise<void>) {
    this.door = door;
    this.callers = callers;
    this.#lendNothing = lendNothing;
  }

  /**
   * Posts a job, whose session refuses it if it may cost more than `max_sats`.
   *
   * @param caller whose credit pays; a conversation of a guest is paid by that guest
   * @param signal ends the news, and not the job
   * @throws JobError BAD_REQUEST with `details.reason` `max_sats_required`, INSUFFICIENT_FUNDS for what is dearer, and what
   *   {@link Door.post} throws
   */
  async post(caller: Purse, wish: Wish, signal?: AbortSignal): Promise<Watched> {
    const { agent, key } = wish;
    const talk = wish.session === undefined ? null : this.callers.conversation(caller, wish.session);
    const purse = talk?.purse ?? caller;
    const order = orderOf(wish, talk?.session);
    if (this.#assertCap(order, wish.max_sats) > 0 && isMadeUp(purse)) await this.#lendNothing(purse);
    const idempotency = key === undefined ? undefined : idempotencyOf(key, order);
    const posted = await this.door.post(purse, order, idempotency);
    const session = talk === null ? null : this.callers.nameOf(purse, talk.session);
    return {
      view: newView(this.callers.nameOf(purse, posted.id), agent.slug, session),
      news: posted.news(signal),
      through: posted.repeated && !(await this.#isWaiting(purse, posted.id)),
    };
  }

  /** A job by its name, with everything it has said so far still to be told. @throws JobError NOT_FOUND */
  async follow(caller: Purse, name: string, signal?: AbortSignal): Promise<Watched> {
    const { purse, jobId } = this.callers.job(caller, name);
    const { agent, phase } = await this.door.look(purse, jobId);
    return {
      view: newView(this.callers.nameOf(purse, jobId), agent, null),
      news: await this.door.follow(purse, jobId, signal === undefined ? {} : { signal }),
      through: phase !== 'waiting',
    };
  }

  /** How a job stands at this moment. @throws JobError NOT_FOUND */
  async look(caller: Purse, name: string): Promise<JobView> {
    const { purse, jobId } = this.callers.job(caller, name);
    const { agent } = await this.door.look(purse, jobId);
    const view = newView(this.callers.nameOf(purse, jobId), agent, null);
    return await watch({ view, news: await this.door.soFar(purse, jobId), through: true });
  }

  async #isWaiting(purse: Purse, jobId: string): Promise<boolean> {
    return (await this.door.look(purse, jobId)).phase === 'waiting';
  }

  /** Calls a job off, or erases what is kept of one that has ended. @throws JobError NOT_FOUND */
  async cancel(caller: Purse, name: string): Promise<void> {
    const { purse, jobId } = this.callers.job(caller, name);
    await this.door.cancel(purse, jobId);
  }

  /** Says something to the team at work on a job. @throws JobError NOT_FOUND, or BAD_REQUEST for who works alone */
  async say(caller: Purse, name: string, text: string): Promise<void> {
    const { purse, jobId } = this.callers.job(caller, name);
    await this.door.say(purse, jobId, text);
  }

  /** @returns the most the order may cost, msats. @throws JobError when that is more than it may */
  #assertCap(order: Order, max_sats: number | undefined): number {
    const price = toNumber(this.door.price(order));
    if (price === 0) return price;
    const price_sats = Math.ceil(price / 1_000);
    if (max_sats === undefined) {
      throw new JobError(
        'BAD_REQUEST',
        `${order.agent.slug} works for money, up to ${price_sats} sats for this: say max_sats`,
        { reason: 'max_sats_required', price_sats },
      );
    }
    if (price <= max_sats * 1_000) return price;
    throw new JobError(
      'INSUFFICIENT_FUNDS',
      `This may cost ${price_sats} sats, which is more than max_sats`,
      {
        price_sats,
        max_sats,
      },
    );
  }
}

/** Whether a purse is of somebody who may be new each time. */
function isMadeUp({ kind }: Purse): boolean {
  return kind === 'guest' || kind === 'nostr';
}

/** What was heard, and how the job stands after it. */
export interface Heard {
  readonly view: JobView;
  readonly news: HeardNews;
}

/** The news of a job until it ends, waits for its caller, or the signal it is followed with says so. */
export async function* heard({ view: first, news, through }: Watched): AsyncGenerator<Heard, void> {
  let view = first;
  try {
    for await (const one of news) {
      view = folded(view, one);
      yield { view, news: one };
      if (hasEnded(view) || (waitsForCaller(view) && !through)) return;
    }
  } finally {
    await news.return();
  }
}

/** Hears all of that. @returns the last view */
export async function watch(watched: Watched, { onNews }: WatchOptions = {}): Promise<JobView> {
  let last = watched.view;
  for await (const { view, news } of heard(watched)) {
    last = view;
    await onNews?.(view, news);
  }
  return last;
}

function orderOf(wish: Wish, session: string | undefined): Order {
  const { agent, text, messages = [], parameters = {}, contract, max_sats } = wish;
  if (session !== undefined && (session === '' || session.length > JOB_MAX_SESSION_ID_CHARS))
    throw new JobError('BAD_REQUEST', `a session has a name of 1 to ${JOB_MAX_SESSION_ID_CHARS} characters`);
  if (max_sats !== undefined && msatsFromSats(max_sats) === null)
    throw new JobError('BAD_REQUEST', 'max_sats must be a whole number of sats');
  // The session itself holds the job to it, also where a conversation makes it dearer than it looked.
  const agreed = capped(contract, max_sats);
  return {
    agent,
    request: { messages: [...messages, { role: 'user', content: text }], parameters },
    ...(agreed === null ? {} : { contract: agreed }),
    ...(session === undefined ? {} : { session }),
  };
}

function idempotencyOf({ name, call }: CallKey, { request, contract = null }: Order): Idempotency {
  return call === undefined
    ? { key: name, content: JSON.stringify([request, contract]) }
    : { key: name, content: call, anew: true };
}

/** The contract with the cap in it; the lower one where it names an amount itself. */
function capped(contract: JsonObject | undefined, max_sats: number | undefined): JsonObject | null {
  if (max_sats === undefined) return contract ?? null;
  const own = isObject(contract) ? contract.payment_amount_sats : undefined;
  const amount = typeof own === 'number' ? Math.min(own, max_sats) : max_sats;
  return { ...contract, payment_amount_sats: amount };
}
