/** Reading and writing the binary format of WebAssembly (core specification 2.0, chapter 5). */

export class WasmError extends Error {
  override readonly name = 'WasmError';
}

/** Reads forward through bytes. @throws WasmError past the end, or where an integer is longer than it may be */
export class Reader {
  at: number;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  u8(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new WasmError(`the module ends at byte ${this.at}`);
    this.at++;
    return byte;
  }

  /** An unsigned LEB128 integer; u32 takes at most 5 bytes. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new WasmError(`an integer before byte ${this.at} is too long`);
  }

  /** Passes over a LEB128 integer of either sign. */
  skipInteger(): void {
    while (this.u8() >= 0x80);
  }

  skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.bytes.length) throw new WasmError(`the module ends before byte ${this.at}`);
  }

  take(length: number): Uint8Array {
    const from = this.at;
    this.skip(length);
    return this.bytes.subarray(from, this.at);
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.u32()));
  }

  /** A value or reference type; two of the reference types carry a heap type. */
  skipValueType(): void {
    const type = this.u8();
    if (type === 0x63 || type === 0x64) this.skipInteger();
  }
}

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    out.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return out;
}

/** Signed LEB128. */
export function signed(value: bigint): number[] {
  const out: number[] = [];
  for (let rest = value; ; ) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const last = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
    out.push(last ? low : low | 0x80);
    if (last) return out;
  }
}

export function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...unsigned(bytes.length), ...bytes];
}

/** One after the other. */
export function joined(parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
