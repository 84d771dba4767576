/** The grammar of literals over tokens. Recursion is bounded: the tokens nest no deeper than the limit. */
import { LiteralProblem } from './literal-problem.ts';
import { type NumberNode, negated, sum } from './python-arithmetic.ts';
import { dictOf, setOf } from './python-containers.ts';
import type { Token } from './python-tokens.ts';
import { DICT_CLASSES, type PythonValue } from './python-value.ts';
import { stringOf } from './string-literal.ts';

/** A value, and how it was written where that decides what may stand around it. */
type Node = NumberNode | { readonly value: PythonValue; readonly shape: 'other' };

const CONSTANTS: Readonly<Record<string, PythonValue>> = {
  None: { type: 'none' },
  True: { type: 'bool', value: true },
  False: { type: 'bool', value: false },
};
const OUTPUT_NAMES: Readonly<Record<string, Node>> = {
  inf: { value: { type: 'float', value: Number.POSITIVE_INFINITY }, shape: 'plain' },
  nan: { value: { type: 'float', value: Number.NaN }, shape: 'plain' },
  infj: { value: { type: 'complex', real: 0, imag: Number.POSITIVE_INFINITY }, shape: 'plain' },
  nanj: { value: { type: 'complex', real: 0, imag: Number.NaN }, shape: 'plain' },
  Ellipsis: { value: { type: 'ellipsis' }, shape: 'other' },
};

export class PythonReader {
  readonly #tokens: readonly Token[];
  readonly #dialect: 'literal' | 'output';
  #position = 0;

  constructor(tokens: readonly Token[], dialect: 'literal' | 'output') {
    this.#tokens = tokens;
    this.#dialect = dialect;
  }

  /** One value, which without brackets may be a tuple. */
  whole(): PythonValue {
    const first = this.#expression().value;
    const value = this.#peek(',') ? this.#tuple(first, null) : first;
    this.#end();
    return value;
  }

  /** Values in one pair of brackets, separated by commas. */
  argumentList(): readonly PythonValue[] {
    this.#expect('(');
    const values = this.#items(')');
    this.#end();
    return values;
  }

  #expression(): Node {
    const left = this.#signed();
    const operator = this.#take('+') ? 1 : this.#take('-') ? -1 : 0;
    if (operator === 0) return left;
    const { at } = this.#token();
    const total = sum(left, operator, this.#signed());
    if (total === null || this.#peek('+') || this.#peek('-')) throw new LiteralProblem('not a literal', at);
    return { value: total, shape: 'other' };
  }

  #signed(): Node {
    const { at } = this.#token();
    const sign = this.#take('-') ? -1 : this.#take('+') ? 1 : 0;
    if (sign === 0) return this.#atom();
    const operand = this.#atom();
    if (operand.shape !== 'plain') throw new LiteralProblem('a sign before what is no number', at);
    return { value: sign < 0 ? negated(operand.value) : operand.value, shape: 'signed' };
  }

  #atom(): Node {
    const token = this.#next();
    switch (token.kind) {
      case 'number':
        return { value: token.value, shape: 'plain' };
      case 'str':
      case 'bytes':
        return { value: this.#strings(token), shape: 'other' };
      case 'name':
        return this.#named(token.text, token.at);
      case 'mark':
        return this.#bracketed(token.text, token.at);
      case 'end':
        throw new LiteralProblem('the text ends too early', token.at);
    }
  }

