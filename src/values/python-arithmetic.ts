/** The little arithmetic that a literal may hold: one sign, and a real number plus or minus an imaginary one. */
import type { PythonNumber, PythonValue } from './python-value.ts';

/** A number as written: bare, or with one sign before it. */
export interface NumberNode {
  readonly value: PythonNumber;
  readonly shape: 'plain' | 'signed';
}

type Operand = NumberNode | { readonly value: PythonValue; readonly shape: 'other' };

export function negated(value: PythonNumber): PythonNumber {
  switch (value.type) {
    case 'int':
      return { type: 'int', value: -value.value };
    case 'float':
      return { type: 'float', value: -value.value };
    case 'complex':
      return { type: 'complex', real: -value.real, imag: -value.imag };
  }
}

/** The complex number that `real ± imaginary` writes, or null where the operands are not such. */
export function sum(left: Operand, sign: 1 | -1, right: Operand): PythonValue | null {
  if (left.shape === 'other' || left.value.type === 'complex') return null;
  if (right.shape !== 'plain' || right.value.type !== 'complex') return null;
  const real = Number(left.value.value);
  // An int too large for a float is an OverflowError in Python.
  if (left.value.type === 'int' && !Number.isFinite(real)) return null;
  const { real: zero, imag } = right.value;
  return sign > 0
    ? { type: 'complex', real: real + zero, imag: 0 + imag }
    : { type: 'complex', real: real - zero, imag: 0 - imag };
}
