/** The tables of a model's traffic object. */
import { migrate, type Sql } from '../../store/sql.ts';

const SCHEMA = [
  [
    'CREATE TABLE cooldowns (model TEXT PRIMARY KEY, failures INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
    'CREATE TABLE used (model TEXT PRIMARY KEY, input INTEGER NOT NULL, output INTEGER NOT NULL) WITHOUT ROWID',
  ],
];

export function openTrafficTables(sql: Sql): void {
  migrate(sql, SCHEMA);
}
