/** Several lists that are each newest first, read piece by piece and merged into one that is. */

/** What is read of an event while it is only being found. */
export type EventRef = { seq: number; id: string; pubkey: string; kind: number; created_at: number };

/** Reads one list: at most `limit` events up to `until`, and of that very second only those with a higher id than `afterId`. */
export type ReadList = (until: number, afterId: string, limit: number) => EventRef[];

/** NIP-01: newer first, and of the same second the lower id first. */
export function newestFirst(a: EventRef, b: EventRef): number {
  return b.created_at - a.created_at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

interface Head {
  readonly read: ReadList;
  rows: EventRef[];
  at: number;
  row: EventRef;
}

/**
 * Merges lists by a heap of their heads.
 *
 * @param until Unix s to begin at
 * @param wanted how many events the caller will probably take: pieces are sized so that most answers need one read
 *   of each list, and many lists are read in small pieces
 */
export function* mergeLists(reads: readonly ReadList[], until: number, wanted: number): Generator<EventRef> {
  const piece = Math.max(2, Math.min(wanted + 1, Math.ceil((2 * wanted) / Math.max(1, reads.length))));
  const heap: Head[] = [];
  for (const read of reads) {
    const rows = read(until, '', piece);
    const [row] = rows;
    if (row !== undefined) heap.push({ read, rows, at: 0, row });
  }
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(heap, i);
  for (let head = heap[0]; head !== undefined; head = heap[0]) {
    yield head.row;
    if (!advance(head, piece)) {
      const last = heap.pop();
      if (last !== undefined && last !== head) heap[0] = last;
    }
    sink(heap, 0);
  }
}

/** Moves a head to its list's next event; false at the end. */
function advance(head: Head, piece: number): boolean {
  head.at++;
  if (head.at === head.rows.length && head.rows.length >= piece) {
    head.rows = head.read(head.row.created_at, head.row.id, piece);
    head.at = 0;
  }
  const next = head.rows[head.at];
  if (next === undefined) return false;
  head.row = next;
  return true;
}

/** Restores the heap's order below one place. */
function sink(heap: Head[], from: number): void {
  const moved = heap[from];
  if (moved === undefined) return;
  let at = from;
  for (;;) {
    let child = 2 * at + 1;
    let smaller = heap[child];
    const right = heap[child + 1];
    if (smaller !== undefined && right !== undefined && newestFirst(right.row, smaller.row) < 0) {
      smaller = right;
      child++;
    }
    if (smaller === undefined || newestFirst(moved.row, smaller.row) <= 0) break;
    heap[at] = smaller;
    at = child;
  }
  heap[at] = moved;
}
