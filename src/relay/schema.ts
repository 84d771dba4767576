/**
 * The relay's tables. Rows written are the bill (PLATFORM), so an event costs four rows (itself, its id, author and
 * kind) and one for each single-letter tag; expiry and address are partial indexes that most events never touch.
 *
 * `event.seq` is the order of arrival. It is never given twice, because the newest row is never pruned.
 * `event.ours` is 1 for events this marketplace handed in itself; `event.auth` keeps, for requests only, the keys
 * its connection had proved (JSON), so that a handover repeated after a crash still knows them.
 * `event.expires_at` is Unix s; 0 marks what its author deleted: served to nobody, removed at the next pruning.
 * `withdrawn` remembers what was erased without a deletion that could be kept, so that no copy brings it back.
 * `blocked` holds whom the operator keeps out at run time.
 */
export const RELAY_SCHEMA: readonly string[][] = [
  [
    `CREATE TABLE event (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      pubkey TEXT NOT NULL,
      kind INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      address TEXT,
      ours INTEGER NOT NULL,
      auth TEXT,
      json TEXT NOT NULL
    )`,
    'CREATE INDEX event_author ON event (pubkey, kind, created_at)',
    'CREATE INDEX event_kind ON event (kind, created_at)',
    'CREATE UNIQUE INDEX event_address ON event (address) WHERE address IS NOT NULL',
    'CREATE INDEX event_expiry ON event (expires_at) WHERE expires_at IS NOT NULL',
    `CREATE TABLE tag (
      name_value TEXT NOT NULL,
      kind INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      PRIMARY KEY (name_value, kind, created_at, seq)
    ) WITHOUT ROWID`,
    'CREATE TABLE mark (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID',
    `CREATE TABLE subscription (
      socket TEXT NOT NULL,
      name TEXT NOT NULL,
      req TEXT NOT NULL,
      PRIMARY KEY (socket, name)
    ) WITHOUT ROWID`,
  ],
  ['CREATE TABLE withdrawn (id TEXT PRIMARY KEY) WITHOUT ROWID'],
  ['CREATE TABLE blocked (pubkey TEXT PRIMARY KEY) WITHOUT ROWID'],
];
