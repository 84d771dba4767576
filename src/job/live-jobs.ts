/** The jobs of a session that still have something to do: in memory, in the journal, and in the alarm. */
import { SESSION_KEEP_JOBS_MS, SESSION_KEEP_TURNS_MS } from '../limits.ts';
import { alsoOwe, nextTry } from '../link/outbox.ts';
import type { JobRecord } from '../store/job-record.ts';
import type { Journal, JournalRecord } from './journal.ts';
import { isSettled, type Live, nextWake, toJobRecord } from './live.ts';
import type { SessionPorts } from './ports.ts';
import { isFinal } from './types.ts';

type Ports = Pick<SessionPorts, 'clock' | 'wakeAt' | 'clearAll' | 'forget' | 'longWork'>;

export class LiveJobs {
  readonly #ports: Ports;
  readonly #journal: Journal;
  readonly #lives = new Map<string, Live>();
  readonly #unfinished = new Set<Live>();
  #wakeAt_ms: number | null = null;

  constructor(ports: Ports, journal: Journal) {
    this.#ports = ports;
    this.#journal = journal;
  }

  get map(): ReadonlyMap<string, Live> {
    return this.#lives;
  }

  get(id: string): Live | undefined {
    return this.#lives.get(id);
  }

  /** A job's line in the marketplace's record; null for one that is not open here. */
  record(id: string, names: SessionPorts['names']): JobRecord | null {
    const live = this.#lives.get(id);
    return live === undefined ? null : toJobRecord(live, names);
  }

  /** The jobs that have not ended; the others only wait for relays and record. */
  get unfinished(): ReadonlySet<Live> {
    return this.#unfinished;
  }

  /** A copy, so that jobs may come and go while it is walked. */
  all(): Live[] {
    return [...this.#lives.values()];
  }

  /** Whether a request was ever taken here, as far back as is kept. */
  knows(id: string): boolean {
    return this.#lives.has(id) || this.#journal.knows(id);
  }

  /** Takes a stored job into memory. */
  hold(live: Live): void {
    const { job } = live.record;
    this.#lives.set(job.id, live);
    if (isFinal(job.phase)) this.#unfinished.delete(live);
    else this.#unfinished.add(live);
  }

  /** Makes `record` the job's state: in the journal, together with what `also` writes, then in memory. */
  store(live: Live, record: JournalRecord, isNew = false, also?: () => void): void {
    this.#journal.transaction(() => {
      if (isNew) this.#journal.insert(record);
      else this.#journal.update(record);
      also?.();
    });
    live.record = record;
    this.hold(live);
    this.appoint(live);
  }

  /** Writes what is none of the jobs', all or nothing. */
  write(what: () => void): void {
    this.#journal.transaction(what);
  }

  /**
   * Forgets prompt and output of an ended job. Where its money still moves the job stays, as an envelope without content;
   * what was not delivered yet is dropped, because the client does not want it any more.
   */
  erase(live: Live): void {
    const { envelope } = live.request;
    const request = { ...live.record.request, tags: [], content: '' };
    const empty = { outbox: [], lookup: false, passOn: false, kept: null, inputs: {} };
    live.record = { ...live.record, ...empty, request, erased: envelope };
    live.request = { envelope, event: request };
    live.body = null;
    live.verified = null;
    this.#journal.erase(live.record);
    this.#ports.forget(live.record.job.id);
    this.settle([live]);
    this.appoint(live);
  }

  /** Makes `record` the job's state in memory only: when that is lost, nothing is but time. */
  renew(live: Live, record: JournalRecord): void {
    if (this.#lives.get(record.job.id) !== live) return;
    live.record = record;
    this.appoint(live);
  }

  /** An outbox changed because a relay answered: done jobs are put away, failed deliveries get their time. */
  outboxChanged(live: Live): void {
    if (this.settle([live]) > 0) return;
    // Attempts are worth remembering only when a delivery failed; a relay that took an event twice is no harm.
    const troubled = live.record.outbox.some(
      (entry) => entry.undelivered.length > 0 || entry.owed.some((owed) => owed.attempts > 0),
    );
    // Work of hours loses its memory many times, and would bring all it has told again each time.
    const told = live.record.job.timeLimit_ms === null && nextTry(live.record.outbox) === null;
    if (troubled || told) this.#journal.update(live.record);
    this.appoint(live);
  }

  /** Where else this job's events are wanted. */
  addTargets(live: Live, targets: readonly string[]): void {
    const { record } = live;
    live.record = {
      ...record,
      lookup: false,
      targets: [...new Set([...record.targets, ...targets])],
      outbox: record.outbox.map((entry) =>
        alsoOwe(
          entry,
          targets.filter((target) => !record.targets.includes(target)),
        ),
      ),
    };
    if (targets.length > 0) this.#journal.update(live.record);
    this.settle([live]);
  }

  /** Puts away those of the jobs that have nothing left to do; how many. */
  settle(candidates: Iterable<Live>): number {
    const settled = [...candidates].filter(
      (live) => isSettled(live) && this.#lives.get(live.record.job.id) === live,
    );
    if (settled.length === 0) return 0;
    this.#journal.transaction(() => {
      for (const live of settled) this.#journal.finish(live.record);
    });
    for (const { record } of settled) {
      this.#lives.delete(record.job.id);
      this.#ports.forget(record.job.id);
      this.#ports.longWork?.finish(record.job.id);
    }
    return settled.length;
  }

  /** Makes sure the session wakes in time for this job. An earlier appointment stays: setting one is a written row. */
  appoint(live: Live): void {
    const wanted = nextWake(live, this.#ports.clock());
    if (wanted === null || (this.#wakeAt_ms !== null && this.#wakeAt_ms <= wanted)) return;
    this.#wakeAt_ms = wanted;
    this.#ports.wakeAt(wanted);
  }

  /** The appointment was kept: makes the next one, or, when nothing is left to do, one for putting away the past. */
  appointNext(): void {
    this.settle(this.all());
    this.#wakeAt_ms = null;
    for (const live of this.#lives.values()) this.appoint(live);
    if (this.#wakeAt_ms !== null) return;
    const now = this.#ports.clock();
    const kept = this.#journal.prune(now - SESSION_KEEP_JOBS_MS, now - SESSION_KEEP_TURNS_MS);
    const recorded = this.#ports.longWork?.prune(now - SESSION_KEEP_TURNS_MS) ?? false;
    if (!kept && !recorded) {
      this.#ports.clearAll();
      return;
    }
    this.#wakeAt_ms = now + SESSION_KEEP_JOBS_MS;
    this.#ports.wakeAt(this.#wakeAt_ms);
  }
}
