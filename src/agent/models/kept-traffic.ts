/**
 * The traffic of models in an object's memory, with its cooldowns in SQLite.
 *
 * The requests of the last minute are not worth a written row for each question: the memory goes only when nobody asked
 * for a while, and then the worst is one refusal of the provider, which says how long to wait. A cooldown lasts for
 * minutes and is written when a model fails, which is rare: forgotten, a model that refuses us would be asked in vain
 * each time the object wakes.
 */
import { first, type Sql } from '../../store/sql.ts';
import type { TrafficStore } from './shared-traffic.ts';
import { NO_TRAFFIC, type TrafficState } from './traffic.ts';
import { openTrafficTables } from './traffic-schema.ts';

export function keptTraffic(sql: Sql): TrafficStore {
  openTrafficTables(sql);
  const states = new Map<string, TrafficState>();
  return {
    get: (model) => states.get(model) ?? stored(sql, model),
    set(model, state) {
      const before = states.get(model) ?? stored(sql, model) ?? NO_TRAFFIC;
      states.set(model, state);
      if (before.failures === state.failures && before.coolUntil_ms === state.coolUntil_ms) return;
      sql.run(
        'INSERT OR REPLACE INTO cooldowns (model, failures, until) VALUES (?, ?, ?)',
        model,
        state.failures,
        state.coolUntil_ms,
      );
    },
  };
}

function stored(sql: Sql, model: string): TrafficState | undefined {
  const row = first(sql, 'SELECT failures, until FROM cooldowns WHERE model = ?', model);
  if (row === undefined) return undefined;
  return { ...NO_TRAFFIC, failures: Number(row.failures), coolUntil_ms: Number(row.until) };
}
