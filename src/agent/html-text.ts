/**
 * The words of an HTML page, for a model to read. Not a renderer and not a sanitizer: its output is only ever text.
 * One pass over the page, so that a hostile page costs no more than its length.
 */

/** Elements whose content is not for readers. */
const SILENT = new Set(['script', 'style', 'noscript', 'template', 'svg', 'iframe', 'object']);
/** Elements that end a line. */
const BREAKING = new Set([
  'p',
  'br',
  'div',
  'li',
  'ul',
  'ol',
  'tr',
  'table',
  'section',
  'article',
  'header',
  'footer',
  'blockquote',
  'pre',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'hr',
  'dt',
  'dd',
  'title',
]);
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

/** The text of a page, its paragraphs on lines of their own. */
export function htmlText(html: string): string {
  const parts: string[] = [];
  // Not toLowerCase on the whole: it changes the length of some letters, and positions have to agree.
  const lower = html.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open === -1) {
      parts.push(html.slice(at));
      break;
    }
    parts.push(html.slice(at, open));
    if (html.startsWith('<!--', open)) {
      at = after(html, '-->', open + 4);
      continue;
    }
    const tag = /^<(\/?)([a-zA-Z][a-zA-Z0-9]*)/.exec(html.slice(open, open + 40));
    if (tag === null && !/^<[!/?]/.test(html.slice(open, open + 2))) {
      parts.push('<');
      at = open + 1;
      continue;
    }
    at = after(html, '>', open + 1);
    const name = (tag?.[2] ?? '').toLowerCase();
    if (tag?.[1] === '' && SILENT.has(name)) at = afterElement(html, lower, name, at);
    if (BREAKING.has(name)) parts.push('\n');
  }
  return unescaped(parts.join(''))
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Behind the next `end`, or the end of the page. */
function after(html: string, end: string, from: number): number {
  const found = html.indexOf(end, from);
  return found === -1 ? html.length : found + end.length;
}

/** Behind the closing tag of an element. Plain searches only: a pattern could be made to look at the same text again and again. */
function afterElement(html: string, lower: string, name: string, from: number): number {
  const closing = lower.indexOf(`</${name}`, from);
  return closing === -1 ? html.length : after(html, '>', closing);
}

function unescaped(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});/gi, (whole, entity: string) => {
    if (!entity.startsWith('#')) return ENTITIES[entity.toLowerCase()] ?? whole;
    const code = /^#x/i.test(entity) ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
    return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
  });
}
