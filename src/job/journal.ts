/**
 * What a session keeps: one row per job (its state and outbox together, so that they commit together and cost
 * one written row a step) and the turns of the conversation. No secondary index but one over the open jobs,
 * because rows written are the bill (PLATFORM).
 */
import * as z from 'zod';
import type { OutboxEntry } from '../link/outbox.ts';
import { type NostrEvent, parseEvent } from '../nostr/event.ts';
import type { ChatMessage, Condensed, Envelope } from '../protocol/model.ts';
import { first, migrate, type Sql } from '../store/sql.ts';
import type { JobMoney } from './money.ts';
import { condenseTurns, messagesOf } from './turns.ts';
import type { Done, Grace, Job } from './types.ts';

/** A job with everything that is needed to go on with it after the memory was lost. */
export interface JournalRecord {
  readonly job: Job;
  /** The event as it was delivered: the request, or the gift wrap around it. Of an erased job only who, when and which. */
  readonly request: NostrEvent;
  /** What can be told of the request of an erased job, whose money still moves; null of any other. */
  readonly erased: Envelope | null;
  /** How many agents had it before this one, and failed. */
  readonly turn: number;
  /** Where it came from: `embedded` or a relay URL. */
  readonly via: string;
  /** Where its answers go. */
  readonly targets: readonly string[];
  /** Whether the client's relay list is still to be looked up. */
  readonly lookup: boolean;
  readonly outbox: readonly OutboxEntry[];
  /** Null for a job without a price. */
  readonly money: JobMoney | null;
  /** The request that came again for this one, carrying its invoice. */
  readonly again: string | null;
  /** The answer of a job that was paid by invoice, kept for a while for that request. */
  readonly kept: Done | null;
  /** Messages made of other jobs' results, by what the job waited for. */
  readonly inputs: { readonly [key: string]: ChatMessage };
  /** What a step begun elsewhere was given after the memory was lost (grace.ts); null while it shows that it lives. */
  readonly grace: Grace | null;
  /** Whether it is to go to the next agent, once its money is given back. */
  readonly passOn: boolean;
  /** Whether the marketplace's record (D1) is behind. */
  readonly unprojected: boolean;
  /** The event that ended it. */
  readonly resultId: string | null;
  /** Gift wraps of this job, its request's and its answers'. Their keys are gone, so no deletion can take them back. */
  readonly wraps: readonly string[];
}

/** What is needed to take back what an ended job told its client. */
export type Traces = Pick<JournalRecord, 'targets' | 'wraps'>;

const SCHEMA = [
  [
    `CREATE TABLE jobs (
      id TEXT PRIMARY KEY, open INTEGER NOT NULL, closed_at INTEGER, request TEXT, rest TEXT NOT NULL
    ) WITHOUT ROWID`,
    'CREATE INDEX jobs_open ON jobs (id) WHERE open = 1',
    'CREATE TABLE turns (seq INTEGER PRIMARY KEY, job TEXT NOT NULL, at INTEGER NOT NULL, messages TEXT NOT NULL)',
  ],
  // Of a row that tells others in short: the ids of the jobs it tells of.
  ['ALTER TABLE turns ADD COLUMN about TEXT'],
];

