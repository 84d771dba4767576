import { expect, test } from 'vitest';
import { meter } from '../../scripts/sandbox/meter.ts';
import { assemble, type Func, op, type Shape } from './assemble.ts';

const OPTIONS = { maxPages: 2, stackBytes: 100_000 };
const STACK_SPENT = -(2n ** 63n);

/** A metered instance of a hand-made module. */
function metered(shape: Shape, options = OPTIONS) {
  const { wasm } = meter(assemble(shape), options);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  const global = (name: string): WebAssembly.Global => {
    const found = exports[name];
    if (!(found instanceof WebAssembly.Global)) throw new Error(`no global ${name}`);
    return found;
  };
  const run = (name: string, ...args: number[]): unknown => {
    const found = exports[name];
    if (typeof found !== 'function') throw new Error(`no function ${name}`);
    return Reflect.apply(found, undefined, args);
  };
  const [fuel, stack] = [global('__fuel'), global('__stack')];
  /** Units that a call takes. */
  const cost = (name: string, ...args: number[]): number => {
    fuel.value = 1_000_000n;
    run(name, ...args);
    return 1_000_000 - Number(fuel.value);
  };
  return { run, cost, fuel, stack };
}

/** Counts down from its argument; returns 7. */
const countdown: Func = {
  name: 'countdown',
  parameters: 1,
  results: 1,
  code: [op.loop, op.get(0), op.i32(1), op.sub, op.tee(0), op.brIf(0), op.end, op.i32(7)],
};
const forever: Func = { name: 'forever', parameters: 0, results: 0, code: [op.loop, op.br(0), op.end] };
const nothing: Func = { name: 'nothing', parameters: 0, results: 0, code: [] };

test('a function entry and every round of a loop cost one unit', () => {
  const { run, cost } = metered({ functions: [countdown, nothing] });
  expect(run('countdown', 3)).toBe(7);
  expect(cost('nothing')).toBe(1);
  expect(cost('countdown', 1)).toBe(2);
  expect(cost('countdown', 1_000)).toBe(1_001);
  expect(cost('countdown', 1_000)).toBe(1_001);
});

test('an endless loop ends when the fuel does, and nothing runs after it', () => {
  const { run, fuel } = metered({ functions: [forever, nothing] });
  fuel.value = 100_000n;
  expect(() => run('forever')).toThrow(WebAssembly.RuntimeError);
  expect(fuel.value).toBe(-1n);
  expect(() => run('nothing')).toThrow(WebAssembly.RuntimeError);
  fuel.value = 1n;
  expect(() => run('nothing')).not.toThrow();
});

test('a guest that catches everything does not catch the end of its fuel', () => {
  const stubborn: Func = {
    name: 'stubborn',
    parameters: 0,
    results: 0,
    code: [op.loop, op.try, op.call(0), op.catchAll, op.end, op.br(0), op.end],
  };
  const { run, fuel } = metered({ functions: [forever, stubborn] });
  fuel.value = 100_000n;
  expect(() => run('stubborn')).toThrow(WebAssembly.RuntimeError);
});

test('bulk copies cost by their length', () => {
  const fill: Func = {
    name: 'fill',
    parameters: 1,
    results: 0,
    code: [op.i32(0), op.i32(9), op.get(0), op.fill],
  };
  const copy: Func = {
    name: 'copy',
    parameters: 1,
    results: 0,
    locals: 3,
    code: [op.i32(0), op.i32(64), op.get(0), op.copy],
  };
  const { cost, run, fuel } = metered({ functions: [fill, copy], memory: 1 });
  expect(cost('fill', 0)).toBe(1);
  expect(cost('fill', 1_600)).toBe(101);
  expect(cost('copy', 32_000)).toBe(2_001);
  fuel.value = 100n;
  expect(() => run('fill', 60_000)).toThrow(WebAssembly.RuntimeError);
});

test('memory has a hard maximum', () => {
  const grow: Func = { name: 'grow', parameters: 1, results: 1, code: [op.get(0), [0x40, 0]] };
  const { run } = metered({ functions: [grow], memory: 1 });
  expect(run('grow', 1)).toBe(1);
  expect(run('grow', 1)).toBe(-1);
  expect(() => meter(assemble({ functions: [grow], memory: 3 }), OPTIONS)).toThrow('more than 2');
});

/** Calls itself as often as its argument says, and returns by `return` at the bottom and by its end elsewhere. */
const deep: Func = {
  name: 'deep',
  parameters: 1,
  results: 1,
  code: [
    op.block,
    [0x20, 0, 0x0d, 0],
    op.i32(5),
    op.return,
    op.end,
    op.get(0),
    op.i32(1),
    op.sub,
    op.call(0),
    op.i32(1),
    op.add,
  ],
};

test('depth ends at the same call each time, long before the host notices, and comes back when calls return', () => {
  const { run, stack, fuel } = metered({ functions: [deep, nothing] });
  expect(run('deep', 700)).toBe(705);
  expect(stack.value).toBe(100_000);
  fuel.value = 1_000_000n;
  const depth = (at: number): boolean => {
    stack.value = 100_000;
    fuel.value = 1_000_000n;
    try {
      run('deep', at);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
      expect(fuel.value).toBe(STACK_SPENT);
      return false;
    }
  };
  const edge = Array.from({ length: 1_000 }, (_, i) => i).findIndex((at) => !depth(at));
  expect(edge).toBeGreaterThan(700);
  for (let i = 0; i < 100; i++) expect([depth(edge - 1), depth(edge)]).toEqual([true, false]);
});

test('depth comes back when an exception passes over calls', () => {
  const thrower: Func = { name: 'thrower', parameters: 0, results: 0, code: [op.call(1)] };
  const bottom: Func = { name: 'bottom', parameters: 0, results: 0, code: [op.throw(0)] };
  const catcher: Func = {
    name: 'catcher',
    parameters: 1,
    results: 0,
    code: [
      op.loop,
      op.try,
      op.call(0),
      op.catchAll,
      op.end,
      op.get(0),
      op.i32(1),
      op.sub,
      op.tee(0),
      op.brIf(0),
      op.end,
    ],
  };
  const { run, stack } = metered({ functions: [thrower, bottom, catcher], tag: true });
  run('catcher', 5_000);
  expect(stack.value).toBe(100_000);
});

test('what is not known stops the build', () => {
  const odd: Func = { name: 'odd', parameters: 0, results: 0, code: [[0xff]] };
  expect(() => meter(assemble({ functions: [odd] }), OPTIONS)).toThrow('unknown instruction ff');
  const waiting: Func = { name: 'waiting', parameters: 0, results: 0, code: [[0xfe, 1, 2, 0]] };
  expect(() => meter(assemble({ functions: [waiting] }), OPTIONS)).toThrow('waits');
  expect(() => meter(Uint8Array.of(1, 2, 3), OPTIONS)).toThrow('not a module');
});
