/** The mails a team run sends: one that asks whether reports are wanted, and the reports. */
import { MAIL_MAX_NAME_CHARS } from '../../../limits.ts';
import { partsOf } from '../../../mail-address.ts';
import { clip } from '../../../protocol/size.ts';
import { REPLY_LINE } from '../feedback/quoted.ts';
import { REPLY_FORM } from '../report/form.ts';
import { headline, reportText, sectionsOf } from '../report/render.ts';
import type { TeamReport } from '../report/types.ts';
import { heading, listed, page, paragraph, smallPrint, verbatim } from './html.ts';
import { type OutgoingMail, oneLine, writeMail } from './mime.ts';

/** What all mails of one run have in common. Addresses are in lower case. */
export interface Letterhead {
  /** MAIL_FROM. */
  readonly from: string;
  readonly to: string;
  /** The run's own address ({@link file://./reply-address.ts}). */
  readonly replyTo: string;
  /** Name of the team: the operator's or owner's words, never the client's. */
  readonly team: string;
  /** The job's id, 64 hex characters. */
  readonly job: string;
}

export interface Invitation {
  /** The client's public key as npub. */
  readonly client: string;
  /** Where this marketplace is. */
  readonly publicUrl: string;
  readonly at_ms: number;
}

const STOP = 'To get no more of these mails, reply with the word stop.';

/**
 * The first mail of a run, to somebody who may never have heard of it: who wants to have what sent here, and how to say
 * yes. Nothing in it is the client's words, so that nobody can have us mail theirs to strangers.
 */
export function composeInvitation(head: Letterhead, invitation: Invitation): Promise<OutgoingMail> {
  const team = nameOf(head);
  const who = `The holder of the Nostr key ${invitation.client} has a job done by the team "${team}" at ${invitation.publicUrl}, and has named this address for the team's reports.`;
  const yes =
    'To get them, reply to this mail with the word yes. Reports can be answered: what you write steers the work.';
  const no =
    'If you do nothing, no report is sent to you. If you do not want to be asked again, reply with the word stop.';
  return writeMail({
    ...common(head),
    subject: subjectOf(head),
    messageId: invitationId(head),
    references: [],
    at_ms: invitation.at_ms,
    text: `${REPLY_LINE}\n\n${who}\n\n${yes}\n\n${no}\n`,
    html: page(subjectOf(head), [smallPrint(REPLY_LINE), paragraph(who), paragraph(yes), smallPrint(no)]),
  });
}

/**
 * A report, in the thread of the invitation.
 *
 * @param thread the Message-ID the invitation went out under, with angle brackets; null when it is not known
 */
export function composeReportMail(
  head: Letterhead,
  report: TeamReport,
  thread: string | null,
): Promise<OutgoingMail> {
  const asked = invitationId(head);
  // Programs put mails into one thread by what they refer to, and some only if the subject is the same.
  const subject = `Re: ${subjectOf(head)}`;
  const form = report.state === 'ended' ? [] : [verbatim(REPLY_FORM)];
  return writeMail({
    ...common(head),
    subject,
    messageId: idOf(head, `report-${report.number}`),
    references: thread === null || thread === asked ? [asked] : [asked, thread],
    at_ms: report.at_ms,
    text: `${REPLY_LINE}\n\n${reportText(report)}\n\n${STOP}\n`,
    html: page(subject, [
      smallPrint(REPLY_LINE),
      heading(headline(report)),
      ...sectionsOf(report).map(listed),
      ...form,
      smallPrint(STOP),
    ]),
  });
}

function common(head: Letterhead) {
  const { from, to, replyTo } = head;
  return { from: { name: nameOf(head), address: from }, to, replyTo };
}

function subjectOf(head: Letterhead): string {
  return `Reports of ${nameOf(head)}, run ${head.job.slice(0, 8)}`;
}

function nameOf({ team }: Letterhead): string {
  return clip(oneLine(team), MAIL_MAX_NAME_CHARS);
}

function invitationId(head: Letterhead): string {
  return idOf(head, 'invitation');
}

/** The same for the same mail, so that a mail that is sent twice can be known as one. */
function idOf({ job, from }: Letterhead, what: string): string {
  return `<${what}.${job.slice(0, 16)}@${partsOf(from).domain}>`;
}
