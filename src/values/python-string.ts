/** Strings and bytes as CPython's `repr` and `ascii` write them. */

/** Categories that `str.isprintable` refuses; the space is printable. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Zs}]/u;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

/** @param ascii escape everything beyond ASCII */
export function pythonString(value: string, ascii: boolean): string {
  const quote = quoteOf(value);
  let text = quote;
  for (const char of value) text += charOf(char, quote, ascii);
  return text + quote;
}

export function pythonBytes(value: Uint8Array): string {
  const text = Array.from(value, (octet) => String.fromCharCode(octet)).join('');
  const quote = quoteOf(text);
  let written = `b${quote}`;
  for (const char of text) written += charOf(char, quote, true);
  return written + quote;
}

/** Single quotes, unless the text has only those in it. */
function quoteOf(text: string): string {
  return text.includes("'") && !text.includes('"') ? '"' : "'";
}

function charOf(char: string, quote: string, ascii: boolean): string {
  const named = Object.hasOwn(NAMED, char) ? NAMED[char] : undefined;
  if (named !== undefined) return named;
  if (char === quote) return `\\${char}`;
  const unit = char.codePointAt(0) ?? 0;
  if (char === ' ' || (unit < 0x7f && unit > 0x20)) return char;
  if (!ascii && unit > 0x7f && !UNPRINTABLE.test(char)) return char;
  const hex = unit.toString(16);
  if (unit <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return unit <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
