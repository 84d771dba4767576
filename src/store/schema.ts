/**
 * The marketplace's record in D1 (DESIGN §5). `npx drizzle-kit generate --name <what>` turns a change of this
 * file into the next file of migrations/.
 *
 * Rows written are what D1 bills, and every index entry counts as one. So each index here serves a query that the
 * public can ask, and no column that changes during a job is indexed: opening a job writes the row and its index
 * entries, every later state writes the row alone.
 */
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { JOB_ERROR_CODES } from '../errors.ts';
import { ARENA_MODES, ARENA_ROLES } from './arena-record.ts';
import { ASSIGNMENT_STATES } from './assignment-record.ts';
import { JOB_DIALECTS, JOB_PHASES, JOB_SEALINGS } from './job-record.ts';

export { blockedKeys } from './blocked-schema.ts';
export { listings, listingVersions } from './listings-schema.ts';
export { reviews } from './review-schema.ts';

/** One row per agent: the card as it is served, byte for byte. */
export const agents = sqliteTable('agents', {
  slug: text('slug').primaryKey(),
  pubkey: text('pubkey').notNull(),
  /** The card's JSON text. Its SHA-256 is the announcement's `x` and the ETag, so it is kept as it was hashed. */
  cardJson: text('card_json').notNull(),
  /** SemVer; the same as `agent_card_version` inside the card. */
  cardVersion: text('card_version').notNull(),
  /** SHA-256 of `cardJson`, hex. */
  cardHash: text('card_hash').notNull(),
  /** SHA-256 of what the card says apart from its version, hex: tells a change of content from a bump. */
  contentHash: text('content_hash').notNull(),
  updatedAt_ms: integer('updated_at_ms').notNull(),
});

