/**
 * Brings the hired jobs of one run forward, a look at a time: posts what no relay has taken yet, reads what was answered,
 * has the invoice paid. What is decided is stored before anything is done about it, and everything that is done can be
 * done again: the same event, the same invoice, the same payment.
 */

import type { Json } from '../../errors.ts';
import { HIRE_LOOK_BASE_MS, HIRE_LOOK_MAX_MS } from '../../limits.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import type { AgentKinds } from '../../nostr/kinds.ts';
import { ZERO_MSATS } from '../../payment/msats.ts';
import { type AnswerEvent, readAnswer } from '../../protocol/answers.ts';
import type { HireOutcome, HireWish } from '../tools/hire.ts';
import {
  calledOff,
  type Heard,
  type HireJob,
  heard,
  openHire,
  outcomeOf,
  overdue,
  type PaymentNews,
  paymentHeard,
} from './job.ts';
import type { HireStore } from './store.ts';

export interface HirePlace {
  /** Public key, hex. */
  readonly agent: string;
  /** Where it is posted and asked for, besides our own relay. */
  readonly relays: readonly string[];
  /** How it is asked; left out, by a sealed task of the agent NIP. */
  readonly way?: HireWay;
}

/** A request that is handed on as it came, in the words the agent understands. */
export interface HireWay {
  readonly dialect: 'agent' | 'nip90';
  /** Of the request. */
  readonly kind: number;
  /** The agent NIP's `request`, as JSON. */
  readonly request: { readonly [key: string]: Json };
  /** NIP-90's inputs and parameters, as tags. */
  readonly tags: readonly (readonly string[])[];
  /** Whether it must not be read by others: its client has sealed it. */
  readonly sealed: boolean;
}

export interface HirePorts {
  /** Unix ms. */
  now(): number;
  readonly kinds: AgentKinds;
  /** Signs a request for a task of ours with the key we hire by, readable by that agent alone. */
  request(wish: HireWish, place: HirePlace): NostrEvent;
  /** Posts it. @returns whether every relay has taken it */
  post(job: HireJob): Promise<boolean>;
  /** What was answered to it so far, verified, in any order; nothing signed by ourselves. */
  answers(job: HireJob): Promise<readonly NostrEvent[]>;
  /** An answer as it was before it was sealed for us; null where it cannot be read. */
  open(event: NostrEvent): AnswerEvent | null;
  /**
   * Has the account of this one hire pay its invoice, or says what became of that. Repeat-safe: asked again, the same
   * payment is meant.
   */
  pay(job: HireJob): Promise<PaymentNews>;
  /** Something has become of a job: whoever waits for it may ask. Never rejects. */
  told(job: HireJob): void;
  /** A place at which a test may end the process: `hire-asked`, `hire-paid`. */
  fault(point: string, about: string): Promise<void>;
  log(what: string, error: unknown): void;
}

export class HireDesk {
  readonly #store: HireStore;
  readonly #ports: HirePorts;

  constructor(store: HireStore, ports: HirePorts) {
    this.#store = store;
    this.#ports = ports;
  }

  /**
   * The job of that key: begun now, or known.
   *
   * @param latest_ms when nobody waits for it any more, Unix ms
   * @returns its outcome; null while it is under way
   */
  hire(key: string, wish: HireWish, place: HirePlace, latest_ms: number): HireOutcome | null {
    const known = this.#store.find(key);
    if (known !== null) return outcomeOf(known);
    if (this.#store.closed)
      return { type: 'failed', reason: 'nobody is hired any more', cost_msats: ZERO_MSATS };
    const request = this.#ports.request(wish, place);
    const { agent } = place;
    const opening = { key, agent, most_msats: wish.most_msats, relays: [...place.relays], latest_ms };
    this.#store.save(
      openHire({ ...opening, request: { ...request, tags: request.tags.map((tag) => [...tag]) } }, this.#now),
    );
    return null;
  }

  /** The run is over: nobody is hired any more, and whoever was not yet to be paid is not. */
  close(): void {
    this.#store.close((job) => calledOff(job));
  }

  /** Looks at every job that is due, one after the other. Never rejects. */
  async look(): Promise<void> {
    for (const job of this.#store.due(this.#now)) {
      if (this.#store.find(job.key)?.phase === 'done') continue;
      try {
        await this.#advance(job);
      } catch (error) {
        this.#ports.log('a hired job could not be looked at', error);
        // As it is stored by now: the invoice that was chosen may be on its way to be paid.
        const now = this.#store.find(job.key) ?? job;
        if (now.phase !== 'done') this.#again(now);
      }
    }
  }

  async #advance(before: HireJob): Promise<void> {
    const posted = before.posted || (await this.#ports.post(before));
    const events = await this.#ports.answers(before);
    // It may have been called off in the meantime.
    if (this.#store.find(before.key)?.phase === 'done') return;
    let job = heard({ ...before, posted }, this.#read(events), this.#now);
    job = overdue(job, this.#now);
    if (job.phase === 'paying') {
      // The invoice is chosen for good before anybody is asked to pay it.
      this.#store.save(job);
      await this.#ports.fault('hire-asked', job.key);
      const news = await this.#ports.pay(job);
      await this.#ports.fault('hire-paid', job.key);
      job = paymentHeard(job, news, this.#now);
    }
    const news = JSON.stringify(job.news) !== JSON.stringify(before.news);
    this.#again(job, news || job.phase !== before.phase);
  }

  /** Stores a job until its next look: soon when something has happened, else later each time. */
  #again(job: HireJob, moved = false): void {
    const lookDelay_ms = moved ? HIRE_LOOK_BASE_MS : Math.min(HIRE_LOOK_MAX_MS, job.lookDelay_ms * 1.5);
    this.#store.save({ ...job, lookDelay_ms, lookAt_ms: this.#now + Math.round(lookDelay_ms) });
    if (moved) this.#ports.told(job);
  }

  #read(events: readonly NostrEvent[]): Heard[] {
    const unique = [...new Map(events.map((event) => [event.id, event])).values()];
    return unique
      .toSorted((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1))
      .flatMap((event) => {
        const open = this.#ports.open(event);
        return open === null ? [] : [{ by: event.pubkey, answer: readAnswer(open, this.#ports.kinds) }];
      });
  }

  get #now(): number {
    return this.#ports.now();
  }
}
