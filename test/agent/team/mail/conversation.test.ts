/**
 * Goal: the parts together carry a conversation: question, yes, report, order, stop. Method: a person's mail program is
 * imitated, which answers the address it is told to and quotes what it got, in plain text or in HTML alone.
 */
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
import { readFeedback } from '../../../../src/agent/team/feedback/read.ts';
import { composeInvitation, composeReportMail } from '../../../../src/agent/team/mail/compose.ts';
import {
  advanceCorrespondence,
  type CorrespondenceTurn,
  openCorrespondence,
} from '../../../../src/agent/team/mail/correspondence.ts';
import type { OutgoingMail } from '../../../../src/agent/team/mail/mime.ts';
import { readMail } from '../../../../src/agent/team/mail/read.ts';
import { replyAddresses } from '../../../../src/agent/team/mail/reply-address.ts';
import { HEAD, mailOf, reportWith } from '../../../support/mail.ts';

const replies = replyAddresses('11'.repeat(32), HEAD.from);
const head = { ...HEAD, replyTo: replies.of(HEAD.job) };

/** What a person's program makes of an answer to a mail. @returns where it goes, and the mail */
async function answer(to: OutgoingMail, words: string, form: 'text' | 'html') {
  const mail = await PostalMime.parse(to.raw);
  const intro = `On Tue, 24 Nov 2026 at 18:00, ${mail.from?.name} <${mail.from?.address}> wrote:`;
  const quoted = (mail.text ?? '').replace(/^/gm, '> ');
  const headers = [
    `From: Ann <${HEAD.to.toUpperCase()}>`,
    'Subject: Re: Reports',
    `In-Reply-To: ${mail.messageId}`,
    `Message-ID: <answer-${words.length}@people.example>`,
    `Content-Type: ${form === 'text' ? 'text/plain' : 'text/html'}; charset=utf-8`,
  ];
  const body =
    form === 'text'
      ? `${words}\r\n\r\n${intro}\r\n${quoted}`
      : `<div>${words}</div><br><div>${intro.replace(/</g, '&lt;')}<br></div><blockquote>${mail.html}</blockquote>`;
  return { to: mail.replyTo?.[0]?.address ?? '', raw: mailOf(...headers, '', body) };
}

test.each(['text', 'html'] as const)('from the question to the stop, answered in %s', async (form) => {
  let turn: CorrespondenceTurn = openCorrespondence(HEAD.to);
  const hear = async (to: OutgoingMail, words: string) => {
    const answered = await answer(to, words, form);
    expect(replies.read(answered.to)).toBe(HEAD.job.slice(0, 16));
    const mail = await readMail(answered.raw);
    if (mail === null) throw new Error('the answer cannot be read');
    expect(mail).toMatchObject({ automatic: false, forged: false });
    turn = advanceCorrespondence(turn.next, { type: 'mail', ...mail });
  };
  const invitation = await composeInvitation(head, {
    client: 'npub1',
    publicUrl: 'https://e.example',
    at_ms: 0,
  });
  turn = advanceCorrespondence(turn.next, { type: 'invited', messageId: '<given@platform.example>' });
  turn = advanceCorrespondence(turn.next, { type: 'report', number: 3 });
  expect(turn.orders).toEqual([]);

  await hear(invitation, 'Yes, please.');
  expect(turn.orders).toEqual([
    { type: 'answer', answer: 'yes' },
    { type: 'report', number: 3 },
  ]);
  expect(turn.heard).toEqual({ type: 'noted' });
  const report = await composeReportMail(head, reportWith('<b>bold</b> words'), turn.next.firstMessageId);

  await hear(report, 'focus: costs');
  if (turn.heard?.type !== 'words') throw new Error('an order is no words');
  expect(readFeedback(turn.heard.text)).toEqual({
    commands: [{ type: 'focus', focus: 'costs' }],
    feedback: [],
  });

  await hear(report, 'Stop');
  expect(turn.next.state).toBe('stopped');
  expect(advanceCorrespondence(turn.next, { type: 'report', number: 4 }).orders).toEqual([]);
});
