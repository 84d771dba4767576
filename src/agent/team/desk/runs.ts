/**
 * The team runs of a session: loads and keeps their state, feeds the machine (machine.ts), and turns its effects into
 * orders for the runner, reports to the client, and the job's end.
 */
import type { Clock } from '../../../clock.ts';
import type { Moved, WorkEnding } from '../../../job/long-work.ts';
import { TEAM_STEP_LEASE_MS } from '../../../limits.ts';
import type { NostrEvent } from '../../../nostr/event.ts';
import { advanceTeam, type Transition } from '../machine.ts';
import type { TeamEffect, TeamInput, TeamRun } from '../types.ts';
import { endingOf } from './ending.ts';
import { type Mailbox, mailed, silenced } from './mailbox.ts';
import { reportMessage, reportOnWire } from './reports.ts';
import type { Desk, StepJournal } from './state.ts';
import type { StoredRun, TeamStore } from './store.ts';

export interface RunPorts {
  readonly clock: Clock;
  /** Orders a piece of work from the runner; it may get lost. */
  order(jobId: string, number: number, attempt: number): Promise<void>;
  /** A gift-wrapped direct message of the agent's to the client. */
  directMessage(text: string): NostrEvent;
  /** Feeds a change back that did not come of an input of the session's. */
  move(jobId: string, how: () => Moved | null): void;
  /** Sends the mails of a run that are due. Never rejects. */
  post(jobId: string): Promise<void>;
  /** Where the text of a version can be fetched. */
  urlOf(jobId: string, sha256: string): string;
  log(what: string, jobId: string, error: unknown): void;
}

export class TeamRuns {
  readonly #ports: RunPorts;
  readonly #store: TeamStore;
  readonly #known = new Map<string, StoredRun>();

  constructor(ports: RunPorts, store: TeamStore) {
    this.#ports = ports;
    this.#store = store;
  }

  /** @throws Error when there is no run for the job */
  at(jobId: string): StoredRun {
    const stored = this.find(jobId);
    if (stored === null) throw new Error(`there is no team run for the job ${jobId}`);
    return stored;
  }

  find(jobId: string): StoredRun | null {
    const known = this.#known.get(jobId);
    if (known !== undefined) return known;
    const stored = this.#store.load(jobId);
    if (stored !== null) this.#known.set(jobId, stored);
    return stored;
  }

  /** Out of memory; what is stored stays. */
  forget(jobId: string): void {
    this.#known.delete(jobId);
  }

