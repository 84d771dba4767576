/**
 * A session: the jobs of one client with one agent under one session id (DESIGN §2).
 *
 * It turns what happens into inputs of the job machine, stores the new state together with the effects it asks for, and only
 * then performs them. What was not performed when the memory is lost is found in the journal; done twice it counts once.
 */
import type { NostrEvent } from '../nostr/event.ts';
import type { Msats } from '../payment/msats.ts';
import type { WalletTransaction } from '../payment/wallet.ts';
import type { JobOutput, Report, Request } from '../protocol/model.ts';
import type { JobRecord } from '../store/job-record.ts';
import type { Sql } from '../store/sql.ts';
import { FIRST } from './broker.ts';
import { withEffects } from './effects.ts';
import { eraseJob, refuseEarly } from './erasure.ts';
import { afterLoss } from './grace.ts';
import { Inbox } from './inbox.ts';
import { Journal } from './journal.ts';
import { forgetKept, type Live } from './live.ts';
import { LiveJobs } from './live-jobs.ts';
import { LongJobs } from './long-jobs.ts';
import { advance, begunHere, openDone } from './machine.ts';
import type { JobMoney } from './money.ts';
import type { MoneyNews } from './money-driver.ts';
import { type Came, newJob } from './opening.ts';
import type { Failed, SessionPorts } from './ports.ts';
import { price } from './priced.ts';
import { Projector } from './projector.ts';
import { Proving } from './proving.ts';
import { Publisher } from './publisher.ts';
import { type Step, stepOf, turnOf } from './step.ts';
import { Steps } from './steps.ts';
import { take, takeUp } from './taking.ts';
import { Till } from './till.ts';
import { isFinal, type JobInput, type JobInputType, type Transition } from './types.ts';
import { Waiters } from './waiters.ts';

export class Session {
  readonly #ports: SessionPorts;
  readonly #journal: Journal;
  readonly #lives: LiveJobs;
  readonly #opening = new Map<string, Promise<void>>();
  readonly #publisher: Publisher;
  readonly #projector: Projector;
  readonly #inbox: Inbox;
  readonly #steps: Steps;
  readonly #till: Till | null;
  readonly #long: LongJobs | null;
  readonly #waiters: Waiters;
  readonly #proving: Proving;
  #recovered = false;

