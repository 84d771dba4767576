/**
 * The shape of every instruction (core specification 2.0 §5.4, with exceptions, tail calls, SIMD and atomics): enough
 * to walk over a function without understanding it. An instruction that is not known stops the build: a loop that
 * is walked past unseen would be a loop without fuel.
 */
import { type Reader, WasmError } from './bytes.ts';

/**
 * What the meter has to know of an instruction that was just read. `open` and `close` begin and end a block (a loop
 * begins one as well); `leave` returns, `tail` returns by a call; `caught` is where a thrown exception arrives.
 */
export type Seen = 'loop' | 'open' | 'close' | 'leave' | 'call' | 'tail' | 'caught' | 'bulk' | 'other';

/** Reads one instruction. @throws WasmError where it is not known */
export function readInstruction(reader: Reader): Seen {
  const at = reader.at;
  const code = reader.u8();
  switch (code) {
    case 0x03: // loop
      skipBlockType(reader);
      return 'loop';
    case 0x02: // block
    case 0x04: // if
    case 0x06: // try
      skipBlockType(reader);
      return 'open';
    case 0x07: // catch
      reader.skipInteger();
      return 'caught';
    case 0x19: // catch_all
      return 'caught';
    case 0x0b: // end
      return 'close';
    case 0x18: // delegate
      reader.skipInteger();
      return 'close';
    case 0x0e: // br_table
      skipIntegers(reader, reader.u32() + 1);
      return 'other';
    case 0x0f: // return
      return 'leave';
    case 0x10: // call
    case 0x14: // call_ref
      reader.skipInteger();
      return 'call';
    case 0x11: // call_indirect
      skipIntegers(reader, 2);
      return 'call';
    case 0x12: // return_call
    case 0x15: // return_call_ref
      reader.skipInteger();
      return 'tail';
    case 0x13: // return_call_indirect
      skipIntegers(reader, 2);
      return 'tail';
    case 0x1c: // select with types
      for (let left = reader.u32(); left > 0; left--) reader.skipValueType();
      return 'other';
    case 0x1f: // Its exceptions arrive wherever its labels point; neither engine is built with it.
      throw new WasmError(`try_table at byte ${at}`);
    case 0x43:
      reader.skip(4);
      return 'other';
    case 0x44:
      reader.skip(8);
      return 'other';
    case 0xfc:
      return readBulk(reader);
    case 0xfd:
      skipVector(reader);
      return 'other';
    case 0xfe:
      skipAtomic(reader);
      return 'other';
  }
  if (code >= 0x28 && code <= 0x3e) skipMemoryArgument(reader);
  else if (TAKES_INTEGER.has(code)) reader.skipInteger();
  else if (!PLAIN.has(code) && !(code >= 0x45 && code <= 0xc4))
    throw new WasmError(`unknown instruction ${code.toString(16)} at byte ${at}`);
  return 'other';
}

/** Throw and rethrow, branches, local, global and table access, memory size, integer constants, null. */
const TAKES_INTEGER: ReadonlySet<number> = new Set([
  0x08, 0x09, 0x0c, 0x0d, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0x41, 0x42, 0xd0, 0xd2, 0xd5,
  0xd6,
]);
/** unreachable, nop, else, drop, select, and what asks about references. */
const PLAIN: ReadonlySet<number> = new Set([0x00, 0x01, 0x05, 0x1a, 0x1b, 0xd1, 0xd3, 0xd4]);

/** Conversions, and everything that does n pieces of work at once. */
function readBulk(reader: Reader): Seen {
  const code = reader.u32();
  if (code <= 7) return 'other';
  switch (code) {
    case 9: // data.drop
    case 13: // elem.drop
    case 16: // table.size
      reader.skipInteger();
      return 'other';
    case 11: // memory.fill
    case 15: // table.grow
    case 17: // table.fill
      reader.skipInteger();
      return 'bulk';
    case 8: // memory.init
    case 10: // memory.copy
    case 12: // table.init
    case 14: // table.copy
      skipIntegers(reader, 2);
      return 'bulk';
    default:
      throw new WasmError(`unknown instruction fc ${code} before byte ${reader.at}`);
  }
}

function skipVector(reader: Reader): void {
  const code = reader.u32();
  if (code <= 11 || code === 92 || code === 93) skipMemoryArgument(reader);
  else if (code === 12 || code === 13) reader.skip(16);
  else if (code >= 21 && code <= 34) reader.skip(1);
  else if (code >= 84 && code <= 91) {
    skipMemoryArgument(reader);
    reader.skip(1);
  } else if (code > 275) throw new WasmError(`unknown instruction fd ${code} before byte ${reader.at}`);
}

function skipAtomic(reader: Reader): void {
  const code = reader.u32();
  if (code === 3) reader.skip(1);
  // Waiting is time without work, and there is nobody to wake the guest.
  else if (code === 1 || code === 2) throw new WasmError('the module waits for other threads');
  else if (code === 0 || (code >= 16 && code <= 78)) skipMemoryArgument(reader);
  else throw new WasmError(`unknown instruction fe ${code} before byte ${reader.at}`);
}

function skipMemoryArgument(reader: Reader): void {
  // Bit 6 of the alignment says that the index of a memory follows.
  if ((reader.u32() & 0x40) !== 0) reader.skipInteger();
  reader.skipInteger();
}

function skipBlockType(reader: Reader): void {
  const first = reader.bytes[reader.at] ?? 0;
  if (first === 0x40 || (first >= 0x69 && first <= 0x7f)) reader.skip(1);
  else if (first === 0x63 || first === 0x64) reader.skipValueType();
  else reader.skipInteger();
}

function skipIntegers(reader: Reader, count: number): void {
  for (let left = count; left > 0; left--) reader.skipInteger();
}