/** The stored form of one session. All methods are synchronous: they commit together with what surrounds them. */
export class Journal {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    migrate(sql, SCHEMA);
  }

  /** Runs `work` in one transaction. */
  transaction<T>(work: () => T): T {
    return this.#sql.transaction(work);
  }

  /** Whether a request was taken before, open or ended. */
  knows(id: string): boolean {
    return first(this.#sql, 'SELECT 1 AS one FROM jobs WHERE id = ?', id) !== undefined;
  }

  /** Remembers that a job was called off before its request came. */
  refuseEarly(id: string, at_ms: number): void {
    this.#sql.run(
      "INSERT OR IGNORE INTO jobs (id, open, closed_at, request, rest) VALUES (?, 0, ?, NULL, '{}')",
      id,
      at_ms,
    );
  }

  insert(record: JournalRecord): void {
    const { request, ...rest } = record;
    this.#sql.run(
      'INSERT INTO jobs (id, open, closed_at, request, rest) VALUES (?, 1, NULL, ?, ?)',
      record.job.id,
      JSON.stringify(request),
      JSON.stringify(rest),
    );
  }

  /** Forgets what a job was asked, told and given; what its money still needs stays. */
  erase(record: JournalRecord): void {
    const { request, ...rest } = record;
    this.#sql.run(
      'UPDATE jobs SET request = ?, rest = ? WHERE id = ?',
      JSON.stringify(request),
      JSON.stringify(rest),
      record.job.id,
    );
  }

  update(record: JournalRecord): void {
    const { request: _, ...rest } = record;
    this.#sql.run('UPDATE jobs SET rest = ? WHERE id = ?', JSON.stringify(rest), record.job.id);
  }

  /**
   * Nothing is left to do for this job. Its row stays for a while as the memory that it was done and where its
   * answers went; prompt and output are not kept longer than they are needed.
   */
  finish({ job, targets, wraps }: JournalRecord): void {
    this.#sql.run(
      'UPDATE jobs SET open = 0, closed_at = ?, request = NULL, rest = ? WHERE id = ?',
      job.closedAt_ms,
      JSON.stringify({ targets, wraps }),
      job.id,
    );
  }

  /** The jobs that still have something to do. */
  open(): JournalRecord[] {
    return this.#sql
      .all('SELECT request, rest FROM jobs WHERE open = 1')
      .map(({ request, rest }) => decode(request, rest));
  }

  /** Where the answers of an ended job went; nowhere when it is unknown or was called off before it came. */
  tracesOf(id: string): Traces {
    const row = first(this.#sql, 'SELECT rest FROM jobs WHERE id = ? AND open = 0', id);
    return tracesSchema.parse(row === undefined ? {} : JSON.parse(String(row.rest)));
  }

  /** Keeps a question and its answer as a turn of the conversation. */
  remember(jobId: string, at_ms: number, messages: readonly ChatMessage[]): void {
    this.#sql.run(
      'INSERT INTO turns (job, at, messages) VALUES (?, ?, ?)',
      jobId,
      at_ms,
      JSON.stringify(messages),
    );
  }

  /** The conversation so far, oldest first. */
  history(): ChatMessage[] {
    return this.#sql
      .all('SELECT messages FROM turns ORDER BY seq')
      .flatMap((row) => messagesOf(row.messages));
  }

  /**
   * Keeps what tells the oldest messages in short instead of these, unless they are not what it was made of any more. In
   * a transaction of its own: it is true of the conversation whatever becomes of the job that made it.
   */
  condense(condensed: Condensed | undefined): void {
    if (condensed !== undefined) this.#sql.transaction(() => condenseTurns(this.#sql, condensed));
  }

  /** Forgets what a job added to the conversation, and whatever tells of it in short, with what else that tells of. */
  forgetTurn(id: string): void {
    this.#sql.run('DELETE FROM turns WHERE job = ? OR instr(about, ?)', id, id);
  }

  /**
   * Drops ended jobs and turns that are older than their keeping time.
   *
   * @returns whether anything at all is left
   */
  prune(jobsBefore_ms: number, turnsBefore_ms: number): boolean {
    this.#sql.run('DELETE FROM jobs WHERE open = 0 AND closed_at < ?', jobsBefore_ms);
    this.#sql.run('DELETE FROM turns WHERE at < ?', turnsBefore_ms);
    const left = first(this.#sql, 'SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM turns) AS n');
    return Number(left?.n ?? 0) > 0;
  }
}

const UNCHECKED = { refused: [], proof: null } as const;

const tracesSchema = z.object({
  targets: z.array(z.string()).default([]),
  wraps: z.array(z.string()).default([]),
});

function decode(request: unknown, rest: unknown): JournalRecord {
  const event = parseEvent(JSON.parse(String(request)));
  if (typeof event === 'string') throw new Error(`the journal holds a broken request: ${event}`);
  // Written by `insert` and `update` above and by nothing else; the schema version guards its shape.
  const stored: Omit<JournalRecord, 'request'> = JSON.parse(String(rest));
  // Rows from before a member was there say nothing of it.
  const job = { ...UNCHECKED, ...stored.job };
  const { erased = null, grace = null, turn = 0, passOn = false } = stored;
  return { ...stored, job, erased, grace, turn, passOn, request: event };
}