  constructor(sql: Sql, ports: SessionPorts) {
    this.#ports = ports;
    this.#inbox = new Inbox(ports);
    this.#journal = new Journal(sql);
    this.#lives = new LiveJobs(ports, this.#journal);
    this.#steps = new Steps(ports, this.#journal, this);
    this.#till =
      ports.money && new Till(ports, ports.money, this.#lives, (...step) => this.#storeMoney(...step));
    const stored = (live: Live, ...step: [Transition, (() => void)?]) => this.#commit(live, ...step);
    this.#long = ports.longWork && new LongJobs(ports, ports.longWork, this.#lives, this.#till, stored);
    const told = (live: Live, news: JobInput) => this.#input(live, news);
    this.#waiters = new Waiters(ports, this.#lives, told);
    this.#proving = new Proving(ports, this.#lives, this.#till, this.#waiters, told, stored);
    this.#publisher = new Publisher(ports, (live) => this.#lives.outboxChanged(live));
    this.#projector = new Projector(ports, (lives) => this.#lives.settle(lives));
  }

  /**
   * Takes a request. Repeat-safe by job id; resolves when it is stored, so that whoever delivered it may forget it.
   *
   * @param event the request, or the gift wrap around it; verified
   * @param via where it came from: `embedded` or a relay URL
   * @param proved public keys its connection proved to hold (NIP-42)
   * @param placement given where the broker had a hand in it
   */
  async open(event: NostrEvent, via: string, proved: readonly string[], placement = FIRST): Promise<void> {
    this.#recover();
    if (this.#lives.knows(event.id)) return;
    const request = this.#ports.read(event);
    // Not that of the event: the same rumor may come in several wraps.
    const { id } = request.envelope;
    if (id !== event.id && this.#lives.knows(id)) return;
    const opening =
      this.#opening.get(id) ??
      this.#open(request, { event, via, placement }, proved).finally(() => this.#opening.delete(id));
    this.#opening.set(id, opening);
    await opening;
  }

  async #open(request: Request, came: Came, proved: readonly string[]) {
    const { id } = request.envelope;
    const taken = await take(this.#ports, request, proved, this.#lives.unfinished.size, came.placement);
    if (taken === null) return await this.#till?.abandon(id);
    const heard = this.#long?.answered(taken, came, this.#inbox) ?? null;
    if (heard !== null) return this.#openAs(heard.live, heard.done);
    const priced = await price(this.#ports, this.#till, taken, this.#journal, this.#lives, (first) =>
      this.#input(first, { type: 'cancel' }),
    );
    const { live, opened } = newJob(this.#ports, priced, came, this.#lives.unfinished, this.#inbox);
    const outcome = await this.#steps.tryNow(live, opened.job);
    const done = outcome === null ? null : this.#steps.ending(live, opened.job.attempt, outcome);
    this.#openAs(live, done === null ? opened : openDone(opened, done, this.#ports.clock()));
    this.#till?.collect(live);
    if (live.record.job.phase === 'waiting') this.#waiters.opened(live);
    this.#proving.look(live);
    await this.#ports.fault('K2', id);
  }

  #openAs(live: Live, opened: Transition): void {
    this.#commit(live, opened, undefined, true);
    if (live.record.lookup) this.#ports.defer(this.#lookUp(live));
  }

  /** The work beside the jobs; null for agents that work in steps. */
  get long(): LongJobs | null {
    this.#recover();
    return this.#long;
  }

  /**
   * Calls a job off, or, when it has ended, erases its prompt and output. Only for the client: the caller checked
   * that. A cancellation that overtakes its request wins.
   */
  async cancel(jobId: string): Promise<void> {
    this.#recover();
    await this.#opening.get(jobId);
    const live = this.#lives.get(jobId);
    if (live !== undefined && !isFinal(live.record.job.phase)) {
      if (this.#long?.callOff(live) !== true) this.#input(live, { type: 'cancel' });
    } else if (this.#lives.knows(jobId)) await eraseJob(this.#ports, this.#journal, this.#lives, jobId);
    else {
      // As if it were being opened, so that a request that comes meanwhile finds it called off.
      const refusing = refuseEarly(this.#ports, this.#till, this.#journal, jobId);
      this.#opening.set(jobId, refusing);
      await refusing.finally(() => this.#opening.delete(jobId));
    }
  }

  /** A worker begins a step; what it needs, or null when it is not to be done (any more, or by somebody else). */
  begin(jobId: string, attempt: number): Step | null {
    this.#recover();
    const live = this.#lives.get(jobId);
    if (live === undefined || !this.#input(live, { type: 'begun', attempt })) return null;
    if (live.record.job.phase !== 'running') return null;
    return stepOf(live, this.#steps.assignment(live));
  }

  /** A worker is alive, perhaps with news. Whether it shall go on. */
  alive(jobId: string, attempt: number, news: Report | null): boolean {
    this.#recover();
    const live = this.#lives.get(jobId);
    if (live === undefined) return false;
    live.record = { ...live.record, grace: null };
    this.#input(live, { type: 'alive', attempt, news });
    const { job } = live.record;
    return job.phase === 'running' && job.attempt === attempt;
  }

  /** A worker is done with a step. */
  ended(jobId: string, attempt: number, outcome: JobOutput | Failed): void {
    this.#recover();
    const live = this.#lives.get(jobId);
    if (live !== undefined) this.#input(live, this.#steps.ending(live, attempt, outcome));
  }

  /** The wallet's record of a payment for a job has changed. Returns when what it means is stored. */
  async walletChanged(jobId: string, transaction: WalletTransaction): Promise<void> {
    await this.#ports.fault('K5', jobId);
    this.#recover();
    const live = this.#lives.get(jobId);
    if (live !== undefined) this.#till?.changed(live, transaction);
    else await this.#till?.late(this.#ports.names.client, transaction);
  }

  /**
   * The client's credit has grown: jobs that wait for money take theirs, the one it was sent for first. Repeat-safe.
   *
   * @throws Error when the books could not be asked: whoever brings the news brings it again
   */
  async credited(jobId: string): Promise<void> {
    this.#recover();
    await this.#till?.credited(jobId);
    for (const live of this.#lives.all()) this.#long?.tick(live);
  }

  /** Another provider claims that a job was zapped, which may be enough for work up to the price `trust`. Repeat-safe. */
  zapped(jobId: string, amount: Msats, trust: Msats): void {
    this.#recover();
    const live = this.#lives.get(jobId);
    if (live !== undefined) this.#till?.claimed(live, amount, trust);
  }

  /** A job's line in the marketplace's record, as long as that may be behind; null for a job that is not open here. */
  record(jobId: string): JobRecord | null {
    this.#recover();
    return this.#lives.record(jobId, this.#ports.names);
  }

  /** The appointment made by `wakeAt` has come. */
  async alarm(): Promise<void> {
    await this.#ports.fault('K13', '');
    this.#recover();
    for (const live of this.#lives.all()) {
      this.#input(live, { type: 'tick' });
      this.#long?.tick(live);
      await this.#waiters.poll(live);
      this.#proving.look(live);
      this.#publisher.send(live);
      if (live.record.unprojected) this.#projector.soon(live);
      this.#till?.tick(live);
      forgetKept(live, this.#lives.map, this.#ports.clock());
    }
    this.#waiters.release();
    this.#lives.appointNext();
  }

  /** After the memory was lost: takes up what the journal says is open. */
  #recover(): void {
    if (this.#recovered) return;
    this.#recovered = true;
    for (const live of takeUp(this.#ports, this.#journal.open())) this.#lives.hold(live);
    for (const live of this.#lives.all()) {
      const { input, grace } = afterLoss(live.record, this.#steps.isHere(live), this.#ports.clock());
      this.#input(live, input);
      if (grace !== live.record.grace) this.#lives.store(live, { ...live.record, grace });
      if (live.record.lookup) this.#ports.defer(this.#lookUp(live));
      if (live.record.unprojected) this.#projector.soon(live);
      this.#long?.recover(live, () => this.#steps.assignment(live));
      this.#publisher.send(live);
      this.#till?.tick(live);
      this.#lives.appoint(live);
      this.#proving.look(live);
    }
    this.#waiters.release();
  }

  /** Feeds the machine; whether the input meant anything. */
  #input<T extends JobInputType>(live: Live, input: JobInput<T>): boolean {
    const before = live.record.job;
    const transition = advance(before, input, this.#ports.clock());
    if (transition.job === before) return false;
    const renewed = before.phase === 'running' && transition.job.phase === 'running';
    if (renewed && transition.effects.length === 0) {
      // A renewed lease is not worth a written row: losing it grants a new one.
      live.record = { ...live.record, job: transition.job };
    } else this.#commit(live, transition);
    return true;
  }

  /** Stores state and effects in one transaction, then has the effects performed. */
  #commit(live: Live, ordered: Transition, also?: () => void, isNew = false): void {
    const now_ms = this.#ports.clock();
    const here = this.#steps.isHere(live) || this.#long !== null;
    const { job, effects } = here ? begunHere(ordered, now_ms) : ordered;
    const run = effects.find((effect) => effect.type === 'run');
    const record = withEffects(this.#ports, live, { job, effects }, now_ms);
    this.#lives.store(live, record, isNew, () => {
      also?.();
      for (const effect of effects) {
        if (effect.type === 'remember' && live.request.envelope.session !== null) {
          this.#journal.remember(job.id, now_ms, turnOf(live, effect.output));
        }
      }
    });
    for (const effect of effects) {
      if (effect.type === 'stop') live.abort?.abort();
      if (effect.type === 'project') this.#projector.soon(live);
    }
    if (run !== undefined && this.#long !== null) this.#long.begin(live, () => this.#steps.assignment(live));
    else if (run !== undefined)
      this.#ports.defer(here ? this.#steps.work(live, run.attempt) : this.#steps.order(live, run.attempt));
    this.#publisher.send(live);
    this.#proving.look(live);
    if (job.phase === 'checkout') this.#till?.checkout(live);
    if (isFinal(job.phase)) {
      this.#till?.settle(live);
      this.#waiters.release();
    }
  }

  /** One stored step of a job's money: what it is now, what the client is told of it, and what it means for the job. */
  #storeMoney(live: Live, money: JobMoney, reports: readonly Report[], input: MoneyNews | null): void {
    const { job } = live.record;
    if (this.#lives.get(job.id) !== live) return;
    live.record = { ...live.record, money };
    const moved = input === null ? { job, effects: [] } : advance(job, input, this.#ports.clock());
    const told = reports.map((report) => ({ type: 'report', key: 'payment', report }) as const);
    this.#commit(live, { job: moved.job, effects: [...told, ...moved.effects] });
    this.#lives.settle([live]);
    if (input !== null) this.#waiters.release();
  }

  /** Finds out where the client reads (NIP-65) and owes it there too. */
  async #lookUp(live: Live): Promise<void> {
    this.#lives.addTargets(live, await this.#inbox.find(live));
    this.#publisher.send(live);
  }
}
