/** What every peer program does: read its one JSON argument, say that it is ready, end with its parent. */

/** The argument, as the bench wrote it (test/bench/programs.ts). */
export function argument(): { relay: string; secretKey: Uint8Array; notes: [id: string, text: string][] } {
  const value: unknown = JSON.parse(process.argv[2] ?? '{}');
  if (typeof value !== 'object' || value === null) throw new TypeError('expected a JSON object');
  const relay: unknown = Reflect.get(value, 'relay');
  const secret: unknown = Reflect.get(value, 'secretKey');
  const notes: unknown = Reflect.get(value, 'notes');
  if (typeof relay !== 'string' || typeof secret !== 'string' || !Array.isArray(notes)) {
    throw new TypeError('expected relay, secretKey and notes');
  }
  return {
    relay,
    secretKey: Uint8Array.from(Buffer.from(secret, 'hex')),
    notes: notes.map(([id, text]) => [String(id), String(text)]),
  };
}

/** The trivial job: notes that hold every word, as the JSON list of `e` tags that kind 5300 asks for. */
export function search(notes: readonly [id: string, text: string][], query: string): string {
  const words = query.toLowerCase().split(' ');
  const hits = notes.filter(([, text]) => words.every((word) => text.split(' ').includes(word)));
  return JSON.stringify(hits.map(([id]) => ['e', id]));
}

/** Tells the parent that requests are listened for; when the parent is gone, so are we. */
export function ready(): void {
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}
