/** A mail with a text and an HTML form as bytes for the wire (RFC 5322, RFC 2046 multipart/alternative). */

export interface Letter {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly replyTo: string;
  /** One line. */
  readonly subject: string;
  /** With angle brackets. */
  readonly messageId: string;
  /** Message-IDs of the mails before it, oldest first; it answers the last. */
  readonly references: readonly string[];
  readonly at_ms: number;
  readonly text: string;
  readonly html: string;
}

/** A mail that is ready to be sent. */
export interface OutgoingMail {
  /** Envelope addresses, the same as in the headers. */
  readonly from: string;
  readonly to: string;
  /** The Message-ID it asks for; who sends it may give it another. */
  readonly messageId: string;
  /** The whole mail, lines ending in CRLF, 7-bit. */
  readonly raw: string;
}

/**
 * Writes a mail that says of itself that a machine made it, so that no other machine answers (RFC 3834), and how to
 * stop more of its kind (RFC 2369). What cannot stand in a header is encoded or left out by the library.
 */
export async function writeMail(letter: Letter): Promise<OutgoingMail> {
  const { default: MimeNode } = await import('nodemailer/lib/mime-node');
  const boundary = letter.messageId.replace(/[^A-Za-z0-9]/g, '');
  const limits = { disableFileAccess: true, disableUrlAccess: true };
  const root = new MimeNode('multipart/alternative', {
    ...limits,
    baseBoundary: boundary.slice(0, 40),
    newline: '\r\n',
  });
  root.setHeader({
    From: letter.from,
    To: letter.to,
    'Reply-To': letter.replyTo,
    Subject: letter.subject,
    'Message-ID': letter.messageId,
    Date: new Date(letter.at_ms).toUTCString().replace('GMT', '+0000'),
    'Auto-Submitted': 'auto-generated',
    // On one line: folded, its value would begin with a space, which not every program takes away.
    'List-Unsubscribe': { prepared: true, value: `<mailto:${letter.replyTo}?subject=stop>` },
  });
  const answered = letter.references.at(-1);
  if (answered !== undefined) {
    root.setHeader({ 'In-Reply-To': answered, References: letter.references.join(' ') });
  }
  // The last form is the one preferred (RFC 2046 §5.1.4).
  root.createChild('text/plain; charset=utf-8', limits).setContent(printable(letter.text));
  root.createChild('text/html; charset=utf-8', limits).setContent(printable(letter.html));
  const bytes = await new Promise<Uint8Array>((resolve, reject) => {
    root.build((error, built) => {
      if (built !== undefined && !error) resolve(built);
      else reject(error ?? new Error('a mail was not built'));
    });
  });
  return {
    from: letter.from.address,
    to: letter.to,
    messageId: letter.messageId,
    raw: new TextDecoder().decode(bytes),
  };
}

/** Text for one line of a header or a page: no line breaks, no control characters. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim();
}

/** Lines end in `\n`, until the library makes them CRLF: a lone CR is no line end in mail, and forbidden there. */
function printable(text: string): string {
  const unixLines = text.replace(/\r\n?/g, '\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be taken out
  return unixLines.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '');
}
