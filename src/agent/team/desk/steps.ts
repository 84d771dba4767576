/** The desk's side towards whoever does a piece of a team's work: begins it, hears that it is alive, takes what it made. */
import type { Clock } from '../../../clock.ts';
import type { Moved } from '../../../job/long-work.ts';
import { TEAM_BEAT_MS } from '../../../limits.ts';
import type { Note } from '../../loop/ports.ts';
import { resultSchema } from '../result.ts';
import type { Result, Task, TeamRun } from '../types.ts';
import { briefOf, type TeamBrief } from './brief.ts';
import { notedDirectives, notesFor } from './notes.ts';
import type { TeamRuns } from './runs.ts';
import {
  type Desk,
  NOTHING_SPENT,
  type Spent,
  type StepJournal,
  since,
  together,
  tokensOf,
} from './state.ts';
import type { TeamStore } from './store.ts';

/** What a runner hears back when it shows that it is alive. */
export interface StepLeave {
  readonly goOn: boolean;
  /** What the client has said since the step began. */
  readonly notes: readonly Note[];
}

/** What a runner hands in for a piece of work. */
export interface StepReport {
  readonly result: Result;
  /** What all of its journal used, earlier drives included. */
  readonly used: Spent;
  /** Whether the journal came to its end, so that another attempt begins a new one. */
  readonly over: boolean;
  /** Ids of the notes its journal has taken. */
  readonly notes: readonly string[];
}

/** A runner that was not heard of for so many beats is taken for dead. */
const BEATS = 3;

export class TeamSteps {
  readonly #clock: Clock;
  readonly #runs: TeamRuns;
  readonly #store: TeamStore;
  /** When somebody last showed that it works on a step, by job, step and attempt. */
  readonly #beats = new Map<string, number>();

  constructor(clock: Clock, runs: TeamRuns, store: TeamStore) {
    this.#clock = clock;
    this.#runs = runs;
    this.#store = store;
  }

  /** A runner begins a piece of work; null when it is not to be done, or somebody is at it. */
  brief(jobId: string, number: number, attempt: number): TeamBrief | null {
    const stored = this.#runs.find(jobId);
    const task = stored === null ? undefined : taskOf(stored.run, number, attempt);
    if (stored === null || task === undefined || stored.run.phase !== 'working') return null;
    const last_ms = this.#beats.get(keyOf(jobId, number, attempt)) ?? Number.NEGATIVE_INFINITY;
    if (last_ms > this.#clock() - BEATS * TEAM_BEAT_MS) return null;
    this.#beat(jobId, number, attempt);
    const known = stored.desk.journals[number] ?? newJournal(attempt);
    const journal = { ...known, since_ms: known.since_ms ?? this.#clock() };
    this.#runs.note(jobId, number, journal);
    return briefOf(jobId, stored, task, journal, this.#store);
  }

  /** A runner is at it. */
  beat(jobId: string, number: number, attempt: number): StepLeave {
    const stored = this.#runs.find(jobId);
    const task = stored === null ? undefined : taskOf(stored.run, number, attempt);
    if (stored === null || task === undefined) return { goOn: false, notes: [] };
    this.#beat(jobId, number, attempt);
    return { goOn: stored.run.phase === 'working', notes: notesFor(stored.run, task) };
  }

  /** A runner lets go of a step that is not done, for another to go on with. */
  pass(jobId: string, number: number, attempt: number): void {
    this.#beats.delete(keyOf(jobId, number, attempt));
  }

  /** A runner is done. Null when its attempt counts no more. */
  report(jobId: string, number: number, attempt: number, report: StepReport): Moved | null {
    this.pass(jobId, number, attempt);
    const stored = this.#runs.find(jobId);
    if (stored === null || taskOf(stored.run, number, attempt) === undefined) return null;
    const { desk } = stored;
    const journal = desk.journals[number] ?? newJournal(attempt);
    const fresh = since(report.used, journal.booked);
    const usage = { tokens: tokensOf(fresh), msats: fresh.msats };
    const result = resultSchema.parse({ ...report.result, usage });
    const next = report.over
      ? newJournal(attempt + 1)
      : { ...journal, booked: together(journal.booked, fresh) };
    const changed: Desk = {
      ...desk,
      used: together(desk.used, fresh),
      journals: { ...desk.journals, [number]: next },
    };
    const noted = notedDirectives(report.notes);
    return this.#runs.input(jobId, { type: 'result', number, attempt, result, noted }, changed);
  }

  #beat(jobId: string, number: number, attempt: number): void {
    this.#beats.set(keyOf(jobId, number, attempt), this.#clock());
    this.#runs.heardOf(jobId, number, attempt);
  }
}

function newJournal(from: number): StepJournal {
  return { from, since_ms: null, booked: NOTHING_SPENT };
}

function keyOf(jobId: string, number: number, attempt: number): string {
  return `${jobId}/${number}/${attempt}`;
}

function taskOf(run: TeamRun, number: number, attempt: number): Task | undefined {
  return run.wave.find((task) => task.number === number && task.attempt === attempt && task.result === null);
}
