/** What an account object stores: how many jobs a client may open, its books, zaps, payouts. One list, because one object has one version. */
export const ACCOUNT_SCHEMA: readonly string[][] = [
  [
    'CREATE TABLE quotas (agent TEXT PRIMARY KEY, window INTEGER NOT NULL, granted INTEGER NOT NULL) WITHOUT ROWID',
  ],
  [
    `CREATE TABLE entries (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, postings TEXT NOT NULL
    )`,
    'CREATE TABLE balances (account TEXT PRIMARY KEY, amount INTEGER NOT NULL) WITHOUT ROWID',
    'CREATE TABLE projected (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL)',
  ],
  [
    'CREATE TABLE told (listener TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID',
    "INSERT INTO told (listener, seq) SELECT 'record', seq FROM projected",
    'DROP TABLE projected',
  ],
  [
    'CREATE TABLE debts (job TEXT PRIMARY KEY, at INTEGER NOT NULL, price INTEGER NOT NULL, terms TEXT NOT NULL) WITHOUT ROWID',
  ],
  [
    `CREATE TABLE zaps (
      hash TEXT PRIMARY KEY, expires INTEGER NOT NULL, facts TEXT NOT NULL, paid TEXT, todo TEXT NOT NULL,
      wake INTEGER NOT NULL
    ) WITHOUT ROWID`,
  ],
  [
    `CREATE TABLE payouts (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, destination TEXT,
      status TEXT NOT NULL, payout TEXT NOT NULL, problem TEXT, opened_at INTEGER NOT NULL, closed_at INTEGER
    )`,
    // One at a time: whoever has two payments under way can be paid twice.
    "CREATE UNIQUE INDEX open_payout ON payouts (status) WHERE status = 'open'",
  ],
  ['ALTER TABLE zaps ADD COLUMN own INTEGER NOT NULL DEFAULT 0'],
  // No entry is ever deleted, so their order needs no AUTOINCREMENT, which costs a written row for each.
  [
    `CREATE TABLE entries_in_order (
      seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, postings TEXT NOT NULL
    )`,
    'INSERT INTO entries_in_order (seq, key, at, postings) SELECT seq, key, at, postings FROM entries',
    'DROP TABLE entries',
    'ALTER TABLE entries_in_order RENAME TO entries',
  ],
  // Whether it is a purse of the doors, and whom what comes into it goes to since it was closed.
  ['CREATE TABLE purse (id INTEGER PRIMARY KEY CHECK (id = 1), closed_to TEXT)'],
];
