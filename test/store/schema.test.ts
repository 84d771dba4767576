import { is } from 'drizzle-orm';
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core';
import { expect, test } from 'vitest';
import * as schema from '../../src/store/schema.ts';
import { nodeD1 } from '../support/node-d1.ts';

const TABLES = Object.values(schema).flatMap((value) => (is(value, SQLiteTable) ? [value] : []));

/**
 * Goal: whoever changes schema.ts and forgets `drizzle-kit generate` learns it here. Method: the database that the
 * migrations make is asked for its tables, columns, keys and indexes, and compared with the schema.
 */
test('the migrations make the tables of the schema, no more and no less', () => {
  const { rows } = nodeD1();
  const made = rows(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
  );
  expect(made.map(({ name }) => name)).toEqual(TABLES.map((table) => getTableConfig(table).name).sort());
  for (const table of TABLES) {
    const { name, columns, primaryKeys, indexes } = getTableConfig(table);
    const keys =
      primaryKeys[0]?.columns.map((column) => column.name) ??
      columns.filter((c) => c.primary).map((c) => c.name);
    const described = columns.map((column) => ({
      name: column.name,
      type: column.getSQLType(),
      notnull: column.notNull ? 1 : 0,
      pk: keys.indexOf(column.name) + 1,
    }));
    expect(
      rows(`SELECT name, lower(type) AS type, "notnull", pk FROM pragma_table_info('${name}') ORDER BY cid`),
      name,
    ).toEqual(described);
    const indexed = rows(`SELECT name FROM pragma_index_list('${name}') WHERE origin = 'c' ORDER BY name`);
    expect(
      indexed.map((row) => row.name),
      name,
    ).toEqual(indexes.map(({ config }) => config.name).sort());
    for (const { config } of indexes) {
      const wanted = config.columns.map((column) => ('name' in column ? column.name : 'expression'));
      const found = rows(`SELECT name FROM pragma_index_info('${config.name}') ORDER BY seqno`).map(
        (row) => row.name,
      );
      expect(found, config.name).toEqual(wanted);
    }
  }
});
