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
  // The next report has taken its place meanwhile.
  expect(names(sent(mailed(anew, reports(2)), first))).toEqual(['answer', 2]);
});

const JOB = '1'.repeat(64);

/** A desk over this disk with one free run, or as it is after the memory was lost. */
function deskOn(disk: ReturnType<typeof nodeSql>, clock: () => number, mail: DeskPorts['mail']): TeamDesk {
  return new TeamDesk(disk, {
    clock,
    open: ({ body }) => readTeamOrder(FREE_TEAM, FREE, body),
    isOrder: () => false,
    inbox: async () => [],
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
}

function begun(desk: TeamDesk): () => Promise<void> {
  const { envelope, history, body } = taskOf('chat', 'Write', { body: { parameters: { mail: MAIL } } });
  const { write, perform } = desk.begin(JOB, { envelope, history, body }, 0);
  write();
  return perform;
}

const SENDS = { report: async () => undefined, remember: async () => undefined };

test('letters wake nobody where there are no ways of mail any more', () => {
  const disk = nodeSql();
  const now_ms = 1_800_000_000_000;
  const before = deskOn(disk, () => now_ms, { ...SENDS, invite: async () => null });
  begun(before);
  // The lease of its first step is all that is left.
  expect(before.nextTick(JOB)).toBeLessThan(now_ms + TEAM_ORDER_LEASE_MS);
  expect(deskOn(disk, () => now_ms, null).nextTick(JOB)).toBe(now_ms + TEAM_ORDER_LEASE_MS);
});

test('a letter whose next try takes long does not wake the session meanwhile', async () => {
  let now_ms = 1_800_000_000_000;
  const { promise: sending, resolve: sent } = Promise.withResolvers<null>();
  let tries = 0;
  const invite = async () => {
    tries++;
    if (tries === 1) throw new Error('busy');
    return await sending;
  };
  const desk = deskOn(nodeSql(), () => now_ms, { ...SENDS, invite });
  await begun(desk)();
  const due_ms = desk.nextTick(JOB) ?? 0;
  expect(due_ms).toBeGreaterThan(now_ms);
  now_ms = due_ms;
  desk.tick(JOB);
  expect(tries).toBe(2);
  expect(desk.nextTick(JOB)).toBeGreaterThan(now_ms);
  sent(null);
});
