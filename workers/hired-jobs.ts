/** The durable object of what one run has hired: it keeps the jobs, and looks after them by alarm until they end. */
import { DurableObject } from 'cloudflare:workers';
import { HireDesk, type HirePlace } from '../src/agent/hire/desk.ts';
import { committed, outcomeOf } from '../src/agent/hire/job.ts';
import { HireStore } from '../src/agent/hire/store.ts';
import type { HireOutcome, HireWish } from '../src/agent/tools/hire.ts';
import { systemClock } from '../src/clock.ts';
import { HIRE_KEEP_MS } from '../src/limits.ts';
import { msatsSchema } from '../src/payment/msats.ts';
import { type Plain, toPlain } from '../src/payment/wallet-json.ts';
import type { Env } from './env.ts';
import { hirePorts } from './hire-ports.ts';
import type { HiredJobsRpc, HireView } from './hire-rpc.ts';
import { durableSql } from './sql.ts';

/** Pause before an alarm that failed is tried again, ms. */
const ALARM_RETRY_MS = 10_000;

interface Parts {
  readonly store: HireStore;
  readonly desk: HireDesk;
}

export class HiredJobs extends DurableObject<Env> implements HiredJobsRpc {
  #parts: Parts | null = null;

  async hire(
    key: string,
    wish: Plain<HireWish>,
    place: HirePlace,
    latest_ms: number,
  ): Promise<Plain<HireOutcome> | null> {
    const { store, desk } = this.#open();
    const isNew = store.find(key) === null;
    const outcome = desk.hire(
      key,
      { ...wish, most_msats: msatsSchema.parse(wish.most_msats) },
      place,
      latest_ms,
    );
    // Asked every few seconds; only a new one makes another appointment.
    if (isNew) await this.#appoint();
    return outcome === null ? null : toPlain(outcome);
  }

  async look(key: string): Promise<HireView | null> {
    const job = this.#open().store.find(key);
    if (job === null) return null;
    const outcome = outcomeOf(job);
    return {
      outcome: outcome === null ? null : toPlain(outcome),
      news: job.news,
      committed: committed(job).toString(),
    };
  }

  async setAside(limit: string, key: string, most: string): Promise<string | null> {
    const { store } = await this.#openKept();
    const set = store.setAside(msatsSchema.parse(limit), key, msatsSchema.parse(most));
    return set === null ? null : set.toString();
  }

  async settle(limit: string, key: string, cost: string): Promise<void> {
    const { store } = await this.#openKept();
    store.settle(msatsSchema.parse(limit), key, msatsSchema.parse(cost));
  }

  async remaining(limit: string): Promise<string> {
    const { store } = await this.#openKept();
    return store.remaining(msatsSchema.parse(limit)).toString();
  }

  async spent(): Promise<string> {
    const { store } = await this.#openKept();
    return store.spent().toString();
  }

  async close(): Promise<string> {
    const { desk, store } = this.#open();
    desk.close();
    return store.spent().toString();
  }

  async forget(): Promise<void> {
    if (!this.#open().store.forget()) return;
    this.#parts = null;
    await this.ctx.storage.deleteAll();
  }

  override async alarm(): Promise<void> {
    try {
      if (this.#open().store.nextAt_ms() === null) return await this.forget();
      await this.#open().desk.look();
      await this.#appoint();
    } catch (error) {
      // After six throws the platform would give the object up for good, so it is recorded and tried again.
      console.error('hired jobs: alarm failed', this.ctx.id.name, error);
      await this.ctx.storage.setAlarm(systemClock() + ALARM_RETRY_MS);
    }
  }

  async #appoint(): Promise<void> {
    const next_ms = this.#open().store.nextAt_ms() ?? systemClock() + HIRE_KEEP_MS;
    await this.ctx.storage.setAlarm(next_ms);
  }

  /** To ask for what is kept makes an object that keeps something: it goes some day, also where nobody is hired. */
  async #openKept(): Promise<Parts> {
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(systemClock() + HIRE_KEEP_MS);
    return this.#open();
  }

  #open(): Parts {
    if (this.#parts === null) {
      const { name } = this.ctx.id;
      if (name === undefined) throw new Error('hired jobs must be reached by the name of their run');
      const store = new HireStore(durableSql(this.ctx.storage));
      this.#parts = { store, desk: new HireDesk(store, hirePorts(this.env, name)) };
    }
    return this.#parts;
  }
}
