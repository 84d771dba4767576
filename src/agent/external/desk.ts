/**
 * Jobs of agents that live on Nostr, as work beside their jobs (job/long-work.ts): the session hires the agent
 * (agent/hire/), hands on what it says, and ends with what it delivers. Whether the agent was paid is known to the hire
 * alone; what it may have cost is asked of it before a job ends.
 */

import type { Assignment } from '../../job/assignment.ts';
import type { Answered, LongWork, Moved, WorkEnding } from '../../job/long-work.ts';
import { EXTERNAL_LOOK_MS } from '../../limits.ts';
import type { Sql } from '../../store/sql.ts';
import { endingOf, type HireEnd } from './ending.ts';
import { wayOf } from './order.ts';
import type { ExternalPorts, HireState } from './ports.ts';
import { type ExternalRun, ExternalStore } from './store.ts';

const NOTHING = (): Promise<void> => Promise.resolve();

export class ExternalDesk implements LongWork {
  readonly takesWords = false;
  readonly #store: ExternalStore;
  readonly #ports: ExternalPorts;
  /** When a run is looked at next, Unix ms; lost with the memory, which has it looked at soon. */
  readonly #lookAt = new Map<string, number>();
  readonly #looking = new Set<string>();

  constructor(sql: Sql, ports: ExternalPorts) {
    this.#store = new ExternalStore(sql);
    this.#ports = ports;
  }

  has(jobId: string): boolean {
    return this.#store.load(jobId) !== null;
  }

  begin(jobId: string, assignment: Assignment, funded_msats: number): Moved {
    const { settings, feeTerms, timeLimit_ms } = this.#ports.terms();
    const now_ms = this.#ports.clock();
    const run: ExternalRun = {
      way: wayOf(settings, assignment),
      agent: settings.pubkey,
      relays: settings.relays,
      most_msats: feeTerms(settings, funded_msats).toString(),
      price_msats: funded_msats,
      until_ms: now_ms + timeLimit_ms,
      phase: 'hired',
      told: '',
    };
    this.#lookAt.set(jobId, now_ms + EXTERNAL_LOOK_MS);
    return this.#moved(jobId, run, { perform: () => this.#look(jobId) });
  }

  /** What the hire says; asked for when it said that there is something, and now and then besides. */
  async changed(jobId: string): Promise<void> {
    await this.#look(jobId);
  }

  callOff(jobId: string): Moved | null {
    const run = this.#store.load(jobId);
    if (run === null || run.phase !== 'hired') return null;
    return this.#moved(jobId, { ...run, phase: 'calledOff' }, { perform: () => this.#look(jobId) });
  }

  tick(jobId: string): Moved | null {
    const run = this.#store.load(jobId);
    const now_ms = this.#ports.clock();
    if (run === null || run.phase === 'ended' || now_ms < (this.nextTick(jobId) ?? now_ms)) return null;
    this.#lookAt.set(jobId, now_ms + EXTERNAL_LOOK_MS);
    const late = run.phase === 'hired' && now_ms >= run.until_ms + GRACE_MS;
    const next: ExternalRun = late ? { ...run, phase: 'late' } : run;
    return this.#moved(jobId, next, { perform: () => this.#look(jobId) });
  }

  nextTick(jobId: string): number | null {
    const run = this.#store.load(jobId);
    if (run === null || run.phase === 'ended') return null;
    return this.#lookAt.get(jobId) ?? this.#ports.clock();
  }

  recover(jobId: string): void {
    this.#lookAt.delete(jobId);
  }

  hear(): Answered {
    return { moved: null, answer: 'this agent takes no words while it works' };
  }

  hearMail(): null {
    return null;
  }

  refuse(): null {
    return null;
  }

  funded(): null {
    return null;
  }

  wanted_msats(): number {
    return 0;
  }

  finish(jobId: string): void {
    this.#lookAt.delete(jobId);
  }

  erase(jobId: string): void {
    this.#store.erase(jobId);
    this.#lookAt.delete(jobId);
    this.#ports.defer(this.#quietly(jobId, () => this.#ports.forget(jobId)));
  }

  prune(before_ms: number): boolean {
    return this.#store.prune(before_ms);
  }

  /** Asks how the hire stands, orders it where it is not known, and brings the run to where it is. Never rejects. */
  async #look(jobId: string): Promise<void> {
    if (this.#looking.has(jobId)) return;
    this.#looking.add(jobId);
    const asked = this.#store.load(jobId)?.phase;
    try {
      await this.#quietly(jobId, async () => {
        const run = this.#store.load(jobId);
        if (run === null || run.phase === 'ended') return;
        const state =
          run.phase === 'hired' ? await this.#ports.hire(jobId, run) : await this.#ports.close(jobId);
        this.#ports.move(jobId, () => this.#take(jobId, state));
      });
    } finally {
      this.#looking.delete(jobId);
    }
    // It was called off while this was asked: the hire is to hear of it. What fails then is tried at the next tick.
    if (asked === 'hired' && isToEnd(this.#store.load(jobId))) await this.#look(jobId);
  }

  /** What the hire's state means now; the run may have changed since it was asked. */
  #take(jobId: string, { outcome, news, committed_msats }: HireState): Moved | null {
    const run = this.#store.load(jobId);
    if (run === null || run.phase === 'ended') return null;
    if (outcome !== null) return this.#ended(jobId, run, outcome);
    if (run.phase !== 'hired') {
      const reason = run.phase === 'late' ? 'nothing came in time' : 'called off';
      return this.#ended(jobId, run, { content: null, reason, paid_msats: committed_msats });
    }
    const told = news === null ? '' : JSON.stringify(news);
    if (news === null || told === run.told) return null;
    const key = `external/${told.length}/${this.#ports.clock()}`;
    const note = news.note === '' ? 'working' : news.note;
    const report =
      news.content === ''
        ? ({ type: 'progress', done: 0, total: 0, note } as const)
        : ({ type: 'partial', content: news.content, note } as const);
    return this.#moved(jobId, { ...run, told }, { reports: [{ key, report }] });
  }

  #ended(jobId: string, run: ExternalRun, end: HireEnd): Moved {
    const late = run.phase === 'late' || (end.content === null && this.#ports.clock() >= run.until_ms);
    const { slug } = this.#ports.terms();
    const ending = endingOf(
      { slug, price_msats: run.price_msats, silent: run.phase === 'calledOff', timedOut: late },
      end,
    );
    this.#lookAt.delete(jobId);
    const silent = end.content === null && end.paid_msats > 0 && run.phase !== 'calledOff';
    // Whoever takes money and delivers nothing is not offered to the next client.
    const perform = silent ? () => this.#quietly(jobId, () => this.#ports.failed(end.reason)) : NOTHING;
    return this.#moved(jobId, { ...run, phase: 'ended', way: null }, { ending, perform });
  }

  #moved(
    jobId: string,
    run: ExternalRun,
    more: {
      readonly reports?: Moved['reports'];
      readonly ending?: WorkEnding;
      readonly perform?: () => Promise<void>;
    },
  ): Moved {
    const { reports = [], ending = null, perform = NOTHING } = more;
    const now_ms = this.#ports.clock();
    return { write: () => this.#store.save(jobId, run, now_ms), reports, sends: [], ending, perform };
  }

  async #quietly(jobId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // Asked again at the next look.
      this.#ports.log('a hired agent was not asked', jobId, error);
    }
  }
}

function isToEnd(run: ExternalRun | null): boolean {
  return run?.phase === 'calledOff' || run?.phase === 'late';
}

/** Time for the hire to end by itself once its time is over, ms. */
const GRACE_MS = 30_000;
