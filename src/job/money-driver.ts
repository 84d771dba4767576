/**
 * Drives one of the money machines of a job (invoice, escrow): what a step means for the job is stored with it, then
 * its effects are performed, and what comes of them are inputs again. An effect that failed, or whose process died, is
 * wanted again by the machine's next tick.
 */
import type { Clock } from '../clock.ts';
import { isOnlyLater, type Looking, type Step } from '../payment/machine.ts';
import type { Report } from '../protocol/model.ts';
import type { Live } from './live.ts';
import type { LiveJobs } from './live-jobs.ts';
import type { JobMoney } from './money.ts';
import type { JobInput } from './types.ts';

/** What money tells the job machine. */
export type MoneyNews = JobInput<'ready' | 'lapse' | 'cleared' | 'defunded'>;

/** Stores a step of a job's money: what it is now, what the client is told of it, and what it means for the job. */
export type StoreMoney = (
  live: Live,
  money: JobMoney,
  reports: readonly Report[],
  news: MoneyNews | null,
) => void;

/** What a step means, as far as its effects were looked at. */
export interface Meaning {
  readonly money: JobMoney;
  readonly reports: readonly Report[];
  readonly news: MoneyNews | null;
}

/** A machine and its place in a job's money. */
export interface Driven<State, Input, Effect extends { readonly type: string }> {
  /** For the log. */
  readonly name: string;
  stateOf(money: JobMoney): State | null;
  withState(money: JobMoney, state: State): JobMoney;
  advance(state: State, input: Input, now_ms: number): Step<State, Effect>;
  /** What an effect means for the job, stored with the state that asked for it. */
  meaning(live: Live, effect: Effect, state: State, before: Meaning): Meaning;
  /** Does what an effect wants done. What comes of it, if anything, is an input. */
  perform(live: Live, effect: Effect): Promise<Input | null>;
}

export interface DriverPorts {
  readonly clock: Clock;
  defer(work: Promise<void>): void;
  log(what: string, jobId: string, error: unknown): void;
}

export class MoneyDriver<State extends Looking, Input, Effect extends { readonly type: string }> {
  readonly #driven: Driven<State, Input, Effect>;
  readonly #ports: DriverPorts;
  readonly #lives: Pick<LiveJobs, 'renew'>;
  readonly #store: StoreMoney;

  constructor(
    driven: Driven<State, Input, Effect>,
    ports: DriverPorts,
    lives: Pick<LiveJobs, 'renew'>,
    store: StoreMoney,
  ) {
    this.#driven = driven;
    this.#ports = ports;
    this.#lives = lives;
    this.#store = store;
  }

  /** Gives a job this machine, in its first state. */
  open(live: Live, money: JobMoney, step: Step<State, Effect>): void {
    this.#apply(live, money, null, step);
  }

  /** Feeds the machine of a job that has one. */
  input(live: Live, input: Input): void {
    const { money } = live.record;
    const state = money === null ? null : this.#driven.stateOf(money);
    if (money === null || state === null) return;
    const step = this.#driven.advance(state, input, this.#ports.clock());
    if (step.state !== state || step.effects.length > 0) this.#apply(live, money, state, step);
  }

  #apply(live: Live, money: JobMoney, old: State | null, { state, effects }: Step<State, Effect>): void {
    const unchanged: Meaning = { money: this.#driven.withState(money, state), reports: [], news: null };
    const meaning = effects.reduce(
      (before, effect) => this.#driven.meaning(live, effect, state, before),
      unchanged,
    );
    const says = meaning.reports.length > 0 || meaning.news !== null;
    // When the wallet is asked next is not worth a written row: losing that has it asked sooner.
    if (old !== null && !says && isOnlyLater(old, state))
      this.#lives.renew(live, { ...live.record, money: meaning.money });
    else this.#store(live, meaning.money, meaning.reports, meaning.news);
    for (const effect of effects) this.#ports.defer(this.#perform(live, effect));
  }

  async #perform(live: Live, effect: Effect): Promise<void> {
    const { id } = live.record.job;
    try {
      const input = await this.#driven.perform(live, effect);
      if (input !== null) this.input(live, input);
    } catch (error) {
      this.#ports.log(`the ${this.#driven.name} of a job failed at ${effect.type}`, id, error);
    }
  }
}
