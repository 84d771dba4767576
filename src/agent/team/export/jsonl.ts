/** A run as JSON Lines: every entry of its record in order, then what it cost by role. One canonical JSON text a line. */

import { canonicalJson } from '../../../values/canonical-json.ts';
import type { Usage } from '../records.ts';
import type { TraceEntry } from '../trace.ts';
import { NOTHING, plus } from '../turn.ts';

/** Ends with a line break; empty for an empty record. */
export function traceJsonl(entries: readonly TraceEntry[]): string {
  return traceLines(entries) + costLines(entries);
}

/** The entries alone: of a record that is told in parts, each part. */
export function traceLines(entries: readonly TraceEntry[]): string {
  return entries
    .map(({ seq, at_ms, fact, hash }) => `${canonicalJson({ seq, at_ms, ...fact, hash })}\n`)
    .join('');
}

/** What the steps among these entries cost, by role. */
export function costLines(entries: readonly TraceEntry[]): string {
  return costsByRole(entries)
    .map((cost) => `${canonicalJson({ type: 'cost', ...cost })}\n`)
    .join('');
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
