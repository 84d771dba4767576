/**
 * Goal: mails that every program reads as they were meant, whatever words are in them. Method: what is composed is
 * compared byte for byte with vectors that an independent reader (Python's `email`) has read, and read back by ours for
 * random words. Does not prove: how a mail looks in any one program.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { readFeedback } from '../../../../src/agent/team/feedback/read.ts';
import { composeInvitation, composeReportMail } from '../../../../src/agent/team/mail/compose.ts';
import { readMail } from '../../../../src/agent/team/mail/read.ts';
import { headline, reportText } from '../../../../src/agent/team/report/render.ts';
import { HEAD, HOSTILE, reportWith } from '../../../support/mail.ts';

const vectors = z
  .object({
    mails: z.array(
      z.object({
        raw: z.string(),
        read: z.object({
          headers: z.record(z.string(), z.string()),
          defects: z.array(z.string()),
          from: z.array(z.string()),
          parts: z.array(z.string()),
          text: z.string(),
          html: z.string(),
        }),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../../vectors/mails.json', import.meta.url), 'utf8')));

const invite = () =>
  composeInvitation(HEAD, {
    client: 'npub1client',
    publicUrl: 'https://errand.example',
    at_ms: Date.UTC(2026, 10, 24, 17, 0, 0),
  });
const report = (words: string, more: object = {}) =>
  composeReportMail(HEAD, reportWith(words, more), '<given@cloudflare-email.example>');

describe('as an independent reader reads them', () => {
  test('what is composed is what the vectors hold', async () => {
    expect([(await invite()).raw, (await report(HOSTILE)).raw]).toEqual(vectors.mails.map(({ raw }) => raw));
  });

  test.each(vectors.mails.map(({ read }) => read))(
    'without defects, with all its headers: $headers.Subject',
    (read) => {
      expect(read.defects).toEqual([]);
      expect(read.parts).toEqual(['multipart/alternative', 'text/plain', 'text/html']);
      expect(read.from).toEqual([HEAD.team, HEAD.from]);
      expect(read.headers).toMatchObject({
        To: HEAD.to,
        'Reply-To': HEAD.replyTo,
        'Auto-Submitted': 'auto-generated',
        'List-Unsubscribe': `<mailto:${HEAD.replyTo}?subject=stop>`,
      });
      expect(read.headers.Subject).toContain(`Reports of ${HEAD.team}, run abababab`);
      expect(Object.keys(read.headers)).not.toContain('Bcc');
    },
  );

  test('a report stands in the thread of the invitation, by either Message-ID', () => {
    const [first, second] = vectors.mails.map(({ read }) => read.headers);
    expect(first?.['In-Reply-To']).toBeUndefined();
    expect(second).toMatchObject({
      'In-Reply-To': '<given@cloudflare-email.example>',
      References: `${first?.['Message-ID']} <given@cloudflare-email.example>`,
      Subject: `Re: ${first?.Subject}`,
      Date: 'Tue, 24 Nov 2026 18:00:00 +0000',
    });
  });

  test('the HTML form fetches nothing, runs nothing, and shows the words of others as words', () => {
    const html = vectors.mails[1]?.read.html ?? '';
    expect(html).toContain('&lt;script&gt;x&lt;/script&gt; &amp; &quot;quoted&quot; &#39;text&#39;');
    expect(html).toContain('漢字');
    const tags = [...html.matchAll(/<([a-z0-9]+)([^>]*)>/g)];
    expect(new Set(tags.map(([, name]) => name))).toEqual(
      new Set(['html', 'head', 'meta', 'title', 'body', 'p', 'h1', 'h2', 'ul', 'li', 'pre']),
    );
    expect(tags.filter(([, , rest = '']) => /src|href|url\(|\bon\w+=/.test(rest))).toEqual([]);
    expect(html).toContain('width=device-width');
  });
});

test('the invitation holds nothing the client could have written', async () => {
  const { raw } = await invite();
  const mail = await PostalMime.parse(raw);
  expect(mail.text).toContain('npub1client');
  expect(mail.text).toContain('reply to this mail with the word yes');
  expect(mail.text).toContain('stop');
  expect(mail.text?.length).toBeLessThan(700);
});

test('whatever the words, the mail is 7-bit, its lines are short, and it is read back whole', async () => {
  const words = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({
      unit: fc.constantFrom('\r', '\n', '.', '-', '=', '<', ':', 'x', ' ', '\u0000', '漢', '\ud800'),
    }),
  );
  await fc.assert(
    fc.asyncProperty(words, words, async (said, team) => {
      const { raw, from, to } = await composeReportMail({ ...HEAD, team }, reportWith(said), null);
      expect(raw).toMatch(/^[\t\r\n\x20-\x7e]*$/);
      // RFC 5322 §2.1.1; and no line ends in anything but CRLF.
      expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
      const mail = await PostalMime.parse(raw);
      expect([mail.from?.address, mail.to?.[0]?.address]).toEqual([from, to]);
      expect(mail.headers.map(({ key }) => key)).toEqual([
        ...['from', 'to', 'reply-to', 'subject', 'message-id', 'date', 'auto-submitted', 'list-unsubscribe'],
        ...['in-reply-to', 'references', 'mime-version', 'content-type'],
      ]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
      const plain = (text: string) => text.toWellFormed().replace(/[\u0000-\u001f\u007f]/g, '');
      expect(plain(mail.text ?? '')).toContain(plain(reportText(reportWith(said))));
    }),
    { seed: 4, numRuns: 150 },
  );
});

test('long unicode subjects are folded into words of at most 75 characters (RFC 2047 §2)', async () => {
  const { raw } = await composeReportMail({ ...HEAD, team: '漢字かな'.repeat(15) }, reportWith('x'), null);
  const head = raw.slice(0, raw.indexOf('\r\n\r\n'));
  const encoded = head.match(/=\?UTF-8\?[BQ]\?[^?]*\?=/g) ?? [];
  expect(encoded.length).toBeGreaterThan(4);
  expect(Math.max(...encoded.map((word) => word.length))).toBeLessThanOrEqual(75);
  expect((await PostalMime.parse(raw)).subject).toContain('漢字かな'.repeat(14));
});

test('a reply above the quoted report is read as what was written, and nothing else', async () => {
  const { raw } = await report('the words of the team');
  const sent = await PostalMime.parse(raw);
  const quoted = (sent.text ?? '').replace(/^/gm, '> ');
  const reply = `Content-Type: text/plain; charset=utf-8\r\nFrom: ${HEAD.to}\r\n\r\nUse more sources.\r\n\r\nOn Tue, 24 Nov 2026 at 18:00, A Team <${HEAD.from}> wrote:\r\n${quoted}`;
  const mail = await readMail(new TextEncoder().encode(reply));
  expect(readFeedback(mail?.text ?? '')).toEqual({ commands: [], feedback: ['Use more sources.'] });
});

test('an ended run asks for no answer', async () => {
  const open = await PostalMime.parse((await report('x')).raw);
  const ended = await PostalMime.parse((await report('x', { state: 'ended', ended: 'finished' })).raw);
  for (const form of ['text', 'html'] as const) {
    expect(open[form]).toContain('CADENCE:');
    expect(ended[form]).not.toContain('CADENCE:');
    expect(ended[form]).toContain(headline(reportWith('x', { state: 'ended' })));
  }
});
