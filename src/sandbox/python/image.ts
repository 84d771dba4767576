/**
 * The memory of a booted CPython as a file: Pyodide's snapshot, of which only the pages that are not zero are kept. Half
 * of it is zero.
 *
 * Format: length of the snapshot, length of what stands before the memory in it, number of pages kept (u32 each, little
 * endian), the index of each page in the memory (u32 each), what stands before the memory, and the pages.
 */

export const PAGE_BYTES = 4_096;
const HEADER_BYTES = 12;

export interface Image {
  /** Pyodide's own words about the snapshot. */
  readonly head: Uint8Array;
  readonly memoryBytes: number;
  readonly indices: Uint32Array;
  /** The pages, one after the other. */
  readonly pages: Uint8Array;
}

/** Pyodide writes into the second word of a snapshot where its memory begins. */
export function packSnapshot(snapshot: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength);
  const headBytes = view.getUint32(4, true);
  const memory = snapshot.subarray(headBytes);
  const kept: number[] = [];
  for (let page = 0; page * PAGE_BYTES < memory.length; page++)
    if (memory.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES).some((byte) => byte !== 0))
      kept.push(page);
  const pagesAt = HEADER_BYTES + 4 * kept.length + headBytes;
  const out = new Uint8Array(pagesAt + kept.length * PAGE_BYTES);
  const header = new DataView(out.buffer);
  for (const [i, word] of [snapshot.length, headBytes, kept.length, ...kept].entries())
    header.setUint32(4 * i, word, true);
  out.set(snapshot.subarray(0, headBytes), pagesAt - headBytes);
  for (const [i, page] of kept.entries())
    out.set(memory.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES), pagesAt + i * PAGE_BYTES);
  return out;
}

export function readImage(packed: ArrayBuffer): Image {
  const header = new DataView(packed);
  const [length, headBytes, count] = [0, 4, 8].map((at) => header.getUint32(at, true));
  if (length === undefined || headBytes === undefined || count === undefined)
    throw new Error('a snapshot cut short');
  const headAt = HEADER_BYTES + 4 * count;
  return {
    head: new Uint8Array(packed, headAt, headBytes),
    memoryBytes: length - headBytes,
    indices: new Uint32Array(packed, HEADER_BYTES, count),
    pages: new Uint8Array(packed, headAt + headBytes),
  };
}

/** Puts the snapshot into a memory, over whatever lies there. Unpacked, it would take its whole size a second time. */
export function fillMemory({ memoryBytes, indices, pages }: Image, memory: Uint8Array): void {
  memory.fill(0, 0, memoryBytes);
  for (const [i, page] of indices.entries()) {
    const from = pages.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES);
    const at = page * PAGE_BYTES;
    memory.set(from.subarray(0, memoryBytes - at), at);
  }
}

/** Puts the memory back to how it was when this was made, every page of it, zero ones included. */
export class Restorer {
  /** Runs of pages that are zero, and of pages that are not with what they hold; each from its first byte. */
  readonly #zero: (readonly [number, number])[] = [];
  readonly #held: (readonly [number, Uint8Array])[] = [];

  /** Most pages still are what the image holds: of those nothing is copied. */
  constructor(memory: Uint8Array, image: Image) {
    const known = new Map([...image.indices].map((page, i) => [page, i]));
    for (let page = 0; page * PAGE_BYTES < memory.length; page++) {
      const at = page * PAGE_BYTES;
      const now = memory.subarray(at, at + PAGE_BYTES);
      if (isZero(now)) {
        const last = this.#zero.at(-1);
        if (last !== undefined && last[1] === at) this.#zero.splice(-1, 1, [last[0], at + PAGE_BYTES]);
        else this.#zero.push([at, at + PAGE_BYTES]);
        continue;
      }
      const i = known.get(page);
      const held = i === undefined ? undefined : image.pages.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES);
      this.#hold(at, held !== undefined && isSame(now, held) ? held : now.slice());
    }
  }

  /** Joins pages that lie side by side in memory and in the image. */
  #hold(at: number, page: Uint8Array): void {
    const last = this.#held.at(-1);
    const follows =
      last !== undefined &&
      last[0] + last[1].length === at &&
      last[1].buffer === page.buffer &&
      last[1].byteOffset + last[1].length === page.byteOffset;
    if (!follows) this.#held.push([at, page]);
    else {
      const joined = new Uint8Array(page.buffer, last[1].byteOffset, last[1].length + page.length);
      this.#held.splice(-1, 1, [last[0], joined]);
    }
  }

  restore(memory: Uint8Array): void {
    for (const [from, to] of this.#zero) memory.fill(0, from, to);
    for (const [at, bytes] of this.#held) memory.set(bytes, at);
  }
}

function isZero(page: Uint8Array): boolean {
  return new BigUint64Array(page.buffer, page.byteOffset, page.length / 8).every((word) => word === 0n);
}

function isSame(page: Uint8Array, other: Uint8Array): boolean {
  return page.every((byte, i) => byte === other[i]);
}
