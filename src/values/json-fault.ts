/** Where a text stops being JSON (RFC 8259). Engines say it in words of their own, some of them not at all, and quote the text. */

export interface JsonFault {
  /** From 0, UTF-16 units. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR =
  /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** The first place at which no JSON text goes on like this; null for JSON. Needs no stack, however deep the text nests. */
export function jsonFault(text: string): JsonFault | null {
  const open: ('[' | '{')[] = [];
  let at = 0;
  /** What may come: a value, a value or the end of a list, a name or the end of an object, a name, or what follows a value. */
  let next: 'value' | 'first' | 'name' | 'firstName' | 'after' = 'value';
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return false;
    at = pattern.lastIndex;
    return found[0] !== '';
  };
  for (;;) {
    skip(SPACE);
    const char = text[at] ?? '';
    if (next === 'after') {
      const inside = open.at(-1);
      if (inside === undefined) return char === '' ? null : placeOf(text, at);
      if (char === ',') next = inside === '{' ? 'name' : 'value';
      else if (char === (inside === '{' ? '}' : ']')) open.pop();
      else return placeOf(text, at);
      at++;
    } else if (next === 'name' || next === 'firstName') {
      if (next === 'firstName' && char === '}') {
        open.pop();
        at++;
        next = 'after';
        continue;
      }
      if (char !== '"' || !skip(SCALAR)) return placeOf(text, at);
      skip(SPACE);
      if (text[at] !== ':') return placeOf(text, at);
      at++;
      next = 'value';
    } else if (char === '[' || char === '{') {
      open.push(char);
      at++;
      next = char === '[' ? 'first' : 'firstName';
    } else if (next === 'first' && char === ']') {
      open.pop();
      at++;
      next = 'after';
    } else {
      if (!skip(SCALAR)) return placeOf(text, at);
      next = 'after';
    }
  }
}

function placeOf(text: string, offset: number): JsonFault {
  const before = text.slice(0, offset).split('\n');
  return { offset, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
