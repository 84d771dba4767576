/** The words of a mail that has only an HTML form, quotations marked as they are in plain text. */
import { htmlText } from '../../html-text.ts';

/**
 * Text with `>` before every line of a quotation (`blockquote`), which is how the reader of replies knows what is ours.
 * Costs no more than the length of the mail.
 */
export function mailHtmlText(html: string): string {
  const parts: string[] = [];
  let depth = 0;
  for (const [at, piece] of html.split(/<(\/?blockquote)\b/i).entries()) {
    // Odd pieces are the names of the tags between the others.
    if (at % 2 === 1) {
      depth = piece.startsWith('/') ? Math.max(0, depth - 1) : depth + 1;
      continue;
    }
    const end = at === 0 ? 0 : piece.indexOf('>') + 1;
    const text = htmlText(piece.slice(end));
    if (text === '') continue;
    parts.push(depth === 0 ? text : text.replace(/^/gm, '> '));
  }
  return parts.join('\n');
}
