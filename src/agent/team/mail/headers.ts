/** What the headers of a mail that came in say about who, or what, sent it. */

/** A header as the parser gives it: the name in lower case, the value unfolded; in the order of the mail. */
export interface MailHeader {
  readonly key: string;
  readonly value: string;
}

/** Headers that only programs answering by themselves put into their mails. */
const MARKS_OF_ROBOTS: ReadonlySet<string> = new Set([
  'x-autoreply',
  'x-autorespond',
  'x-auto-response-suppress',
  'list-id',
  'list-post',
  'feedback-id',
]);

/**
 * Whether a machine wrote it: an answering machine, a bounce, a mailing list. Nothing may be answered to those, and their
 * words are nobody's: two robots could talk for ever (RFC 3834 §2).
 */
export function isAutomatic(headers: readonly MailHeader[], sender: string): boolean {
  if (/^(mailer-daemon|postmaster)@/.test(sender)) return true;
  return headers.some(({ key, value }) => {
    const said = value.trim().toLowerCase();
    switch (key) {
      case 'auto-submitted':
        return !/^no\b/.test(said);
      case 'precedence':
        return /^(bulk|junk|list|auto_reply)$/.test(said);
      case 'content-type':
        return said.startsWith('multipart/report');
      default:
        return MARKS_OF_ROBOTS.has(key);
    }
  });
}

/** What Cloudflare's mail servers call themselves in the headers they add. */
const RECEIVER = 'mx.cloudflare.net';

/**
 * Whether the server that took the mail found that its sender is not who it says (RFC 8601). Servers add their headers at
 * the top, so only the first one under the receiver's own name is its word; what is below, the sender may have written.
 */
export function isForged(headers: readonly MailHeader[]): boolean {
  const verdict = headers
    .filter(({ key }) => key === 'authentication-results')
    .map(({ value }) => withoutComments(value).toLowerCase())
    .find((value) => value.split(';')[0]?.trim().split(/\s/)[0] === RECEIVER);
  if (verdict === undefined) return false;
  const [, ...results] = verdict.split(';');
  const found = (method: string): readonly string[] =>
    results.flatMap((result) => {
      const [name = '', value = ''] = (result.trim().split(/\s/)[0] ?? '').split('=');
      return name.split('/')[0] === method ? [value] : [];
    });
  const [dmarc] = found('dmarc');
  if (dmarc === 'pass') return false;
  if (dmarc === 'fail') return true;
  // The domain asks for nothing (no DMARC record): then it is forged when what was checked failed.
  return found('spf').some((value) => /^(fail|softfail)$/.test(value)) && !found('dkim').includes('pass');
}

/** Comments (RFC 5322 §3.2.2) and quoted strings may hold whatever the sender wrote, and are taken out. */
function withoutComments(value: string): string {
  let depth = 0;
  let quoted = false;
  let kept = '';
  for (let at = 0; at < value.length; at++) {
    const char = value[at];
    if (char === '\\') at++;
    else if (char === '"' && depth === 0) quoted = !quoted;
    else if (!quoted && char === '(') depth++;
    else if (!quoted && char === ')' && depth > 0) depth--;
    else if (!quoted && depth === 0) kept += char;
  }
  return kept;
}
