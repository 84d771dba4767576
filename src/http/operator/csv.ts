/** Tables as CSV (RFC 4180). */

export const CSV_TYPE = 'text/csv; charset=utf-8';

export type Cell = string | number | boolean | null;

/** One table: a header line, then its rows; CRLF as the RFC has it. */
export function csv(columns: readonly string[], rows: readonly Readonly<Record<string, Cell>>[]): string {
  const lines = [columns, ...rows.map((row) => columns.map((name) => row[name] ?? null))];
  return lines.map((cells) => `${cells.map(field).join(',')}\r\n`).join('');
}

function field(cell: Cell): string {
  if (typeof cell !== 'string') return cell === null ? '' : String(cell);
  // A spreadsheet takes a text that begins so for a formula, and part of it may be a stranger's.
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
