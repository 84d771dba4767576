/** What a session with a team, or an agent that drives loops, is told and asked besides (workers/rpc.ts). Plain JSON. */
import type { Entry } from '../src/agent/loop/entry.ts';
import type { TeamBrief } from '../src/agent/team/desk/brief.ts';
import type { StepLeave, StepReport } from '../src/agent/team/desk/steps.ts';
import type { TraceEntry } from '../src/agent/team/trace.ts';
import type { Heard, Words } from '../src/job/words.ts';

export interface TeamSessionRpc {
  /**
   * A client's words to a team at work (PROTOCOL §1: kind 14, kind 1111). Only from the client of this session; whoever
   * calls has verified the author. Repeat-safe by `words.source`.
   *
   * @param jobId which run; null for the newest that is under way
   */
  steer(jobId: string | null, author: string, words: Words): Promise<Heard>;
  /** The same out of a mail. @param address who wrote it, lower case: only the run's own correspondent is heard */
  steerByMail(jobId: string, address: string, words: Words): Promise<Heard>;
  /** A team run's record behind `after` (0: from the beginning), a page at a time; null when there is no such run. */
  teamRecord(jobId: string, after: number): Promise<TeamRecordPage | null>;
  /** The text of a stored version of a team's artifact by its SHA-256 (hex); null when there is none. */
  artifact(jobId: string, sha256: string): Promise<string | null>;
  /** A runner begins a piece of a team's work; null when it is not to be done, or another is at it. */
  teamBegin(jobId: string, number: number, attempt: number): Promise<TeamBrief | null>;
  /** A runner's sign of life, and what the client has said since the step began. */
  teamBeat(jobId: string, number: number, attempt: number): Promise<StepLeave>;
  /** A runner lets go of a step that is not done; it has ordered it again. */
  teamPass(jobId: string, number: number, attempt: number): Promise<void>;
  /** A runner is done with a step. */
  teamReport(jobId: string, number: number, attempt: number, report: StepReport): Promise<void>;
  /** The text of a version of a run; null when there is none. */
  teamText(jobId: string, version: string): Promise<string | null>;
  /** The journal of an agent loop's run, named by the job or below it (`<job>/…`). */
  loopEntries(run: string): Promise<readonly Entry[]>;
  /** Adds to it for good. @throws when the place is taken: another drive works on the run */
  loopAppend(run: string, seq: number, entry: Entry): Promise<void>;
}

/** Part of the record of a team run, in order. */
export interface TeamRecordPage {
  readonly entries: readonly TraceEntry[];
  /** Whether there is more behind the last one. */
  readonly more: boolean;
}
