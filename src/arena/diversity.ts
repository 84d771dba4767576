/** How rare an answer is among those that are stored: an extra reward of AZR, off there and here. */
import { canonicalPython } from '../values/python-print.ts';
import { readPython } from '../values/python-read.ts';

/** How often each value was seen, by type. */
export type TypeCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * In 0..1, 1 for what was never seen. Flat: one minus the share of the value among all. Hierarchical: the mean of that
 * for its type among all, and for the value within its type.
 */
export function answerDiversity(answer: string, counts: TypeCounts, hierarchical: boolean): number {
  const [type, text] = typedText(answer);
  const same = counts.get(type) ?? new Map<string, number>();
  const all = [...counts.values()].reduce((total, values) => total + sum(values), 0);
  const ofType = sum(same);
  const ofValue = same.get(text) ?? 0;
  if (all === 0) return 1;
  if (!hierarchical) return 1 - ofValue / all;
  const surpriseOfType = 1 - ofType / all;
  const surpriseOfValue = ofType === 0 ? 1 : 1 - ofValue / ofType;
  return (surpriseOfType + surpriseOfValue) / 2;
}

/** The original takes what is no value for a string. */
function typedText(answer: string): readonly [type: string, text: string] {
  const read = readPython(answer);
  return read.ok ? [read.value.type, canonicalPython(read.value)] : ['str', answer];
}

function sum(values: ReadonlyMap<string, number>): number {
  return [...values.values()].reduce((total, one) => total + one, 0);
}
