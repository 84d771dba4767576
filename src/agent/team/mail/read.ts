/** Mails that come in: what a person wrote in them, and whether it was a person. */
import { createHash } from 'node:crypto';
import {
  MAIL_MAX_DEPTH,
  MAIL_MAX_HEADER_BYTES,
  MAIL_MAX_ID_CHARS,
  TEAM_MAX_MAIL_CHARS,
} from '../../../limits.ts';
import { parseMailAddress } from '../../../mail-address.ts';
import { isAutomatic, isForged } from './headers.ts';
import { mailHtmlText } from './mail-text.ts';
import { wordsOf } from './wishes.ts';

export interface IncomingMail {
  /** The one address of its From header, lower case. Nothing proves it but what `forged` says. */
  readonly from: string;
  /** Its Message-ID with angle brackets; where it has none that can be used, the SHA-256 of the whole mail. */
  readonly source: string;
  /** Its Date header, Unix ms; null when it has none. */
  readonly sentAt_ms: number | null;
  /** Quotations included. For a wish in the subject ({@link file://./wishes.ts}) it is that wish. */
  readonly text: string;
  /** A machine wrote it: its words are for nobody, and it must not be answered. */
  readonly automatic: boolean;
  /** The server that took it found that it does not come from `from`. */
  readonly forged: boolean;
}

/**
 * Reads a mail.
 *
 * @param raw at most MAIL_MAX_BYTES
 * @returns null when it is no mail, or has no single author
 */
export async function readMail(raw: Uint8Array): Promise<IncomingMail | null> {
  const { default: PostalMime, addressParser } = await import('postal-mime');
  const mail = await PostalMime.parse(raw, {
    maxHeadersSize: MAIL_MAX_HEADER_BYTES,
    maxNestingDepth: MAIL_MAX_DEPTH,
    // A mail in a mail is somebody else's words.
    forceRfc822Attachments: true,
  }).catch((error: unknown) => {
    // The parser refuses by plain errors: too many headers, too deep, an encoding nobody has.
    if (error instanceof Error) return null;
    throw error;
  });
  if (mail === null) return null;
  const authors = mail.headers
    .filter(({ key }) => key === 'from')
    .flatMap(({ value }) => addressParser(value, { flatten: true }));
  const from = authors.length === 1 ? parseMailAddress(authors[0]?.address ?? '') : null;
  if (from === null) return null;
  const body = mail.text ?? (mail.html === undefined ? '' : mailHtmlText(mail.html));
  return {
    from,
    source: sourceOf(mail.messageId, raw),
    sentAt_ms: timeOf(mail.date),
    text: wordsOf(mail.subject ?? '', body).slice(0, TEAM_MAX_MAIL_CHARS),
    automatic: isAutomatic(mail.headers, from),
    forged: isForged(mail.headers),
  };
}

function sourceOf(messageId: string | undefined, raw: Uint8Array): string {
  const id = messageId?.trim() ?? '';
  return /^<[^<>\s]+>$/.test(id) && id.length <= MAIL_MAX_ID_CHARS
    ? id
    : `<${createHash('sha256').update(raw).digest('hex')}>`;
}

function timeOf(date: string | undefined): number | null {
  const at_ms = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(at_ms) ? null : at_ms;
}
