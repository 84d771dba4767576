/** The mails of one run: what is between it and the address its client named, and the mails that have not left yet. Pure. */
import {
  advanceCorrespondence,
  type Correspondence,
  type CorrespondenceInput,
  type CorrespondenceTurn,
  type MailHeard,
  type MailOrder,
  openCorrespondence,
} from '../mail/correspondence.ts';
import type { TeamReport } from '../report/types.ts';

/** Something to be done about mail, in order. A report is mailed as it is in {@link Mailbox.latest}. */
export type Letter = MailOrder;

export interface Mailbox {
  readonly correspondence: Correspondence;
  readonly letters: readonly Letter[];
  /** The newest report, and the only one that is kept: what mail was too slow for is told by the next. */
  readonly latest: TeamReport | null;
  /** Tries of the first letter that failed, and when it is tried again, Unix ms. */
  readonly failures: number;
  readonly retryAt_ms: number | null;
}

/** @param address lower case */
export function openMailbox(address: string): Mailbox {
  const empty = { letters: [], latest: null, failures: 0, retryAt_ms: null };
  const turn = openCorrespondence(address);
  return after({ ...empty, correspondence: turn.next }, turn);
}

/** Reports were made. */
export function mailed(mailbox: Mailbox, reports: readonly TeamReport[]): Mailbox {
  let next = mailbox;
  for (const report of reports)
    next = tell({ ...next, latest: report }, { type: 'report', number: report.number }).mailbox;
  return next;
}

/** Nobody wants to hear of this run any more. What an address has said to being asked is remembered all the same. */
export function silenced(mailbox: Mailbox): Mailbox {
  return { ...mailbox, latest: null, letters: mailbox.letters.filter(({ type }) => type === 'answer') };
}

/** A mail came to the run's address. */
export function mailCame(
  mailbox: Mailbox,
  mail: { readonly from: string; readonly source: string; readonly text: string },
): { readonly mailbox: Mailbox; readonly heard: MailHeard } {
  const { mailbox: next, turn } = tell(mailbox, { type: 'mail', ...mail });
  return { mailbox: next, heard: turn.heard ?? { type: 'refused' } };
}

/** A letter is done with. @param messageId of an invitation that was sent; null for all others */
export function letterDone(mailbox: Mailbox, letter: Letter, messageId: string | null): Mailbox {
  // It may have been taken out while it was on its way, and it is another object when the memory was let go of meanwhile.
  const done = mailbox.letters.findIndex((one) => isSame(one, letter));
  const letters = mailbox.letters.filter((_, at) => at !== done);
  const rest = { ...mailbox, letters, failures: 0, retryAt_ms: null };
  return messageId === null ? rest : tell(rest, { type: 'invited', messageId }).mailbox;
}

function isSame(a: Letter, b: Letter): boolean {
  if (a.type === 'report') return b.type === 'report' && a.number === b.number;
  return a.type === 'answer' ? b.type === 'answer' && a.answer === b.answer : a.type === b.type;
}

/** It could not be done now. */
export function letterFailed(mailbox: Mailbox, retryAt_ms: number): Mailbox {
  return { ...mailbox, failures: mailbox.failures + 1, retryAt_ms };
}

function tell(
  mailbox: Mailbox,
  input: CorrespondenceInput,
): { readonly mailbox: Mailbox; readonly turn: CorrespondenceTurn } {
  const turn = advanceCorrespondence(mailbox.correspondence, input);
  return { mailbox: after(mailbox, turn), turn };
}

function after(mailbox: Mailbox, { next, orders }: CorrespondenceTurn): Mailbox {
  const isNewer = orders.some(({ type }) => type === 'report');
  const waiting = mailbox.letters.filter(({ type }) => !(isNewer && type === 'report'));
  return { ...mailbox, correspondence: next, letters: [...waiting, ...orders] };
}