/** The newest announcement of each kind an agent has published, so that it is published again only on change. */
export const announcements = sqliteTable(
  'announcements',
  {
    agent: text('agent').notNull(),
    kind: integer('kind').notNull(),
    /** SHA-256 over everything in the event that matters (not `created_at`), hex. */
    fingerprint: text('fingerprint').notNull(),
    eventId: text('event_id').notNull(),
    /** The signed event as JSON: published again as it is, with the same id, to a relay that has lost it. */
    eventJson: text('event_json').notNull(),
    publishedAt_ms: integer('published_at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.agent, table.kind] })],
);

/** Which relay has taken which announcement; what is missing here is sent again. */
export const announced = sqliteTable(
  'announced',
  {
    /** `embedded` or a relay URL. */
    relay: text('relay').notNull(),
    eventId: text('event_id').notNull(),
    takenAt_ms: integer('taken_at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.relay, table.eventId] })],
);

/** The double-entry ledger, one line per posting; debit positive. Append only: no line is ever changed. */
export const ledger = sqliteTable(
  'ledger',
  {
    /** What happened; the lines of one key sum to zero. */
    key: text('key').notNull(),
    account: text('account').notNull(),
    amount_msats: integer('amount_msats').notNull(),
    at_ms: integer('at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.key, table.account] })],
);

/** See {@link file://./job-record.ts} for what each column means. */
export const jobs = sqliteTable(
  'jobs',
  {
    id: text('id').primaryKey(),
    revision: integer('revision').notNull(),
    agent: text('agent').notNull(),
    client: text('client').notNull(),
    session: text('session').notNull(),
    dialect: text('dialect', { enum: JOB_DIALECTS }).notNull(),
    kind: integer('kind').notNull(),
    sealing: text('sealing', { enum: JOB_SEALINGS }).notNull(),
    phase: text('phase', { enum: JOB_PHASES }).notNull(),
    error: text('error', { enum: JOB_ERROR_CODES }),
    via: text('via').notNull(),
    createdAt_s: integer('created_at_s').notNull(),
    openedAt_ms: integer('opened_at_ms').notNull(),
    startedAt_ms: integer('started_at_ms'),
    closedAt_ms: integer('closed_at_ms'),
    requestEventId: text('request_event_id').notNull(),
    resultEventId: text('result_event_id'),
    attempts: integer('attempts').notNull(),
    turn: integer('turn').notNull().default(0),
  },
  (table) => [
    // Keyset paging, newest first: everything, one agent's (also its reputation), one client's. There is none by
    // phase: it changes, and a page filtered by phase reads a bounded stretch of one of these (jobs.ts).
    index('jobs_by_time').on(table.openedAt_ms, table.id),
    index('jobs_by_agent').on(table.agent, table.openedAt_ms, table.id),
    index('jobs_by_client').on(table.client, table.openedAt_ms, table.id),
  ],
);

/** NIP-98 tokens that were used, until they could no longer be valid. The time stands first: old ones are a range. */
export const spentTokens = sqliteTable(
  'spent_tokens',
  {
    until_s: integer('until_s').notNull(),
    /** The token's event id. */
    id: text('id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.until_s, table.id] })],
);

/** Mail addresses that were asked whether they want reports, so that nobody can have us ask one again and again. */
export const mailAddresses = sqliteTable('mail_addresses', {
  /** HMAC-SHA-256 of the address, hex: the addresses themselves stay with the runs. */
  hash: text('hash').primaryKey(),
  /** The job that asked last. */
  askedFor: text('asked_for').notNull(),
  /** When it did; 0 once it was answered with yes, so that the next may ask at once. */
  askedAt_ms: integer('asked_at_ms').notNull(),
  /** When the address said that it does not want to be asked; null when it has not. */
  refusedAt_ms: integer('refused_at_ms'),
});

/** The ledger's sums by kind of account up to one of its lines: one row, so that figures need not read all of it. */
export const ledgerSums = sqliteTable('ledger_sums', {
  id: integer('id').primaryKey(),
  /** Row number of the newest line in the sums. */
  upto: integer('upto').notNull(),
  /** JSON: debit minus credit in msats by kind. */
  sums: text('sums').notNull(),
});

/** Tasks of the arena, by the round that made each. Its object holds what is played with; this is the record. */
export const arenaTasks = sqliteTable('arena_task', {
  /** The round; there is at most one task in each. */
  round: integer('round').primaryKey(),
  /** Hash of what is asked, the same for tasks that differ in names and white space alone. */
  id: text('id').notNull(),
  mode: text('mode', { enum: ARENA_MODES }).notNull(),
  language: text('language').notNull(),
  program: text('program').notNull(),
  /** Deduction and abduction; null for induction. */
  input: text('input'),
  output: text('output'),
  /** Induction: JSON lists of `{input, output}`. Null for the other modes. */
  given: text('given'),
  hidden: text('hidden'),
  message: text('message'),
  /** The same for programs that differ in names, comments and white space alone. */
  programId: text('program_id').notNull(),
  proposer: text('proposer').notNull(),
  /** JSON list of the ids of the tasks its proposer was shown. */
  refs: text('refs').notNull(),
  attempts: integer('attempts').notNull(),
  solved: integer('solved').notNull(),
  /** Null where the attempts were not all made. */
  learnability: real('learnability'),
  /** Version of the engines that judged. */
  executor: text('executor').notNull(),
  createdAt_ms: integer('created_at_ms').notNull(),
});

/** Every response: proposals (`at` 0) and attempts (`at` from 1), in their order within the round. */
export const arenaAttempts = sqliteTable(
  'arena_attempt',
  {
    round: integer('round').notNull(),
    at: integer('at').notNull(),
    mode: text('mode', { enum: ARENA_MODES }).notNull(),
    role: text('role', { enum: ARENA_ROLES }).notNull(),
    agent: text('agent').notNull(),
    owner: text('owner').notNull(),
    model: text('model'),
    /** SHA-256 of the prompt, hex; null for agents that are not prompted. */
    promptHash: text('prompt_hash'),
    /** SHA-256 of the whole response, hex, and the response where it is short enough to be kept. */
    answerHash: text('answer_hash').notNull(),
    answer: text('answer'),
    /** Why a proposal became no task; null for one that did, and for attempts. */
    problem: text('problem'),
    formatOk: integer('format_ok', { mode: 'boolean' }).notNull(),
    /** Solvers: right or not. Proposers: the learnability. Null where it cannot be told. */
    accuracy: real('accuracy'),
    /** Null where nothing is earned by it: the attempts were not all made, or the pair is suspected. */
    reward: real('reward'),
    /** The rating group it counts in; null where it counts in none. */
    group: text('group'),
    /** Null while the group is open. */
    advantage: real('advantage'),
    tokens: integer('tokens').notNull(),
    took_ms: integer('took_ms').notNull(),
    at_ms: integer('at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.round, table.at] })],
);

/** Closed rating groups. */
export const arenaGroups = sqliteTable('arena_group', {
  id: text('id').primaryKey(),
  mode: text('mode', { enum: ARENA_MODES }).notNull(),
  role: text('role', { enum: ARENA_ROLES }).notNull(),
  openedAt_ms: integer('opened_at_ms').notNull(),
  closedAt_ms: integer('closed_at_ms').notNull(),
  results: integer('results').notNull(),
  mean: real('mean').notNull(),
  variance: real('variance').notNull(),
});

/** What an agent has earned in a mode and role; the sums only grow. */
export const ratings = sqliteTable(
  'rating',
  {
    /** Slug of the agent, or the name of a baseline, which holds a colon and so is no slug. */
    agent: text('agent').notNull(),
    mode: text('mode', { enum: ARENA_MODES }).notNull(),
    role: text('role', { enum: ARENA_ROLES }).notNull(),
    count: integer('count').notNull(),
    sumAdvantage: real('sum_advantage').notNull(),
    ema: real('ema').notNull(),
    passed: integer('passed').notNull(),
    updatedAt_ms: integer('updated_at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.agent, table.mode, table.role] })],
);

/** The newest examination of an agent in a mode that has come to a verdict. */
export const qualifications = sqliteTable(
  'qualification',
  {
    agent: text('agent').notNull(),
    mode: text('mode', { enum: ARENA_MODES }).notNull(),
    qualified: integer('qualified', { mode: 'boolean' }).notNull(),
    at_ms: integer('at_ms').notNull(),
    /** JSON list of the models on the agent's card then. */
    models: text('models').notNull(),
  },
  (table) => [primaryKey({ columns: [table.agent, table.mode] })],
);

/** How the frontier moves: sums over a stretch of rounds of one mode. */
export const arenaFrontier = sqliteTable(
  'arena_frontier',
  {
    /** Number of the stretch, from 0. */
    stretch: integer('stretch').notNull(),
    mode: text('mode', { enum: ARENA_MODES }).notNull(),
    /** Rounds of the mode in it that were played so far. */
    rounds: integer('rounds').notNull(),
    /** Tasks among them whose attempts were all made. */
    tasks: integer('tasks').notNull(),
    attempts: integer('attempts').notNull(),
    solved: integer('solved').notNull(),
    learnability: real('learnability').notNull(),
    /** Tasks that some solved and some did not. */
    frontier: integer('frontier').notNull(),
    /** Characters of the programs of those, together. */
    frontierChars: integer('frontier_chars').notNull(),
  },
  (table) => [primaryKey({ columns: [table.stretch, table.mode] })],
);

/**
 * Which agent has an open request for which several fit. Its words are in {@link file://./assignments.ts}. A request that
 * names its agent, or that only one fits, has no row.
 */
export const assignments = sqliteTable('assignment', {
  jobId: text('job_id').primaryKey(),
  agent: text('agent').notNull(),
  session: text('session').notNull(),
  /** JSON: slugs. */
  tried: text('tried').notNull(),
  state: text('state', { enum: ASSIGNMENT_STATES }).notNull(),
  /** JSON: a JobFailure. */
  failure: text('failure'),
  createdAt_ms: integer('created_at_ms').notNull(),
});

/** Jobs at which an agent failed and that went on to another, whose row in `jobs` says no more of it. Read by agent, newest first. */
export const passedOn = sqliteTable(
  'passed_on',
  {
    agent: text('agent').notNull(),
    at_ms: integer('at_ms').notNull(),
    jobId: text('job_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.agent, table.at_ms, table.jobId] })],
);

export { doorKeys, doorRequests } from './door-schema.ts';
