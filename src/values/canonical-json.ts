/**
 * JSON with one spelling per value (the rules of RFC 8785: members sorted by UTF-16 units, no white space, numbers as
 * ECMAScript writes them), so that a hash over it means something to whoever reads it in another language.
 */

/** @throws TypeError for what JSON does not have: undefined, functions, bigint, infinite numbers */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
  }
  throw new TypeError(`${typeof value} is not JSON`);
}
