/** What the arena's object stores. Every table is bounded: by the agents there are, by a group, or by the buffers. */
export const ARENA_SCHEMA: readonly string[][] = [
  [
    // `models`: whether models sit in the round that is under way; null before that is decided.
    `CREATE TABLE season (
      id INTEGER PRIMARY KEY CHECK (id = 1), language TEXT NOT NULL, seed INTEGER NOT NULL, round INTEGER NOT NULL,
      models INTEGER, day INTEGER NOT NULL, day_rounds INTEGER NOT NULL, day_tokens INTEGER NOT NULL
    )`,
    // Places count up within a mode without gaps, because only the oldest are dropped.
    `CREATE TABLE tasks (
      mode TEXT NOT NULL, place INTEGER NOT NULL, round INTEGER NOT NULL, id TEXT NOT NULL, program_id TEXT NOT NULL,
      frontier INTEGER NOT NULL, task TEXT NOT NULL, PRIMARY KEY (mode, place)
    ) WITHOUT ROWID`,
    'CREATE UNIQUE INDEX tasks_by_id ON tasks (id)',
    'CREATE INDEX tasks_by_program ON tasks (program_id)',
    `CREATE TABLE open_groups (
      mode TEXT NOT NULL, role TEXT NOT NULL, number INTEGER NOT NULL, opened_ms INTEGER NOT NULL, results TEXT NOT NULL,
      PRIMARY KEY (mode, role)
    ) WITHOUT ROWID`,
    `CREATE TABLE ratings (
      mode TEXT NOT NULL, role TEXT NOT NULL, agent TEXT NOT NULL, count INTEGER NOT NULL, sum_advantage REAL NOT NULL,
      ema REAL NOT NULL, passed INTEGER NOT NULL, PRIMARY KEY (mode, role, agent)
    ) WITHOUT ROWID`,
    // `suspected`: whether the pair was found to be too good together. That is for good: apart, it proves nothing more.
    `CREATE TABLE pairs (
      mode TEXT NOT NULL, proposer TEXT NOT NULL, solver TEXT NOT NULL, tasks INTEGER NOT NULL, passed INTEGER NOT NULL,
      suspected INTEGER NOT NULL,
      PRIMARY KEY (mode, proposer, solver)
    ) WITHOUT ROWID`,
    'CREATE TABLE stretches (mode TEXT PRIMARY KEY, stretch TEXT NOT NULL) WITHOUT ROWID',
    `CREATE TABLE qualifications (
      agent TEXT NOT NULL, mode TEXT NOT NULL, qualified INTEGER NOT NULL, at_ms INTEGER NOT NULL, models TEXT NOT NULL,
      PRIMARY KEY (agent, mode)
    ) WITHOUT ROWID`,
    // Questions to models of what is under way; `text` is null until there is an answer.
    `CREATE TABLE questions (
      key TEXT PRIMARY KEY, agent TEXT NOT NULL, prompt TEXT NOT NULL, asked_ms INTEGER NOT NULL,
      reserved INTEGER NOT NULL, text TEXT, model TEXT, tokens INTEGER, took_ms INTEGER
    ) WITHOUT ROWID`,
    // What the record has not taken yet.
    'CREATE TABLE news (seq INTEGER PRIMARY KEY, news TEXT NOT NULL)',
  ],
];
