/**
 * Goal: mails of a run leave in order, none is lost by a failure, and none leaves that nobody wants any more. Method: the
 * box as a value; the way out is simulated. Does not prove: when which mail is due (correspondence.test.ts).
 */
import { describe, expect, test } from 'vitest';
import {
  letterDone,
  letterFailed,
  type Mailbox,
  mailCame,
  mailed,
  openMailbox,
  silenced,
} from '../../../../src/agent/team/desk/mailbox.ts';
import { MAIL_SEND_ATTEMPTS, MAIL_SEND_MAX_MS } from '../../../../src/limits.ts';
import { msats } from '../../../../src/payment/msats.ts';
import { reportWith } from '../../../support/mail.ts';
import { CALM, MAIL, TeamWorld } from './world.ts';

const report = (number: number) => reportWith('words', { number });
const first = (box: Mailbox) => {
  const [letter] = box.letters;
  if (letter === undefined) throw new Error('the box is empty');
  return letter;
};
const names = ({ letters }: Mailbox) =>
  letters.map((letter) => (letter.type === 'report' ? `report ${letter.number}` : letter.type));
const yes = (box: Mailbox) => mailCame(box, { from: MAIL, source: '<1@m>', text: 'yes' }).mailbox;

describe('a mailbox', () => {
  test('asks first, and mails nothing before there is a yes', () => {
    const box = mailed(openMailbox(MAIL), [report(1), report(2)]);
    expect(names(box)).toEqual(['invitation']);
    const asked = letterDone(box, first(box), '<asked@m>');
    expect(asked.correspondence.firstMessageId).toBe('<asked@m>');
    // Of what was due before the yes, the newest.
    expect(names(yes(asked))).toEqual(['answer', 'report 2']);
    // And of those that mail is too slow for.
    const late = mailed(yes(asked), [report(3)]);
    expect(names(late)).toEqual(['answer', 'report 3']);
    expect(late.latest?.number).toBe(3);
  });

  test('keeps a letter that failed at its place', () => {
    const box = letterFailed(openMailbox(MAIL), 5_000);
    expect([names(box), box.failures, box.retryAt_ms]).toEqual([['invitation'], 1, 5_000]);
    expect(letterDone(box, first(box), null)).toMatchObject({ letters: [], failures: 0, retryAt_ms: null });
  });

  test('of a run that was called off lets go of everything but what its address said of being asked', () => {
    const open = openMailbox(MAIL);
    const wanted = mailed(yes(letterDone(open, first(open), null)), [report(1), report(2)]);
    const quiet = silenced(wanted);
    expect(names(quiet)).toEqual(['answer']);
    expect(quiet.latest).toBeNull();
    // A report that was on its way then is done with; what is left is still to be done.
    const report1 = wanted.letters.find(({ type }) => type === 'report');
    if (report1 === undefined) throw new Error('no report is due');
    expect(names(letterDone(quiet, report1, null))).toEqual(['answer']);
  });
});

describe('the post', () => {
  test('tries again what was not sent, later and later, and gives up on a letter, not on the run', async () => {
    const world = new TeamWorld(1, CALM);
    world.purse.zap(msats(100_000));
    const { id } = world.deliver(world.request('Write', { budget_sats: 20, mail: MAIL }));
    world.mailGate = Promise.reject(new Error('the mail server is away'));
    world.mailGate.catch(() => undefined);
    world.mail(id, { source: 'yes', sentAt_ms: 0, text: 'yes' }, 2_000);
    const begun_ms = world.now_ms;
    expect(await world.pass(4_000)).toBe(true);
    expect(world.record.get(id)?.phase).toBe('delivered');
    // What came meanwhile took the place of what was not sent, and its tries with it.
    expect(world.run(id)?.reporter.count).toBeGreaterThan(1);
    expect(world.happened['a mail (report) was not sent']).toBe(MAIL_SEND_ATTEMPTS);
    expect(world.mails).toEqual(['invitation', 'remembered yes']);
    expect(world.now_ms - begun_ms).toBeGreaterThan(60_000);
    expect(world.now_ms - begun_ms).toBeLessThan(MAIL_SEND_ATTEMPTS * MAIL_SEND_MAX_MS);
    expect(world.stored()).not.toContain('is away');
  });

  test('mails each report once, in order, when all goes well', async () => {
    const world = new TeamWorld(1, CALM);
    world.purse.zap(msats(100_000));
    const { id } = world.deliver(world.request('Write', { budget_sats: 20, mail: MAIL }));
    world.mail(id, { source: 'yes', sentAt_ms: 0, text: 'yes' }, 2_000);
    expect(await world.pass(4_000)).toBe(true);
    const reports = Array.from({ length: world.run(id)?.reporter.count ?? 0 }, (_, i) => `report ${i + 1}`);
    expect(world.mails).toEqual(['invitation', 'remembered yes', ...reports]);
  });
});
