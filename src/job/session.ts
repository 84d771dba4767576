/**
 * A session: the jobs of one client with one agent under one session id (DESIGN §2).
 *
 * It turns what happens into inputs of the job machine, stores the new state together with the effects it asks for,
 * and only then performs them. Whatever was promised and not performed when the memory is lost is found in the
 * journal and done later; whatever is done twice counts once.
 */
import { PUBLISH_MAX_RELAYS } from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { JobOutput, Report } from '../protocol/model.ts';
import type { JobRecord } from '../store/job-record.ts';
import type { Sql } from '../store/sql.ts';
import { eraseJob } from './erasure.ts';
import { Inbox } from './inbox.ts';
import { Journal, type JournalRecord } from './journal.ts';
import { type Live, toJobRecord } from './live.ts';
import { LiveJobs } from './live-jobs.ts';
import { advance, openDone, openJob, rejectJob } from './machine.ts';
import { EMBEDDED, promise } from './outbox.ts';
import type { Failed, SessionPorts } from './ports.ts';
import { Projector } from './projector.ts';
import { Publisher } from './publisher.ts';
import { endingOf, type Step, turnOf } from './step.ts';
import { Steps } from './steps.ts';
import { readBody, type Taken, take } from './taking.ts';
import { isFinal, type JobInput, type JobInputType, type Transition } from './types.ts';
import { chainedJobs, prerequisites, turnsOver } from './waiting.ts';

export class Session {
  readonly #ports: SessionPorts;
  readonly #journal: Journal;
  readonly #lives: LiveJobs;
  readonly #opening = new Map<string, Promise<void>>();
  readonly #publisher: Publisher;
  readonly #projector: Projector;
  readonly #inbox: Inbox;
  readonly #steps: Steps;
  #recovered = false;

  constructor(sql: Sql, ports: SessionPorts) {
    this.#ports = ports;
    this.#inbox = new Inbox(ports);
    this.#journal = new Journal(sql);
    this.#lives = new LiveJobs(ports, this.#journal);
    this.#steps = new Steps(ports, this.#journal, this);
    this.#publisher = new Publisher(ports, (live) => this.#lives.outboxChanged(live));
    this.#projector = new Projector(ports, (lives) => this.#lives.settle(lives));
  }

