/** The flags of one call: read by node:util, and each value checked where it is asked for, with its name in what is said. */
import { parseArgs } from 'node:util';
import { type Msats, msatsFromSats } from '../src/payment/msats.ts';
import { UsageError } from './exit.ts';
import type { FlagSpecs } from './spec.ts';

export class Flags {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** Whether a switch was given. */
  on(name: string): boolean {
    return this.#values.has(name);
  }

  /** The last value; undefined where it was not given. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  /** Every value, in order. */
  texts(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** A whole number from 0. @throws UsageError */
  whole(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!/^\d{1,15}$/.test(text)) throw new UsageError(`--${name} must be a whole number, not ${text}`);
    return Number(text);
  }

  /** A number of seconds above 0, as ms. @throws UsageError */
  milliseconds(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const seconds = Number(text);
    if (text === '' || !Number.isFinite(seconds) || seconds <= 0)
      throw new UsageError(`--${name} must be a number of seconds above 0, not ${text}`);
    return seconds * 1_000;
  }

  /** Whole sats. @throws UsageError */
  sats(name: string): Msats | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const amount = /^\d{1,12}$/.test(text) ? msatsFromSats(Number(text)) : null;
    if (amount === null)
      throw new UsageError(
        `--${name} must be a whole number of sats, not ${text}: for example --${name} 100`,
      );
    return amount;
  }
}

export interface ParsedLine {
  readonly flags: Flags;
  readonly args: readonly string[];
}

/** Reads what follows a command's name. @throws UsageError that names the argument and how it is written */
export function parseLine(args: readonly string[], specs: FlagSpecs): ParsedLine {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { value, short, multiple = false }]) => [
        name,
        {
          type: value === undefined ? ('boolean' as const) : ('string' as const),
          multiple,
          ...(short === undefined ? {} : { short }),
        },
      ]),
    ),
  });
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) throw new UsageError(`there is no ${rawName} here${suggestion(name, specs)}`);
    if (spec.value === undefined) {
      if (value !== undefined) throw new UsageError(`--${name} is a switch and takes no value`);
      values.set(name, []);
      continue;
    }
    const another = value !== undefined && inlineValue !== true && /^-./.test(value) && !/^-\d/.test(value);
    if (value === undefined || another)
      throw new UsageError(`--${name} needs a value: --${name} ${spec.value}`);
    if (spec.choices !== undefined && !spec.choices.includes(value))
      throw new UsageError(`--${name} must be one of ${spec.choices.join(', ')}, not ${value}`);
    values.set(name, [...(spec.multiple === true ? (values.get(name) ?? []) : []), value]);
  }
  return { flags: new Flags(values), args: positionals };
}

function suggestion(name: string, specs: FlagSpecs): string {
  const near = nearest(name, Object.keys(specs));
  return near === null ? '' : `: do you mean --${near}?`;
}

/** The one of these words that was probably meant; null where none is near. */
export function nearest(word: string, words: readonly string[]): string | null {
  const ranked = words
    .map((candidate) => ({ candidate, distance: distanceOf(word, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 2))
    ? best.candidate
    : null;
}

/** Letters to be changed, added or taken away (Levenshtein). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const swap = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
