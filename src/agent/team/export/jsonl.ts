/** A run as JSON Lines: every entry of its record in order, then what it cost by role. One canonical JSON text a line. */

import type { Usage } from '../records.ts';
import type { TraceEntry } from '../trace.ts';
import { NOTHING, plus } from '../turn.ts';
import { canonicalJson } from './canonical.ts';

/** Ends with a line break; empty for an empty record. */
export function traceJsonl(entries: readonly TraceEntry[]): string {
  const lines = entries.map(({ seq, at_ms, fact, hash }) => canonicalJson({ seq, at_ms, ...fact, hash }));
  for (const cost of costsByRole(entries)) lines.push(canonicalJson({ type: 'cost', ...cost }));
  return lines.map((line) => `${line}\n`).join('');
}

export interface RoleCost {
  readonly role: string;
  /** Attempts, failed ones included. */
  readonly attempts: number;
  readonly usage: Usage;
}

/** In the order in which the roles first came to work; checks stand under `check`. */
export function costsByRole(entries: readonly TraceEntry[]): readonly RoleCost[] {
  const costs = new Map<string, RoleCost>();
  for (const { fact } of entries) {
    if (fact.type !== 'step') continue;
    const role = fact.work === 'check' ? 'check' : fact.role;
    const { attempts, usage } = costs.get(role) ?? { attempts: 0, usage: NOTHING };
    costs.set(role, { role, attempts: attempts + 1, usage: plus(usage, fact.usage ?? NOTHING) });
  }
  return [...costs.values()];
}
