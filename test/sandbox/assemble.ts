/** Just enough of an assembler to write modules by hand. */
import { joined, signed, text, unsigned } from '../../scripts/sandbox/wasm/bytes.ts';

export const I32 = 0x7f;

export const op = {
  unreachable: [0x00],
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  try: [0x06, 0x40],
  catchAll: [0x19],
  end: [0x0b],
  return: [0x0f],
  add: [0x6a],
  sub: [0x6b],
  drop: [0x1a],
  fill: [0xfc, 11, 0],
  copy: [0xfc, 10, 0, 0],
  i32: (value: number) => [0x41, ...signed(BigInt(value))],
  get: (local: number) => [0x20, ...unsigned(local)],
  set: (local: number) => [0x21, ...unsigned(local)],
  tee: (local: number) => [0x22, ...unsigned(local)],
  br: (label: number) => [0x0c, ...unsigned(label)],
  brIf: (label: number) => [0x0d, ...unsigned(label)],
  call: (index: number) => [0x10, ...unsigned(index)],
  throw: (tag: number) => [0x08, ...unsigned(tag)],
} as const;

export interface Func {
  readonly name: string;
  readonly parameters: number;
  readonly results: 0 | 1;
  /** Extra locals, all i32. */
  readonly locals?: number;
  readonly code: readonly (readonly number[])[];
}

export interface Shape {
  readonly functions: readonly Func[];
  /** Pages; its maximum is left open. */
  readonly memory?: number;
  /** With one tag that carries nothing. */
  readonly tag?: boolean;
}

/** Parameters and results are i32. */
export function assemble({ functions, memory, tag }: Shape): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, results }) => [
    0x60,
    ...unsigned(parameters),
    ...Array.from({ length: parameters }, () => I32),
    results,
    ...Array.from({ length: results }, () => I32),
  ]);
  const bodies = functions.map(({ code, locals = 0 }) => {
    const declarations = locals === 0 ? [0] : [1, ...unsigned(locals), I32];
    const body = [...declarations, ...code.flat(), ...op.end];
    return [...unsigned(body.length), ...body];
  });
  const section = (id: number, items: readonly (readonly number[])[]): number[] => {
    const data = [...unsigned(items.length), ...items.flat()];
    return [id, ...unsigned(data.length), ...data];
  };
  return joined([
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, [...types, [0x60, 0, 0]]),
    section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    ...(memory === undefined ? [] : [section(5, [[0, ...unsigned(memory)]])]),
    ...(tag === true ? [section(13, [[0, ...unsigned(functions.length)]])] : []),
    section(
      7,
      functions.map(({ name }, i) => [...text(name), 0, ...unsigned(i)]),
    ),
    section(10, bodies),
  ]);
}
