/**
 * Makes a WebAssembly module count its work and its depth.
 *
 * A clock cannot bound a guest: it stands still while a deployed Worker computes, and an engine's own hooks are blind
 * inside its loops. So every function entry and every loop head takes one unit of fuel, every bulk copy one unit for
 * 16 bytes, and a module that has none left traps. Guest code cannot catch a trap, and since the counter stays below
 * zero, every later entry traps again.
 *
 * The depth of the host's stack cannot be a limit either: it differs between compilers and from run to run, as code is
 * optimised. So each function takes the frame it may need from a budget of ours, which is spent first.
 *
 * The same program on the same module takes the same fuel everywhere.
 */
import { Charges, type Counts } from './charges.ts';
import { joined, Reader, signed, text, unsigned, WasmError } from './wasm/bytes.ts';
import {
  capMemory,
  type FunctionType,
  type Imports,
  readFunctions,
  readGlobals,
  readImports,
  readSections,
  readTypes,
  SECTION,
  type Section,
  writeSections,
} from './wasm/sections.ts';

const I32 = 0x7f;
const I64 = 0x7e;
/** The largest 64-bit integer: what is metered runs freely until fuel is set. */
const UNSET = 2n ** 63n - 1n;

export interface MeterOptions {
  /** The most memory the module may ever have, pages of 64 KiB. */
  readonly maxPages: number;
  /** The most stack of the host that its functions may take, bytes by our estimate of their frames. */
  readonly stackBytes: number;
  /** Off only to measure what counting costs. */
  readonly counting?: boolean;
}

export interface Metered extends Counts {
  readonly wasm: Uint8Array<ArrayBuffer>;
}

/**
 * Rewrites a module. It then exports `__fuel` (mutable i64), `__stack` (mutable i32: what is left of the budget) and
 * each of its own mutable globals as `__g<index>`, so that its state can be put back.
 *
 * @throws WasmError where the module has what this meter does not know
 */
export function meter(module: Uint8Array, options: MeterOptions): Metered {
  const sections = readSections(module);
  const find = (id: number): Section | undefined => sections.find((section) => section.id === id);
  const imported = capMemories(find(SECTION.import), find(SECTION.memory), options.maxPages);
  const globals = readGlobals(find(SECTION.global)?.data ?? Uint8Array.of(0));
  const fuel = imported.globals + globals.mutable.length;
  const stack = fuel + 1;
  put(sections, SECTION.global, [
    unsigned(globals.mutable.length + 2),
    globals.body,
    [I64, 1, 0x42, ...signed(UNSET), 0x0b],
    [I32, 1, 0x41, ...signed(BigInt(options.stackBytes)), 0x0b],
  ]);
  const exports = new Reader(find(SECTION.export)?.data ?? Uint8Array.of(0));
  const own = globals.mutable.flatMap((mutable, i) => (mutable ? [imported.globals + i] : []));
  const added = [
    [...text('__fuel'), 3, ...unsigned(fuel)],
    [...text('__stack'), 3, ...unsigned(stack)],
    ...own.map((index) => [...text(`__g${index}`), 3, ...unsigned(index)]),
  ];
  put(sections, SECTION.export, [
    unsigned(exports.u32() + added.length),
    exports.bytes.subarray(exports.at),
    ...added,
  ]);
  const charges = new Charges({ fuel, stack });
  const code = find(SECTION.code);
  if (options.counting !== false && code !== undefined) {
    const types = readTypes(find(SECTION.type)?.data ?? Uint8Array.of(0));
    const functions = readFunctions(find(SECTION.function)?.data ?? Uint8Array.of(0));
    code.data = meterCode(code.data, functions, types, charges);
  }
  return { wasm: writeSections(module, sections), ...charges.counts };
}

function capMemories(imports: Section | undefined, own: Section | undefined, maxPages: number): Imports {
  if (own !== undefined) own.data = capMemory(own.data, maxPages);
  const found = readImports(imports?.data ?? Uint8Array.of(0), maxPages);
  if (imports !== undefined) imports.data = found.data;
  return found;
}

/** Replaces a section, or puts it in where its number says. */
function put(sections: Section[], id: number, parts: readonly (Uint8Array | readonly number[])[]): void {
  const data = joined(parts);
  const found = sections.find((section) => section.id === id);
  if (found !== undefined) found.data = data;
  else {
    // The section of tags (13) stands before the globals.
    const next = sections.findIndex((section) => section.id > id && section.id !== 13);
    sections.splice(next < 0 ? sections.length : next, 0, { id, data });
  }
}

function meterCode(
  data: Uint8Array,
  functions: readonly number[],
  types: readonly FunctionType[],
  charges: Charges,
): Uint8Array {
  const reader = new Reader(data);
  const count = reader.u32();
  const parts: (Uint8Array | readonly number[])[] = [unsigned(count)];
  for (let i = 0; i < count; i++) {
    const size = reader.u32();
    const type = types[functions[i] ?? -1];
    if (type === undefined) throw new WasmError(`function ${i} has no type`);
    const body = charges.rewrite(reader, reader.at + size, type);
    const length = body.reduce((sum, part) => sum + part.length, 0);
    parts.push(unsigned(length), ...body);
  }
  return joined(parts);
}
