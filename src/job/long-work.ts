/**
 * The port to work that lives for hours beside its job in the same object (a team), where other work is one step that
 * somebody does in one go. It keeps its own tables; every change of it is stored together with what the job makes of
 * that change. Methods are synchronous: what waits for others is done by `perform`.
 */
import type { JobFailure } from '../errors.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { JobBody, JobOutput, Report } from '../protocol/model.ts';
import type { Assignment } from './assignment.ts';
import type { Words } from './words.ts';

/** One change of the work. */
export interface Moved {
  /** Writes the new state; called within the transaction that stores the job. */
  readonly write: () => void;
  /** What the client is told; each once by its key. */
  readonly reports: readonly { readonly key: string; readonly report: Report }[];
  /** Events beside the job's answers (direct messages), with the relays owed them; null: where the answers go. */
  readonly sends: readonly { readonly event: NostrEvent; readonly targets: readonly string[] | null }[];
  /** Null while it goes on. */
  readonly ending: WorkEnding | null;
  /** Does what is to be done after it is stored. May be done again after a crash. Never rejects. */
  readonly perform: () => Promise<void>;
}

export type WorkEnding =
  | { readonly type: 'output'; readonly output: JobOutput }
  /** With what others were paid for it all the same, msats: that is its client's to pay. */
  | { readonly type: 'failed'; readonly failure: JobFailure; readonly passedOn_msats?: number }
  /**
   * Its client called it off and is told nothing more; what was done until then costs so much, and so much of that was
   * paid to others, msats.
   */
  | { readonly type: 'calledOff'; readonly spent_msats: number; readonly passedOn_msats: number };

/** What became of a client's words. */
export interface Answered {
  /** Null: they were taken before. */
  readonly moved: Moved | null;
  /** What to say to whoever wrote them by a request. */
  readonly answer: string;
}

export interface LongWork {
  /** Whether what its client says while it is under way is words to it. */
  readonly takesWords: boolean;
  /** Whether the work on a job was begun and its state is here. */
  has(jobId: string): boolean;
  /**
   * @param funded_msats what there is for it; 0 where it costs nothing
   * @throws JobError when the assignment is none that can be begun
   */
  begin(jobId: string, assignment: Assignment, funded_msats: number): Moved;
  /** The client's words. */
  hear(jobId: string, words: Words): Answered;
  /** The same out of a mail; null when its writer is nobody to this run. */
  hearMail(jobId: string, address: string, words: Words): Answered | null;
  /** What to answer to words that can only be for work under way, when there is none; null for what is a job itself. */
  refuse(words: Words, body: JobBody): string | null;
  /** The client calls the job off; null when that is known. */
  callOff(jobId: string): Moved | null;
  /** Time has passed. */
  tick(jobId: string): Moved | null;
  /** There is more money for it: `msats` since it began. */
  funded(jobId: string, msats: number): Moved | null;
  /** What the client wants to spend in all, msats. */
  wanted_msats(jobId: string): number;
  /** The memory was lost: whoever works on its steps gets time to say so. */
  recover(jobId: string): void;
  /** When it wants a `tick`, Unix ms; null when nothing will change by time alone. */
  nextTick(jobId: string): number | null;
  /** Lets go of what is in memory: the work has ended, or its last change was not stored. What is stored stays. */
  finish(jobId: string): void;
  /** Forgets everything of it. */
  erase(jobId: string): void;
  /** Forgets what ended before then, Unix ms; whether anything is left. */
  prune(before_ms: number): boolean;
}
