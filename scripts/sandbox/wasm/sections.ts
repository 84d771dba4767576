/** A module as its sections, and what the meter has to know of each (core specification 2.0 §5.5). */
import { joined, Reader, unsigned, WasmError } from './bytes.ts';

const HEADER_BYTES = 8;

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  memory: 5,
  global: 6,
  export: 7,
  code: 10,
} as const;

export interface Section {
  readonly id: number;
  data: Uint8Array;
}

export interface Imports {
  readonly functions: number;
  readonly globals: number;
  /** The section again, its memory with the new maximum. */
  readonly data: Uint8Array;
  readonly memory: boolean;
}

export function readSections(module: Uint8Array): Section[] {
  const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  if (!magic.every((byte, i) => module[i] === byte)) throw new WasmError('not a module of version 1');
  const reader = new Reader(module, HEADER_BYTES);
  const sections: Section[] = [];
  while (!reader.done) {
    const id = reader.u8();
    sections.push({ id, data: reader.take(reader.u32()) });
  }
  return sections;
}

/** Names and debug information are left out; what the loader of a dynamic library reads stays. */
export function writeSections(module: Uint8Array, sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  const kept = sections.filter(({ id, data }) => {
    if (id !== SECTION.custom) return true;
    const name = new Reader(data).name();
    return name === 'dylink.0' || name === 'target_features';
  });
  return joined([
    module.subarray(0, HEADER_BYTES),
    ...kept.flatMap(({ id, data }) => [[id, ...unsigned(data.length)], data]),
  ]);
}

export interface FunctionType {
  readonly parameters: number;
  /** As bytes. */
  readonly results: readonly number[];
}

export function readTypes(data: Uint8Array): FunctionType[] {
  const reader = new Reader(data);
  const types: FunctionType[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const form = reader.u8();
    if (form !== 0x60)
      throw new WasmError(`a type of form ${form.toString(16)}, which this meter does not know`);
    const parameters = reader.u32();
    for (let i = 0; i < parameters; i++) reader.skipValueType();
    const results = Array.from({ length: reader.u32() }, () => reader.u8());
    if (results.some((type) => type === 0x63 || type === 0x64))
      throw new WasmError('a result of a typed reference');
    types.push({ parameters, results });
  }
  return types;
}

/** @param maxPages the most memory the module may have, pages of 64 KiB */
export function readImports(data: Uint8Array, maxPages: number): Imports {
  const reader = new Reader(data);
  const count = reader.u32();
  const parts: (Uint8Array | readonly number[])[] = [unsigned(count)];
  let [functions, globals, memory] = [0, 0, false];
  for (let i = 0; i < count; i++) {
    const from = reader.at;
    reader.name();
    reader.name();
    const kind = reader.u8();
    if (kind === 2) {
      parts.push(data.subarray(from, reader.at), limits(reader, maxPages));
      memory = true;
      continue;
    }
    if (kind === 0) {
      functions++;
      reader.skipInteger();
    } else if (kind === 1) {
      reader.skipValueType();
      skipLimits(reader);
    } else if (kind === 3) {
      globals++;
      reader.skipValueType();
      reader.skip(1);
    } else if (kind === 4) {
      reader.skip(1);
      reader.skipInteger();
    } else throw new WasmError(`an import of kind ${kind}`);
    parts.push(data.subarray(from, reader.at));
  }
  return { functions, globals, memory, data: joined(parts) };
}

/** The section of own memories, with the new maximum. */
export function capMemory(data: Uint8Array, maxPages: number): Uint8Array {
  const reader = new Reader(data);
  const count = reader.u32();
  const parts: number[][] = [unsigned(count)];
  for (let i = 0; i < count; i++) parts.push(limits(reader, maxPages));
  return joined(parts);
}

function limits(reader: Reader, maxPages: number): number[] {
  const flags = reader.u8();
  if ((flags & 0x04) !== 0) throw new WasmError('memories of 64 bits are not metered');
  if ((flags & 0x02) !== 0) throw new WasmError('shared memory is not deterministic');
  const least = reader.u32();
  if ((flags & 0x01) !== 0) reader.skipInteger();
  if (least > maxPages) throw new WasmError(`the module begins with ${least} pages, more than ${maxPages}`);
  return [0x01, ...unsigned(least), ...unsigned(maxPages)];
}

function skipLimits(reader: Reader): void {
  const flags = reader.u8();
  reader.skipInteger();
  if ((flags & 0x01) !== 0) reader.skipInteger();
}

/** Type index of each own function. */
export function readFunctions(data: Uint8Array): number[] {
  const reader = new Reader(data);
  return Array.from({ length: reader.u32() }, () => reader.u32());
}

/** Of each own global, whether it can be set; `body` is the section without its count. */
export function readGlobals(data: Uint8Array): { readonly mutable: boolean[]; readonly body: Uint8Array } {
  const reader = new Reader(data);
  const count = reader.u32();
  const from = reader.at;
  const mutable: boolean[] = [];
  for (let i = 0; i < count; i++) {
    reader.skipValueType();
    mutable.push(reader.u8() === 1);
    skipConstant(reader);
  }
  return { mutable, body: data.subarray(from) };
}

function skipConstant(reader: Reader): void {
  for (;;) {
    const code = reader.u8();
    if (code === 0x0b) return;
    if (code === 0x43) reader.skip(4);
    else if (code === 0x44) reader.skip(8);
    else if ([0x41, 0x42, 0x23, 0xd2, 0xd0].includes(code)) reader.skipInteger();
    else if (![0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e].includes(code))
      throw new WasmError(`a constant with instruction ${code.toString(16)}`);
  }
}
