/**
 * What a person wrote in a reply, without what the mail program put below it. Mail has no mark for a quotation that
 * all programs use (RFC 3676 §4.5 only names `>`), so the usual ones are known here; when in doubt a line is kept.
 */

/** Stands at the head of our report mails: nothing below it is read. */
export const REPLY_LINE = '## Write above this line; what is below is not read ##';

/** A line from which on everything is the quoted mail, in programs that quote without `>`. */
const CUTS: readonly RegExp[] = [
  /^-{2,} ?(original message|forwarded message|ursprüngliche nachricht|message d'origine|mensaje original) ?-{2,}$/i,
  // Outlook's rule, which always stands above its header block.
  /^_{20,}$/,
  // RFC 3676 §4.3: a signature.
  /^-- $/,
];

/** The first lines of a header block without a rule (Outlook, Apple Mail's forward). */
const HEADER = /^\*?(from|von|de|da)\*?:\*? .*(@|<)/i;
const HEADER_NEXT = /^\*?(sent|date|to|gesendet|datum|an|envoyé|à|enviado|para)\*?:\*? /i;

/** How such a line begins in languages we know; in others the last line alone is taken. */
const OPENS = /^\s*(on|am|le|el|il|em|op|den|w dniu)\b/i;
const MAX_ANNOUNCING_LINES = 3;

/** The text without quotations and signature, with `\n` line ends and no blank margins. */
export function withoutQuotes(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const kept: string[] = [];
  for (const [at, line] of cut(lines).entries()) {
    if (!isQuoted(line)) {
      kept.push(line);
      continue;
    }
    if (at > 0 && !isQuoted(lines[at - 1] ?? '')) dropAnnouncement(kept);
  }
  return kept.join('\n').trim();
}

function isQuoted(line: string): boolean {
  return /^\s{0,3}>/.test(line);
}

function cut(lines: readonly string[]): readonly string[] {
  const end = lines.findIndex((line, at) => endsHere(line, lines[at + 1] ?? ''));
  return end < 0 ? lines : lines.slice(0, end);
}

function endsHere(line: string, next: string): boolean {
  if (line.includes(REPLY_LINE)) return !isQuoted(line);
  return CUTS.some((pattern) => pattern.test(line)) || (HEADER.test(line) && HEADER_NEXT.test(next));
}

/** Takes the line that announces the quotation off the end of what was kept. */
function dropAnnouncement(kept: string[]): void {
  let end = kept.length;
  while (end > 0 && kept[end - 1]?.trim() === '') end--;
  let start = end;
  while (start > 0 && end - start < MAX_ANNOUNCING_LINES && kept[start - 1]?.trim() !== '') start--;
  // The shortest run of lines at the end that announces something: a paragraph may stand directly above it.
  const runs = Array.from({ length: end - start }, (_, back) => end - 1 - back).filter((from) =>
    announces(kept.slice(from, end).join('\n')),
  );
  const from = runs.find((at) => OPENS.test(kept[at] ?? '')) ?? runs[0];
  if (from !== undefined) kept.length = from;
}

/** `On 3 May Ann <ann@x> wrote:`, in any language, sometimes wrapped. */
function announces(words: string): boolean {
  return words.trimEnd().endsWith(':') && /[\d@<>]/.test(words);
}
