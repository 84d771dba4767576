/** Python's `==` between plain values, computed outside of the guest: what AZR means by a right answer. */
import { canonical, type Value } from './value.ts';

/** Numbers compare by value (`1 == 1.0 == True`), sequences by type and items, dicts and sets whatever their class. */
export function equalAsPython(a: Value, b: Value): boolean {
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined && right !== undefined) return sameNumber(left, right);
  switch (a.type) {
    case 'list':
    case 'tuple':
    case 'deque':
      return b.type === a.type && sameItems(a.value, b.value);
    case 'set':
    case 'frozenset':
      if (b.type !== 'set' && b.type !== 'frozenset') return false;
      return a.value.length === b.value.length && keysOf(a.value).join() === keysOf(b.value).join();
    case 'dict':
      return b.type === 'dict' && sameEntries(a.value, b.value);
    default:
      return canonical(a) === canonical(b);
  }
}

/** Real and imaginary part of whatever Python counts as a number. */
function numberOf(value: Value): readonly [number | bigint, number] | undefined {
  if (value.type === 'bool') return [value.value ? 1n : 0n, 0];
  if (value.type === 'int' || value.type === 'float') return [value.value, 0];
  return value.type === 'complex' ? value.value : undefined;
}

function sameNumber(a: readonly [number | bigint, number], b: readonly [number | bigint, number]): boolean {
  // A bigint and a number compare exactly here, as they do in Python.
  // biome-ignore lint/suspicious/noDoubleEquals: `===` would tell 1n and 1 apart
  return a[0] == b[0] && a[1] === b[1];
}

function sameItems(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, i) => equalItem(item, b[i]));
}

function equalItem(a: Value, b: Value | undefined): boolean {
  return b !== undefined && equalAsPython(a, b);
}

function sameEntries(
  a: readonly (readonly [Value, Value])[],
  b: readonly (readonly [Value, Value])[],
): boolean {
  if (a.length !== b.length) return false;
  const others = new Map(b.map(([key, value]) => [keyText(key), value]));
  return a.every(([key, value]) => equalItem(value, others.get(keyText(key))));
}

function keysOf(items: readonly Value[]): string[] {
  return items.map(keyText).sort();
}

/** A text that is the same for keys that are equal: a number without its type, a tuple of such. */
function keyText(value: Value): string {
  const found = numberOf(value);
  if (found !== undefined) {
    const [real, imaginary] = found;
    const whole = typeof real === 'number' && Number.isInteger(real) ? BigInt(real) : real;
    return `number ${String(whole)} ${imaginary + 0}`;
  }
  if (value.type === 'tuple') return `(${value.value.map(keyText).join()})`;
  if (value.type === 'frozenset' || value.type === 'set') return `{${keysOf(value.value).join()}}`;
  return canonical(value);
}
