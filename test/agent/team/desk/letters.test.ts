/**
 * Goal: mails that cannot be sent neither grow without end nor keep a session awake for ever, and one that was sent is
 * done with. Method: the box as a value, and a desk without ways of mail. Does not prove: sending (mailbox.test.ts).
 */
import { expect, test } from 'vitest';
import { type DeskPorts, TeamDesk } from '../../../../src/agent/team/desk/desk.ts';
import {
  type Letter,
  letterDone,
  type Mailbox,
  mailCame,
  mailed,
  openMailbox,
} from '../../../../src/agent/team/desk/mailbox.ts';
import { readTeamOrder } from '../../../../src/agent/team/request.ts';
import { TEAM_ORDER_LEASE_MS } from '../../../../src/limits.ts';
import { FREE } from '../../../../src/protocol/prices.ts';
import { signedBy } from '../../../support/events.ts';
import { reportWith } from '../../../support/mail.ts';
import { nodeSql } from '../../../support/node-sql.ts';
import { taskOf } from '../../../support/tasks.ts';
import { DEFINITION } from './staff.ts';

const event = signedBy('team', { kind: 14, created_at: 1, tags: [], content: '' });
const FREE_TEAM = { ...DEFINITION, budget: { usual_msats: 0, most_msats: 0 } };
const MAIL = 'ann@mail.test';
const reports = (...numbers: number[]) => numbers.map((number) => reportWith('words', { number }));

/** Of somebody who wants reports, whose answer is the first thing to be done. */
function wanted(): Mailbox {
  return mailCame(letterDone(openMailbox(MAIL), { type: 'invitation' }, '<1@m>'), {
    from: MAIL,
    source: '<2@m>',
    text: 'yes',
  }).mailbox;
}
const names = ({ letters }: Mailbox) =>
  letters.map((letter) => (letter.type === 'report' ? letter.number : letter.type));

test('of reports that wait the newest is kept, and whatever is no report', () => {
  const box = mailed(wanted(), reports(...Array.from({ length: 30 }, (_, at) => at + 1)));
  expect(names(box)).toEqual(['answer', 30]);
  expect(box.latest?.number).toBe(30);
});

test('a letter that was sent is done with although the box was read anew meanwhile, and no other with it', () => {
  const box = mailed(wanted(), reports(1));
  const anew: Mailbox = JSON.parse(JSON.stringify(box));
  const [answer, first] = box.letters;
  const sent = (from: Mailbox, letter: Letter | undefined) =>
    letter === undefined ? from : letterDone(from, letter, null);
  expect(names(sent(anew, answer))).toEqual([1]);
  expect(names(sent(anew, first))).toEqual(['answer']);
});

test('letters wake nobody where there are no ways of mail any more', () => {
  const disk = nodeSql();
  const now_ms = 1_800_000_000_000;
  const job = '1'.repeat(64);
  const desk = (mail: DeskPorts['mail']) =>
    new TeamDesk(disk, {
      clock: () => now_ms,
      open: ({ body }) => readTeamOrder(FREE_TEAM, FREE, body),
      inbox: async () => [],
      isOrder: () => true,
      mail,
      most_msats: 0,
      random: () => 0.5,
      defer: () => undefined,
      order: async () => undefined,
      directMessage: () => event,
      move: () => undefined,
      urlOf: () => '',
      log: () => undefined,
    });
  const ways = { invite: async () => null, report: async () => undefined, remember: async () => undefined };
  const { envelope, history, body } = taskOf('chat', 'Write', { body: { parameters: { mail: MAIL } } });
  const assignment = { envelope, history, body };
  // A free team that is asked for nothing wakes for its first step's lease.
  const lease_ms = TEAM_ORDER_LEASE_MS;
  const before = desk(ways);
  before.begin(job, assignment, 0).write();
  expect(before.nextTick(job)).toBeLessThan(now_ms + lease_ms);
  expect(desk(null).nextTick(job)).toBe(now_ms + lease_ms);
});
