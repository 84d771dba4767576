/** The team runs of a session as work that lives beside its jobs (src/job/long-work.ts). */
import type { Assignment } from '../../../job/assignment.ts';
import type { Answered, LongWork, Moved } from '../../../job/long-work.ts';
import type { Words } from '../../../job/words.ts';
import type { Sql } from '../../../store/sql.ts';
import { nextTeamTick, openTeam, type TeamOpening } from '../machine.ts';
import { answerTo } from './answer.ts';
import { type RunPorts, TeamRuns } from './runs.ts';
import { NEW_DESK } from './state.ts';
import { TeamSteps } from './steps.ts';
import { TeamStore } from './store.ts';

export interface DeskPorts extends RunPorts {
  /** Reads what a request asks for. It was read once before, when the request was taken. */
  open(assignment: Assignment): Pick<TeamOpening, 'team' | 'task'>;
  /** Where the client reads direct messages; empty when that is unknown. */
  inbox(): Promise<readonly string[]>;
}

export class TeamDesk implements LongWork {
  readonly #ports: DeskPorts;
  readonly #runs: TeamRuns;
  /** What is kept of the runs. */
  readonly store: TeamStore;
  /** For whoever does their work. */
  readonly steps: TeamSteps;

  constructor(sql: Sql, ports: DeskPorts) {
    this.#ports = ports;
    this.store = new TeamStore(sql);
    this.#runs = new TeamRuns(ports, this.store);
    this.steps = new TeamSteps(ports.clock, this.#runs, this.store);
  }

  has(jobId: string): boolean {
    return this.#runs.find(jobId) !== null;
  }

  begin(jobId: string, assignment: Assignment, funded_msats: number): Moved {
    const opening = { id: jobId, ...this.#ports.open(assignment), funded_msats };
    const transition = openTeam(opening, this.#ports.clock());
    return this.#runs.moved(jobId, transition, NEW_DESK, () => this.#findInbox(jobId));
  }

  hear(jobId: string, { source, sentAt_ms, text }: Words): Answered {
    const before = this.#runs.at(jobId).run;
    const moved = this.#runs.input(jobId, { type: 'message', source, sentAt_ms, text });
    return { moved, answer: answerTo(before, this.#runs.at(jobId).run) };
  }

  hearMail(_jobId: string, _address: string, _words: Words): Answered | null {
    return null;
  }

  callOff(jobId: string): Moved | null {
    const { desk } = this.#runs.at(jobId);
    const source = `deletion of ${jobId}`;
    const sentAt_ms = this.#ports.clock();
    const order = { type: 'order', source, sentAt_ms, commands: [{ type: 'cancel' }] } as const;
    return this.#runs.input(jobId, order, { ...desk, silent: true });
  }

  tick(jobId: string): Moved | null {
    return this.#runs.input(jobId, { type: 'tick' });
  }

  funded(jobId: string, msats: number): Moved | null {
    return this.#runs.input(jobId, { type: 'funded', msats });
  }

  wanted_msats(jobId: string): number {
    return this.#runs.at(jobId).run.wanted_msats;
  }

  recover(jobId: string): void {
    const { run, desk } = this.#runs.at(jobId);
    // A lease is not written when it is renewed, so the stored ones are long over.
    for (const { number, attempt, result } of run.wave) {
      if (result === null) this.#runs.alive(jobId, number, attempt);
    }
    if (desk.inbox === null) void this.#findInbox(jobId);
  }

  nextTick(jobId: string): number | null {
    return nextTeamTick(this.#runs.at(jobId).run, this.#ports.clock());
  }

  finish(jobId: string): void {
    this.#runs.forget(jobId);
  }

  erase(jobId: string): void {
    this.#runs.forget(jobId);
    this.store.erase(jobId);
  }

  prune(before_ms: number): boolean {
    return this.store.prune(before_ms);
  }

  /** Finds out where the client reads direct messages, and lets go of those that waited for it. Never rejects. */
  async #findInbox(jobId: string): Promise<void> {
    let relays: readonly string[] = [];
    try {
      relays = await this.#ports.inbox();
    } catch (error) {
      // They go where the job's answers go.
      this.#ports.log('looking up where direct messages are read failed', jobId, error);
    }
    this.#ports.move(jobId, () => this.#runs.inboxKnown(jobId, relays.length === 0 ? null : relays));
  }
}
