/** Journals of runs in SQLite: a durable object's storage, or Node's. */
import { first, migrate, type Sql } from '../../store/sql.ts';
import type { Entry } from './entry.ts';
import type { StepStore } from './step-store.ts';

/** An entry stays below the 2 MB a row may have. */
const SCHEMA = [
  [
    `CREATE TABLE loop_entries (
    run TEXT NOT NULL,
    seq INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (run, seq)
  ) WITHOUT ROWID`,
  ],
];

export interface SqlStepStore extends StepStore {
  /** Deletes a run and those of its managed agents; their names begin with its own and a slash. */
  forget(run: string): void;
}

export function sqlStepStore(sql: Sql): SqlStepStore {
  migrate(sql, SCHEMA, 'loop');
  return {
    async load(run) {
      return sql.all('SELECT entry FROM loop_entries WHERE run = ? ORDER BY seq', run).map((row) => {
        // Written by `append` below and by nothing else; the schema version guards its shape.
        const entry: Entry = JSON.parse(String(row.entry));
        return entry;
      });
    },
    async append(run, seq, entry) {
      sql.transaction(() => {
        const last = first(sql, 'SELECT seq FROM loop_entries WHERE run = ? ORDER BY seq DESC LIMIT 1', run);
        // Also a gap is a fault: it means that this drive read another journal.
        if (Number(last?.seq ?? -1) !== seq - 1) throw new Error(`another drive works on the run ${run}`);
        sql.run(
          'INSERT INTO loop_entries (run, seq, entry) VALUES (?, ?, ?)',
          run,
          seq,
          JSON.stringify(entry),
        );
      });
    },
    forget(run) {
      // '0' is the character behind '/', so the range holds exactly the names that begin with the run and a slash.
      sql.run('DELETE FROM loop_entries WHERE run = ? OR (run >= ? AND run < ?)', run, `${run}/`, `${run}0`);
    },
  };
}
