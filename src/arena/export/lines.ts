/** JSON Lines: one canonical JSON text a line. */
import type { Json } from '../../errors.ts';
import { canonicalJson } from '../../values/canonical-json.ts';

/** Ends with a line break; empty for no rows. */
export function jsonLines(rows: readonly Json[]): string {
  return rows.map((row) => `${canonicalJson(row)}\n`).join('');
}
