/** Mails as HTML: one column that a phone shows well, no pictures, no scripts, nothing that is fetched. */
import type { Section } from '../report/render.ts';

const STYLE =
  'margin:0 auto;max-width:40em;padding:1em;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere';
const SMALL = 'color:#666;font-size:14px';

/** Text that stays text, whoever wrote it. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

export function smallPrint(text: string): string {
  return `<p style="${SMALL}">${escapeHtml(text)}</p>`;
}

export function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>`;
}

export function heading(text: string): string {
  return `<h1 style="font-size:20px">${escapeHtml(text)}</h1>`;
}

export function listed({ title, lines }: Section): string {
  const items = lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n');
  return `<h2 style="font-size:17px">${escapeHtml(title)}</h2>\n<ul style="padding-left:1.2em">\n${items}\n</ul>`;
}

/** Text in which lines count. */
export function verbatim(text: string): string {
  return `<pre style="white-space:pre-wrap;${SMALL}">${escapeHtml(text)}</pre>`;
}

/** @param parts HTML made by the functions above */
export function page(title: string, parts: readonly string[]): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
</head>
<body style="${STYLE}">
${parts.join('\n')}
</body>
</html>
`;
}
