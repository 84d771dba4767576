/** The SQLite port for unit tests of code that runs in durable objects. */
export { nodeSql } from '../../scripts/local/node-sql.ts';
