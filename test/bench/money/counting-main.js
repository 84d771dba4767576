/**
 * The main module of a Worker whose writes are counted: it stands before the bundle that would be deployed, passes
 * everything on to it, and asks the platform's own classes how many rows each statement wrote, index entries included,
 * which is what is billed. An alarm counts as one row, because it is billed as one. Calls of objects are counted as well.
 */
import edge, * as all from './edge.js';

export * from './edge.js';

/** Rows by what they were written to. */
const rows = {};
/** Statements whose counts are final once they have been read to the end. */
let open = [];

function add(where, written) {
  rows[where] = (rows[where] ?? 0) + written;
}

function replace(object, method, make) {
  const prototype = Object.getPrototypeOf(object);
  const original = prototype[method];
  if (typeof original !== 'function') throw new Error(`the platform has no ${method} to count`);
  prototype[method] = make(original);
}

let watching = false;

function watch(storage, database) {
  if (watching) return;
  watching = true;
  replace(
    storage.sql,
    'exec',
    (exec) =>
      function counted(query, ...parameters) {
        const cursor = exec.call(this, query, ...parameters);
        open.push({ where: `object ${tableOf(query)}`, cursor });
        return cursor;
      },
  );
  replace(
    storage,
    'setAlarm',
    (setAlarm) =>
      function counted(...when) {
        add('alarm', 1);
        return setAlarm.apply(this, when);
      },
  );
  const statement = database.prepare('SELECT 1');
  for (const method of ['run', 'all']) {
    replace(
      statement,
      method,
      (run) =>
        async function counted(...given) {
          const result = await run.apply(this, given);
          add('D1', result.meta.rows_written);
          return result;
        },
    );
  }
  replace(
    database,
    'batch',
    (batch) =>
      async function counted(statements) {
        const results = await batch.call(this, statements);
        for (const { meta } of results) add('D1', meta.rows_written);
        return results;
      },
  );
}

function tableOf(query) {
  return (
    /^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE(?: OR \w+)?|DELETE FROM)\s+"?(\w+)/i.exec(query)?.[1] ?? 'other'
  );
}

/** Calls of objects, alarms and messages of sockets among them. One that calls itself is counted too often. */
for (const [name, { prototype }] of Object.entries(all)) {
  if (typeof prototype !== 'object' || name === 'default') continue;
  for (const method of Object.getOwnPropertyNames(prototype)) {
    const { value } = Object.getOwnPropertyDescriptor(prototype, method);
    if (method === 'constructor' || typeof value !== 'function') continue;
    prototype[method] = function called(...given) {
      add(`call ${name}`, 1);
      return value.apply(this, given);
    };
  }
}

export class Relay extends all.Relay {
  constructor(state, env) {
    // The relay is among the first objects to be made, and the platform's classes are the same for all.
    watch(state.storage, env.DB);
    super(state, env);
  }
}

export default {
  ...edge,
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== '/rows-written') return edge.fetch(request, env, context);
    for (const { where, cursor } of open) if (cursor.rowsWritten > 0) add(where, cursor.rowsWritten);
    open = [];
    return Response.json(rows);
  },
};
