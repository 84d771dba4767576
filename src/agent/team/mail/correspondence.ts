/**
 * What is between a run and the one mail address its client has named: asked first, then written to, until the address
 * says stop. Pure: whoever holds the run keeps the state, performs the orders, and tells what came in. An address hears
 * nothing but one question until its owner has said yes, because anybody can name anybody's address.
 */
import { MAIL_MAX_REPORTS } from '../../../limits.ts';
import { wishOf } from './wishes.ts';

export interface Correspondence {
  /** Lower case. */
  readonly address: string;
  readonly state: 'asked' | 'wanted' | 'stopped';
  /** The Message-ID the invitation went out under, with angle brackets; null until that is known. */
  readonly firstMessageId: string | null;
  /** Reports ordered to be mailed. */
  readonly count: number;
  /** The newest report that was due before anybody said yes; 0 for none. It is mailed with the yes. */
  readonly waiting: number;
  /** The mail that said yes; a mail may come twice, and the second time a yes would be words. */
  readonly consent: string | null;
}

export type MailOrder =
  /** Only with leave: an address that others asked lately, or that wants no questions, is asked nothing. */
  | { readonly type: 'invitation' }
  /** To be remembered for every run: what the address says to being asked. */
  | { readonly type: 'answer'; readonly answer: 'yes' | 'no' }
  /** @see composeReportMail */
  | { readonly type: 'report'; readonly number: number };

export type CorrespondenceInput =
  /** The invitation has left. */
  | { readonly type: 'invited'; readonly messageId: string }
  /** The reporter made a report, numbered from 1. */
  | { readonly type: 'report'; readonly number: number }
  /** A person's mail came to the run's address. @see IncomingMail */
  | { readonly type: 'mail'; readonly from: string; readonly source: string; readonly text: string };

type Mail = Extract<CorrespondenceInput, { type: 'mail' }>;

/**
 * What became of a mail. `words`: `text` is for the run; `noted`: it was for the correspondence alone; `refused`: it is
 * from somebody else, or from somebody who has not said yes, and changes nothing.
 */
export type MailHeard =
  | { readonly type: 'words'; readonly text: string }
  | { readonly type: 'noted' }
  | { readonly type: 'refused' };

export interface CorrespondenceTurn {
  readonly next: Correspondence;
  /** To be performed in order. */
  readonly orders: readonly MailOrder[];
  /** Null for every input but a mail. */
  readonly heard: MailHeard | null;
}

const REFUSED: MailHeard = { type: 'refused' };
const NOTED: MailHeard = { type: 'noted' };

/** Begins it, with the one question that may be asked. @param address as `parseMailAddress` gives it */
export function openCorrespondence(address: string): CorrespondenceTurn {
  const next: Correspondence = {
    address,
    state: 'asked',
    firstMessageId: null,
    count: 0,
    waiting: 0,
    consent: null,
  };
  return { next, orders: [{ type: 'invitation' }], heard: null };
}

export function advanceCorrespondence(now: Correspondence, input: CorrespondenceInput): CorrespondenceTurn {
  switch (input.type) {
    case 'invited':
      return unchanged({ ...now, firstMessageId: now.firstMessageId ?? input.messageId });
    case 'report':
      return reportDue(now, input.number);
    case 'mail':
      return input.from === now.address ? mailFrom(now, input) : unchanged(now, REFUSED);
  }
}

function unchanged(next: Correspondence, heard: MailHeard | null = null): CorrespondenceTurn {
  return { next, orders: [], heard };
}

function reportDue(now: Correspondence, number: number): CorrespondenceTurn {
  if (now.state === 'asked') return unchanged({ ...now, waiting: Math.max(now.waiting, number) });
  if (now.state === 'stopped' || now.count >= MAIL_MAX_REPORTS) return unchanged(now);
  return { next: { ...now, count: now.count + 1 }, orders: [{ type: 'report', number }], heard: null };
}

function mailFrom(now: Correspondence, { source, text }: Mail): CorrespondenceTurn {
  const { wish, words } = wishOf(text);
  const beside: MailHeard = words === '' ? NOTED : { type: 'words', text: words };
  if (source === now.consent) return unchanged(now, beside);
  if (wish === 'stop') return stopped(now);
  // Once reports are wanted, a yes may be the answer to a question of the team.
  if (now.state === 'wanted') return unchanged(now, { type: 'words', text });
  if (wish !== 'yes') return unchanged(now, REFUSED);
  const wanted: Correspondence = { ...now, state: 'wanted', waiting: 0, consent: source };
  const { next, orders } = now.waiting === 0 ? unchanged(wanted) : reportDue(wanted, now.waiting);
  return { next, orders: [{ type: 'answer', answer: 'yes' }, ...orders], heard: beside };
}

/** Who had said yes is done with this run; who had not does not want to be asked, by any. */
function stopped(now: Correspondence): CorrespondenceTurn {
  const next: Correspondence = { ...now, state: 'stopped', waiting: 0 };
  const orders: readonly MailOrder[] = now.state === 'asked' ? [{ type: 'answer', answer: 'no' }] : [];
  return { next, orders, heard: NOTED };
}