  /**
   * Takes a request. Repeat-safe by job id; resolves when it is stored, so that whoever delivered it may forget it.
   *
   * @param event the request, or the gift wrap around it; verified
   * @param via where it came from: `embedded` or a relay URL
   * @param authenticated public keys its connection proved to hold (NIP-42)
   */
  async open(event: NostrEvent, via: string, authenticated: readonly string[]): Promise<void> {
    this.#recover();
    if (this.#lives.knows(event.id)) return;
    const running = this.#opening.get(event.id);
    if (running !== undefined) return await running;
    const opening = this.#open(event, via, authenticated).finally(() => this.#opening.delete(event.id));
    this.#opening.set(event.id, opening);
    await opening;
  }

  async #open(event: NostrEvent, via: string, authenticated: readonly string[]): Promise<void> {
    const taken = await take(this.#ports, event, authenticated, this.#lives.unfinished.size);
    if (taken === null) return;
    const { id } = taken.request.envelope;
    // While admission was asked for, the same rumor may have come in another wrap.
    if (id !== event.id && this.#lives.knows(id)) return;
    const { live, opened } = this.#newJob(taken, event, via);
    const { attempt, phase } = opened.job;
    const outcome =
      phase === 'queued' && this.#steps.isHere(live) ? await this.#steps.tryNow(live, attempt) : null;
    if (id !== event.id && this.#lives.knows(id)) return;
    const done = outcome === null ? null : endingOf(attempt, outcome);
    this.#commit(live, done === null ? opened : openDone(opened, done, this.#ports.clock()), true);
    if (live.record.lookup) this.#ports.defer(this.#lookUp(live));
    if (live.record.job.phase === 'waiting') this.#ports.defer(this.#pollChained(live));
    await this.#ports.fault('K2', id);
  }

  #newJob(taken: Taken, event: NostrEvent, via: string): { live: Live; opened: Transition } {
    const { request, body, failure } = taken;
    const { envelope } = request;
    const now_ms = this.#ports.clock();
    const opening = {
      id: envelope.id,
      startBy_ms: envelope.expiresAt_s === null ? null : envelope.expiresAt_s * 1000,
      timeLimit_ms: this.#ports.timeLimit_ms,
      waitingFor: body === null ? [] : prerequisites(body, envelope.session, this.#lives.unfinished),
    };
    const opened = failure === null ? openJob(opening, now_ms) : rejectJob(opening, failure, now_ms);
    const named = this.#ports.namedTargets(request);
    const read = named.length > 0 ? [] : this.#inbox.known(now_ms);
    const record: JournalRecord = {
      job: opened.job,
      request: event,
      via,
      targets: [...new Set([EMBEDDED, via, ...named, ...(read ?? [])])].slice(0, PUBLISH_MAX_RELAYS),
      lookup: read === null,
      outbox: [],
      inputs: {},
      unprojected: false,
      resultId: null,
      wraps: envelope.sealing === 'giftwrap' ? [event.id] : [],
    };
    return { live: { request, body, abort: null, working: null, record }, opened };
  }

  /**
   * Calls a job off, or, when it has ended, erases its prompt and output. Only for the client: the caller checked
   * that. A cancellation that overtakes its request wins.
   */
  async cancel(jobId: string): Promise<void> {
    this.#recover();
    await this.#opening.get(jobId);
    const live = this.#lives.get(jobId);
    if (live !== undefined && !isFinal(live.record.job.phase)) this.#input(live, { type: 'cancel' });
    else if (this.#lives.knows(jobId)) await eraseJob(this.#ports, this.#journal, this.#lives, jobId);
    else this.#journal.refuseEarly(jobId, this.#ports.clock());
  }

  /** A worker begins a step; what it needs, or null when it is not to be done (any more, or by somebody else). */
  begin(jobId: string, attempt: number): Step | null {
    this.#recover();
    const live = this.#lives.get(jobId);
    if (live === undefined || !this.#input(live, { type: 'begun', attempt })) return null;
    if (live.record.job.phase !== 'running') return null;
    return { assignment: this.#steps.assignment(live), request: live.request, targets: live.record.targets };
  }

  /** A worker is alive, perhaps with news. Whether it shall go on. */
  alive(jobId: string, attempt: number, news: Report | null): boolean {
    this.#recover();
    const live = this.#lives.get(jobId);
    if (live === undefined) return false;
    this.#input(live, { type: 'alive', attempt, news });
    const { job } = live.record;
    return job.phase === 'running' && job.attempt === attempt;
  }

  /** A worker is done with a step. */
  ended(jobId: string, attempt: number, outcome: JobOutput | Failed): void {
    this.#recover();
    const live = this.#lives.get(jobId);
    if (live !== undefined) this.#input(live, endingOf(attempt, outcome));
  }

  /** A job's line in the marketplace's record, as long as that may be behind; null for a job that is not open here. */
  record(jobId: string): JobRecord | null {
    this.#recover();
    const live = this.#lives.get(jobId);
    return live === undefined ? null : toJobRecord(live, this.#ports.names);
  }

  /** The appointment made by `wakeAt` has come. */
  async alarm(): Promise<void> {
    await this.#ports.fault('K13', '');
    this.#recover();
    for (const live of this.#lives.all()) {
      this.#input(live, { type: 'tick' });
      await this.#pollChained(live);
      this.#publisher.send(live);
      if (live.record.unprojected) this.#projector.soon(live);
    }
    this.#releaseTurns();
    this.#lives.settle(this.#lives.all());
    this.#lives.appointNext();
  }

  /** After the memory was lost: takes up what the journal says is open. */
  #recover(): void {
    if (this.#recovered) return;
    this.#recovered = true;
    for (const record of this.#journal.open()) {
      const request = this.#ports.read(record.request);
      this.#lives.hold({
        record,
        request,
        body: readBody(this.#ports, request).body,
        abort: null,
        working: null,
      });
    }
    for (const live of this.#lives.all()) {
      // Work done in this object died with its memory, and an order may not have been sent. A runner, though, may
      // still be at work: it gets a whole lease to say so.
      const { phase, attempt } = live.record.job;
      const elsewhere = phase === 'running' && !this.#steps.isHere(live);
      this.#input(live, elsewhere ? { type: 'alive', attempt, news: null } : { type: 'lost' });
      if (live.record.lookup) this.#ports.defer(this.#lookUp(live));
      if (live.record.unprojected) this.#projector.soon(live);
      this.#publisher.send(live);
      this.#lives.appoint(live);
    }
    this.#releaseTurns();
  }

  /** Feeds the machine; whether the input meant anything. */
  #input<T extends JobInputType>(live: Live, input: JobInput<T>): boolean {
    const before = live.record.job;
    const transition = advance(before, input, this.#ports.clock());
    if (transition.job === before) return false;
    if (transition.effects.length === 0 && before.phase === 'running') {
      // A renewed lease is not worth a written row: losing it grants a new one.
      live.record = { ...live.record, job: transition.job };
    } else {
      this.#commit(live, transition, false);
    }
    return true;
  }

  /** Stores state and effects in one transaction, then has the effects performed. */
  #commit(live: Live, ordered: Transition, isNew: boolean): void {
    const now_ms = this.#ports.clock();
    // Work that is done right here begins as it is ordered: one stored step instead of two.
    const run = ordered.effects.find((effect) => effect.type === 'run');
    const here = run !== undefined && this.#steps.isHere(live);
    const job = here
      ? advance(ordered.job, { type: 'begun', attempt: run.attempt }, now_ms).job
      : ordered.job;
    const record = this.#withEffects(live, { ...ordered, job }, now_ms);
    this.#lives.store(live, record, isNew, () => {
      for (const effect of ordered.effects) {
        if (effect.type === 'remember' && live.request.envelope.session !== null) {
          this.#journal.remember(job.id, now_ms, turnOf(live, effect.output));
        }
      }
    });
    for (const effect of ordered.effects) {
      if (effect.type === 'stop') live.abort?.abort();
      if (effect.type === 'project') this.#projector.soon(live);
    }
    if (run !== undefined)
      this.#ports.defer(here ? this.#steps.work(live, run.attempt) : this.#steps.order(live, run.attempt));
    this.#publisher.send(live);
    if (isFinal(job.phase)) this.#releaseTurns();
  }

  #withEffects(live: Live, transition: Transition, now_ms: number): JournalRecord {
    const { record } = live;
    const outbox = [...record.outbox];
    const wraps = [...record.wraps];
    let { resultId, unprojected } = record;
    for (const effect of transition.effects) {
      if (effect.type === 'project') unprojected = true;
      if (effect.type !== 'report') continue;
      for (const event of this.#ports.answer(effect.report, live.request, Math.floor(now_ms / 1000))) {
        outbox.push(promise(event, record.targets));
        if (effect.key === 'result') resultId = event.id;
        if (live.request.envelope.sealing === 'giftwrap') wraps.push(event.id);
      }
    }
    return { ...record, job: transition.job, outbox, resultId, unprojected, wraps };
  }

  /** Lets go on whoever waited for a turn that is over, or for the result of a job of this very session. */
  #releaseTurns(): void {
    for (const live of [...this.#lives.unfinished]) {
      for (const key of turnsOver(live, this.#lives.map)) this.#input(live, { type: 'ready', key });
      if (chainedJobs(live).some((id) => this.#lives.get(id) !== undefined))
        this.#ports.defer(this.#pollChained(live));
    }
  }

  /** Looks whether the jobs whose results this one waits for have them. */
  async #pollChained(live: Live): Promise<void> {
    for (const id of chainedJobs(live)) {
      try {
        const chained = await this.#ports.chained(id);
        if (chained.type === 'failed') this.#input(live, { type: 'unready', failure: chained.failure });
        if (chained.type !== 'result') continue;
        const key = `job:${id}`;
        live.record = { ...live.record, inputs: { ...live.record.inputs, [key]: chained.message } };
        this.#input(live, { type: 'ready', key });
      } catch (error) {
        // It is asked again when the session next wakes.
        this.#ports.log('looking up a chained job failed', live.record.job.id, error);
      }
    }
  }

  /** Finds out where the client reads (NIP-65) and owes it there too. */
  async #lookUp(live: Live): Promise<void> {
    let found: readonly string[] = [];
    try {
      found = await this.#inbox.find(live.request.envelope.client, live.record.via);
    } catch (error) {
      // The answers still go where the request came from.
      this.#ports.log('looking up read relays failed', live.record.job.id, error);
    }
    this.#lives.addTargets(live, found);
    this.#publisher.send(live);
  }
}
