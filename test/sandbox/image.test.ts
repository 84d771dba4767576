import { expect, test } from 'vitest';
import { fillMemory, PAGE_BYTES, packSnapshot, Restorer, readImage } from '../../src/sandbox/python/image.ts';

/** A snapshot of six pages, of which the second and the fifth hold something, behind 24 bytes of other words. */
function snapshot(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(24 + 6 * PAGE_BYTES);
  new DataView(bytes.buffer).setUint32(4, 24, true);
  bytes[24 + PAGE_BYTES + 7] = 7;
  bytes.fill(9, 24 + 4 * PAGE_BYTES, 24 + 5 * PAGE_BYTES);
  return bytes;
}

test('a snapshot comes out of its packed form as it went in, without its empty pages', () => {
  const packed = packSnapshot(snapshot());
  expect(packed.length).toBeLessThan(3 * PAGE_BYTES);
  const image = readImage(packed.buffer);
  // Longer than the snapshot, and not empty.
  const memory = new Uint8Array(7 * PAGE_BYTES).fill(5);
  fillMemory(image, memory);
  expect(image.head).toEqual(snapshot().subarray(0, 24));
  expect(memory.subarray(0, 6 * PAGE_BYTES)).toEqual(snapshot().subarray(24));
  expect(memory.subarray(6 * PAGE_BYTES).every((byte) => byte === 5)).toBe(true);
});

test('every page is put back: kept ones, changed ones, and those that were zero or became zero', () => {
  const image = readImage(packSnapshot(snapshot()).buffer);
  // As long as the memory is after boot: two pages more, one of which was written to, one kept page has gone, and one has
  // changed.
  const memory = new Uint8Array(8 * PAGE_BYTES);
  memory.set(snapshot().subarray(24));
  memory.fill(0, 4 * PAGE_BYTES, 5 * PAGE_BYTES);
  memory[6 * PAGE_BYTES + 1] = 3;
  memory[PAGE_BYTES + 9] = 4;
  const before = memory.slice();
  const restorer = new Restorer(memory, image);
  for (const fill of [0, 255]) {
    memory.fill(fill);
    restorer.restore(memory);
    expect(memory).toEqual(before);
  }
});