  /** Strings that follow each other are one. */
  #strings(first: Extract<Token, { kind: 'str' | 'bytes' }>): PythonValue {
    const parts = [first.units];
    for (let token = this.#token(); token.kind === 'str' || token.kind === 'bytes'; token = this.#token()) {
      if (token.kind !== first.kind) throw new LiteralProblem('bytes and strings do not join', token.at);
      parts.push(token.units);
      this.#position += 1;
    }
    const units = parts.flat();
    return first.kind === 'bytes'
      ? { type: 'bytes', value: Uint8Array.from(units) }
      : { type: 'str', value: stringOf(units, first.at) };
  }

  #named(name: string, at: number): Node {
    const constant = Object.hasOwn(CONSTANTS, name) ? CONSTANTS[name] : undefined;
    if (constant !== undefined) return { value: constant, shape: 'other' };
    if (name === 'set' && this.#take('(') && this.#take(')')) {
      return { value: { type: 'set', items: [] }, shape: 'other' };
    }
    if (this.#dialect === 'output') {
      const known = Object.hasOwn(OUTPUT_NAMES, name) ? OUTPUT_NAMES[name] : undefined;
      if (known !== undefined) return known;
      const called = this.#called(name, at);
      if (called !== null) return { value: called, shape: 'other' };
    }
    throw new LiteralProblem('a name is no literal', at);
  }

  /** What has no literal of its own is written as a call with one. */
  #called(name: string, at: number): PythonValue | null {
    const dictClass = DICT_CLASSES.find((known) => known === name);
    if (name !== 'frozenset' && name !== 'deque' && dictClass === undefined) return null;
    this.#expect('(');
    const items = this.#items(')');
    // Where a defaultdict's defaults come from is no data, and written as None.
    const inner = dictClass === 'defaultdict' && items[0]?.type === 'none' ? items[1] : items[0];
    if (name === 'frozenset' && items.length === 0) return { type: 'frozenset', items: [] };
    if ((dictClass === 'Counter' || dictClass === 'OrderedDict') && items.length === 0)
      return { type: 'dict', class: dictClass, entries: [] };
    if (name === 'frozenset' && inner?.type === 'set') return { type: 'frozenset', items: inner.items };
    if (name === 'deque' && inner?.type === 'list') return { type: 'deque', items: inner.items };
    if (dictClass !== undefined && inner?.type === 'dict') return { ...inner, class: dictClass };
    throw new LiteralProblem(`not a ${name}`, at);
  }

  #bracketed(mark: string, at: number): Node {
    switch (mark) {
      case '...':
        return { value: { type: 'ellipsis' }, shape: 'other' };
      case '[':
        return { value: { type: 'list', items: this.#items(']') }, shape: 'other' };
      case '{':
        return { value: this.#braces(at), shape: 'other' };
      case '(': {
        if (this.#take(')')) return { value: { type: 'tuple', items: [] }, shape: 'other' };
        // Brackets around one value leave no trace, as in Python's syntax tree.
        const first = this.#expression();
        if (this.#take(')')) return first;
        return { value: this.#tuple(first.value, ')'), shape: 'other' };
      }
      default:
        throw new LiteralProblem(`unexpected ${mark}`, at);
    }
  }

  #braces(at: number): PythonValue {
    if (this.#take('}')) return { type: 'dict', entries: [] };
    const first = this.#expression().value;
    if (!this.#peek(':')) return setOf([first, ...this.#more('}')], at);
    const entries: [PythonValue, PythonValue][] = [];
    let key = first;
    while (true) {
      this.#expect(':');
      entries.push([key, this.#expression().value]);
      if (this.#take('}')) break;
      this.#expect(',');
      if (this.#take('}')) break;
      key = this.#expression().value;
    }
    return dictOf(entries, at);
  }

  #tuple(first: PythonValue, close: string | null): PythonValue {
    return { type: 'tuple', items: [first, ...this.#more(close)] };
  }

  #items(close: string): PythonValue[] {
    if (this.#take(close)) return [];
    return [this.#expression().value, ...this.#more(close)];
  }

  /** What follows a first element, up to the closing bracket, or to the end of the text for null. */
  #more(close: string | null): PythonValue[] {
    const items: PythonValue[] = [];
    const closed = () => (close === null ? this.#token().kind === 'end' : this.#take(close));
    while (!closed()) {
      this.#expect(',');
      if (closed()) break;
      items.push(this.#expression().value);
    }
    return items;
  }

  #end(): void {
    const token = this.#token();
    if (token.kind !== 'end') throw new LiteralProblem('more than one value', token.at);
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) throw new LiteralProblem(`${mark} expected`, this.#token().at);
  }

  #take(mark: string): boolean {
    if (!this.#peek(mark)) return false;
    this.#position += 1;
    return true;
  }

  #peek(mark: string): boolean {
    const token = this.#token();
    return token.kind === 'mark' && token.text === mark;
  }

  #next(): Token {
    const token = this.#token();
    this.#position += 1;
    return token;
  }

  #token(): Token {
    return this.#tokens[this.#position] ?? { kind: 'end', at: this.#tokens.at(-1)?.at ?? 0 };
  }
}