  /** Feeds the machine. @param desk as it is after it; null comes back when nothing changes */
  input(jobId: string, input: TeamInput, desk?: Desk): Moved | null {
    const stored = this.at(jobId);
    const transition = advanceTeam(stored.run, input, this.#ports.clock());
    const changed = desk ?? stored.desk;
    if (transition.run === stored.run && changed === stored.desk) return null;
    return this.moved(jobId, transition, pruned(changed, transition.run));
  }

  /** Somebody works on a step. A renewed lease is not worth a written row: losing it grants a new one. */
  alive(jobId: string, number: number, attempt: number): void {
    const stored = this.at(jobId);
    const now_ms = this.#ports.clock();
    const { run, effects, entries } = advanceTeam(stored.run, { type: 'alive', number, attempt }, now_ms);
    if (effects.length === 0 && entries.length === 0) this.#known.set(jobId, { ...stored, run });
    else this.#ports.move(jobId, () => this.input(jobId, { type: 'alive', number, attempt }));
  }

  /**
   * The memory was lost. A lease is not written when it is renewed, so the stored ones may be long over although somebody
   * works: they get time to say so, once.
   */
  grace(jobId: string): void {
    const { run, desk } = this.at(jobId);
    const open = run.wave.filter(({ result }) => result === null);
    const now_ms = this.#ports.clock();
    if (open.length === 0 || (desk.graceUntil_ms !== null && now_ms >= desk.graceUntil_ms)) return;
    for (const { number, attempt } of open) this.alive(jobId, number, attempt);
    if (desk.graceUntil_ms !== null) return;
    const stored = this.at(jobId);
    const next = { run: stored.run, desk: { ...stored.desk, graceUntil_ms: now_ms + TEAM_STEP_LEASE_MS } };
    this.#known.set(jobId, next);
    this.#store.saveDesk(jobId, next.desk);
  }

  /** Somebody who works on a step was heard of. In memory: losing it may have a step done again. */
  heardOf(jobId: string, number: number, attempt: number): void {
    const { run, desk } = this.at(jobId);
    if (desk.graceUntil_ms !== null) this.#known.set(jobId, { run, desk: { ...desk, graceUntil_ms: null } });
    this.alive(jobId, number, attempt);
  }

  /** Somebody has begun a step. Written with the next change: losing it gives the step more time. */
  note(jobId: string, number: number, journal: StepJournal): void {
    const { run, desk } = this.at(jobId);
    this.#known.set(jobId, { run, desk: { ...desk, journals: { ...desk.journals, [number]: journal } } });
  }

  /** What a transition makes of a run. */
  moved(
    jobId: string,
    { run, effects, entries }: Transition,
    desk: Desk,
    also: () => Promise<void> = async () => undefined,
  ): Moved {
    const reports = desk.silent
      ? []
      : effects.flatMap((effect) => (effect.type === 'report' ? [effect.report] : []));
    const messages = reports.map((report) => this.#ports.directMessage(reportMessage(report)));
    const end = effects.find((effect) => effect.type === 'end');
    // What ends at once does not wait until it is known where the client reads.
    const isHeld = desk.inbox === null && end === undefined;
    const due = desk.silent ? [] : [...desk.unsent, ...messages];
    const mailbox = desk.mailbox && (desk.silent ? silenced : mailed)(desk.mailbox, reports);
    // What is ordered anew begins with a lease of its own.
    const graceUntil_ms = effects.some(({ type }) => type === 'run') ? null : desk.graceUntil_ms;
    const next: StoredRun = { run, desk: { ...desk, mailbox, graceUntil_ms, unsent: isHeld ? due : [] } };
    this.#known.set(jobId, next);
    return {
      write: () => this.#store.save(jobId, next, entries, run.outcome === null ? null : this.#ports.clock()),
      reports: reports.map((report) => ({
        key: `report/${report.number}`,
        report: reportOnWire(report),
      })),
      sends: isHeld ? [] : due.map((event) => ({ event, targets: desk.inbox?.length ? desk.inbox : null })),
      ending: end === undefined ? null : this.#ending(jobId, next, entries),
      perform: async () => {
        await Promise.all([
          also(),
          this.#ports.post(jobId),
          ...effects.map((effect) => this.#perform(jobId, effect)),
        ]);
      },
    };
  }

  /** Changes what is kept of a run's mail. It is no part of the job, and is written by itself. */
  mail(jobId: string, how: (mailbox: Mailbox) => Mailbox): void {
    const stored = this.find(jobId);
    // It may have been erased while a mail was on its way.
    if (stored === null || stored.desk.mailbox === null) return;
    const { run, desk } = stored;
    const next = { run, desk: { ...desk, mailbox: how(stored.desk.mailbox) } };
    this.#known.set(jobId, next);
    this.#store.saveDesk(jobId, next.desk);
  }

  /** It is known now where the client reads. @param relays null for where the job's answers go */
  inboxKnown(jobId: string, relays: readonly string[] | null): Moved | null {
    const { run, desk } = this.at(jobId);
    if (desk.inbox !== null) return null;
    const inbox = relays ?? [];
    return this.moved(jobId, { run, effects: [], entries: [] }, { ...desk, inbox });
  }

  #ending(jobId: string, { run, desk }: StoredRun, fresh: Transition['entries']): WorkEnding {
    const { outcome } = run;
    if (outcome === null) throw new Error(`the run ${jobId} ended without an outcome`);
    const added = fresh.flatMap(({ fact }) => (fact.type === 'version' ? [fact] : []));
    const best = run.versions.find(({ id }) => id === outcome.best);
    const text =
      best === undefined
        ? null
        : (added.find(({ version }) => version.id === best.id)?.text ?? this.#store.text(jobId, best.id));
    return endingOf(
      {
        outcome,
        best: best === undefined || text === null ? null : { text, sha256: best.sha256 },
        used: desk.used,
        silent: desk.silent,
        entries: [...this.#store.record(jobId), ...fresh],
      },
      (sha256) => this.#ports.urlOf(jobId, sha256),
    );
  }

  async #perform(jobId: string, effect: TeamEffect): Promise<void> {
    if (effect.type !== 'run') return;
    try {
      await this.#ports.order(jobId, effect.number, effect.attempt);
    } catch (error) {
      // It is ordered again when its lease is over.
      this.#ports.log('ordering a step of a team failed', jobId, error);
    }
  }
}

/** Without the journals of steps that are over. */
function pruned(desk: Desk, { wave, todo }: TeamRun): Desk {
  const open = new Set([...wave, ...todo].map(({ number }) => String(number)));
  const journals = Object.entries(desk.journals).filter(([number]) => open.has(number));
  return journals.length === Object.keys(desk.journals).length
    ? desk
    : { ...desk, journals: Object.fromEntries(journals) };
}
