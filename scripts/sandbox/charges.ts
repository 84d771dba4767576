/** The instructions that the meter puts into a function, and where. */
import { type Reader, signed, unsigned, WasmError } from './wasm/bytes.ts';
import { readInstruction, type Seen } from './wasm/instructions.ts';
import type { FunctionType } from './wasm/sections.ts';

const I32 = 0x7f;
const NO_RESULT = 0x40;
/** Bytes (or table entries) that cost one unit in a bulk instruction, as a power of two. */
const BULK_SHIFT = 4n;
/** What one frame takes of the host's stack beside its locals, and each local, bytes: V8's baseline compiler at its worst. */
const FRAME_BYTES = 112;
const LOCAL_BYTES = 8;

type Bytes = Uint8Array | readonly number[];

export interface Counts {
  functions: number;
  loops: number;
  bulk: number;
}

/** Indices of the two counters. */
export interface Counters {
  readonly fuel: number;
  readonly stack: number;
}

/** Rewrites one function after another. */
export class Charges {
  readonly counts: Counts = { functions: 0, loops: 0, bulk: 0 };
  readonly #fuel: readonly number[];
  readonly #stack: readonly number[];
  readonly #one: readonly number[];

  constructor({ fuel, stack }: Counters) {
    this.#fuel = unsigned(fuel);
    this.#stack = unsigned(stack);
    this.#one = [0x23, ...this.#fuel, 0x42, 1, ...this.#take()];
  }

  /** @param reader stands at the function's body, which it is moved over */
  rewrite(reader: Reader, end: number, type: FunctionType): Bytes[] {
    this.counts.functions++;
    const groups = reader.u32();
    const declared = reader.at;
    let locals = type.parameters;
    for (let i = 0; i < groups; i++) {
      locals += reader.u32();
      reader.skipValueType();
    }
    const declarations = reader.bytes.subarray(declared, reader.at);
    const seen = scan(reader, end);
    const has = (...kinds: Seen[]): boolean => seen.some(({ kind }) => kinds.includes(kind));
    // A function that calls nobody cannot make the stack deeper than the check before it allowed for.
    const calls = has('call', 'tail');
    const frame = FRAME_BYTES + LOCAL_BYTES * locals;
    const [length, depth] = [locals, locals + 1];
    const body: Bytes[] = [this.#one];
    if (calls) body.push(this.#enter(frame), [0x23, ...this.#stack, 0x21, ...unsigned(depth)], block(type));
    let copied = declared + declarations.length;
    const insert = (at: number, charge: Bytes, replaced = 0): void => {
      body.push(reader.bytes.subarray(copied, at), charge);
      copied = at + replaced;
    };
    let nesting = 0;
    for (const { kind, from, to } of seen) {
      if (kind === 'loop') {
        insert(to, this.#one);
        this.counts.loops++;
      } else if (kind === 'bulk') {
        insert(from, this.#bulk(length));
        this.counts.bulk++;
      } else if (calls) {
        // The body is a block now: leaving the function is leaving that block.
        if (kind === 'leave') insert(from, [0x0c, ...unsigned(nesting)], 1);
        else if (kind === 'tail') insert(from, this.#give(frame));
        else if (kind === 'caught') insert(to, [0x20, ...unsigned(depth), 0x24, ...this.#stack]);
      }
      if (kind === 'open' || kind === 'loop') nesting++;
      else if (kind === 'close') nesting--;
    }
    body.push(reader.bytes.subarray(copied, end));
    if (calls) body.push(this.#give(frame), [0x0b]);
    // Our locals come after all others, so that no index changes.
    return [unsigned(groups + 1), declarations, [2, I32], ...body];
  }

  /** Takes a frame from what is left of the stack; without any left, spends all fuel and more, and traps. */
  #enter(frame: number): number[] {
    const taken = [0x23, ...this.#stack, 0x41, ...signed(BigInt(frame)), 0x6b, 0x24, ...this.#stack];
    const spent = [0x42, ...signed(-(2n ** 63n)), 0x24, ...this.#fuel, 0x00];
    return [...taken, 0x23, ...this.#stack, 0x41, 0, 0x48, 0x04, NO_RESULT, ...spent, 0x0b];
  }

  #give(frame: number): number[] {
    return [0x23, ...this.#stack, 0x41, ...signed(BigInt(frame)), 0x6a, 0x24, ...this.#stack];
  }

  /** Before a bulk instruction, whose length lies on top of the operands and goes through a local of ours. */
  #bulk(local: number): number[] {
    const index = unsigned(local);
    const cost = [0x20, ...index, 0xad, 0x42, ...signed(BULK_SHIFT), 0x88];
    return [0x21, ...index, 0x23, ...this.#fuel, ...cost, ...this.#take(), 0x20, ...index];
  }

  /** fuel = fuel - what lies on the operands; if below zero, trap. */
  #take(): number[] {
    return [0x7d, 0x24, ...this.#fuel, 0x23, ...this.#fuel, 0x42, 0, 0x53, 0x04, NO_RESULT, 0x00, 0x0b];
  }
}

function scan(reader: Reader, end: number): { kind: Seen; from: number; to: number }[] {
  const seen: { kind: Seen; from: number; to: number }[] = [];
  while (reader.at < end) {
    const from = reader.at;
    const kind = readInstruction(reader);
    if (kind !== 'other') seen.push({ kind, from, to: reader.at });
  }
  if (reader.at !== end) throw new WasmError(`a function ends at byte ${reader.at}, not at ${end}`);
  return seen;
}

function block({ results }: FunctionType): number[] {
  if (results.length > 1) throw new WasmError('a function with several results');
  return [0x02, results[0] ?? NO_RESULT];
}
