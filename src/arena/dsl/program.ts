/**
 * Expressions as programs of a real language. The first line names the expression in a comment, which is how the baseline
 * agents know their own kind again. A comment that lies misleads nobody but them: the executor runs the code.
 */
import type { Language } from '../../checks/executor.ts';
import { type Expression, typeOf, X } from './expression.ts';
import { type DslType, type DslValue, primitive } from './primitives.ts';

const COMMENT: Readonly<Record<Language, string>> = { python: '#', javascript: '//' };
/** Words of an annotation that is still read. */
const MAX_WORDS = 400;

export function programOf(expression: Expression, language: Language): string {
  const note = `${COMMENT[language]} ${noteOf(expression)}`;
  return language === 'python'
    ? `${note}\ndef f(x):\n    return ${codeOf(expression, language)}`
    : `${note}\nfunction f(x) {\n  return ${codeOf(expression, language)};\n}`;
}

/** The expression that a program's first line names, or null where it names none. */
export function expressionOf(program: string): Expression | null {
  const [, note] = /^(?:#|\/\/) (\S.*)$/m.exec(program.split('\n')[0] ?? '') ?? [];
  return note === undefined ? null : expressionOfNote(note);
}

/** The expression with those words, or null where there is none. */
export function expressionOfNote(note: string): Expression | null {
  const words = note.match(/[()]|[^\s()]+/g) ?? [];
  if (words.length === 0 || words.length > MAX_WORDS) return null;
  const rest = [...words].reverse();
  const expression = readNote(rest);
  return rest.length === 0 && expression !== null && hasOneArgument(expression) ? expression : null;
}

/** A value as text: the small language has only what both languages write alike. */
export function textOf(value: DslValue): string {
  return typeof value === 'number' ? String(value) : `[${value.join(', ')}]`;
}

/** The argument list with that value. */
export function inputOf(value: DslValue, language: Language): string {
  return language === 'python' ? textOf(value) : `[${textOf(value)}]`;
}

/** A value of the small language by its text, or null. */
export function readValue(text: string): DslValue | null {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  if (!/^\[\s*(?:-?\d{1,15}\s*(?:,\s*-?\d{1,15}\s*)*)?\]$/.test(text)) return null;
  return (text.match(/-?\d+/g) ?? []).map(Number);
}

/** The one argument of an argument list, or null. */
export function argumentOf(input: string, language: Language): DslValue | null {
  return readValue(language === 'python' ? input : input.replace(/^\[([\s\S]*)\]$/, '$1'));
}

function codeOf(expression: Expression, language: Language): string {
  if (expression.op === 'x') return 'x';
  if (expression.op === 'const')
    return expression.value < 0 ? `(${expression.value})` : String(expression.value);
  const word = primitive(expression.name);
  if (word === undefined) throw new Error(`there is no word ${expression.name}`);
  const args = expression.args.map((arg) => codeOf(arg, language));
  return word[language](expression.k, args);
}

/** The expression as the words of the annotation. */
export function noteOf(expression: Expression): string {
  if (expression.op === 'x') return expression.type === 'int' ? 'n' : 'v';
  if (expression.op === 'const') return String(expression.value);
  const { name, k, args } = expression;
  return `(${[name, String(k), ...args.map(noteOf)].join(' ')})`;
}

const ARGUMENTS: Readonly<Record<string, DslType>> = { n: 'int', v: 'list' };

/** @param rest the words that are left, the next one last */
function readNote(rest: string[]): Expression | null {
  const word = rest.pop();
  if (word === undefined) return null;
  if (/^-?\d{1,9}$/.test(word)) return { op: 'const', value: Number(word) };
  const type = Object.hasOwn(ARGUMENTS, word) ? ARGUMENTS[word] : undefined;
  if (type !== undefined) return X[type];
  const name = word === '(' ? rest.pop() : undefined;
  const known = name === undefined ? undefined : primitive(name);
  const k = Number(rest.pop());
  if (name === undefined || known === undefined || !Number.isSafeInteger(k)) return null;
  const args: Expression[] = [];
  for (const wanted of known.takes) {
    const arg = readNote(rest);
    if (arg === null || typeOf(arg) !== wanted) return null;
    args.push(arg);
  }
  return rest.pop() === ')' ? { op: 'call', name, k, args } : null;
}

function hasOneArgument(expression: Expression): boolean {
  const types = new Set<DslType>();
  const visit = (one: Expression): void => {
    if (one.op === 'x') types.add(one.type);
    else if (one.op === 'call') one.args.forEach(visit);
  };
  visit(expression);
  return types.size === 1;
}
