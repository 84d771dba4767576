/**
 * Goal: nobody is written to who has not said yes, beyond one question, whatever happens in whatever order; and a mail
 * counts only from the address it is about. Method: examples, and random schedules against a model that only knows the
 * rule. Does not prove that a From header is true (test/agent/team/mail/read.test.ts, test/workers/mail.test.ts).
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REPLY_LINE } from '../../../../src/agent/team/feedback/quoted.ts';
import {
  advanceCorrespondence,
  type Correspondence,
  type CorrespondenceInput,
  openCorrespondence,
} from '../../../../src/agent/team/mail/correspondence.ts';
import { MAIL_MAX_REPORTS } from '../../../../src/limits.ts';

const ANN = 'ann@people.example';
let mails = 0;
const mail = (text: string, from = ANN): CorrespondenceInput => ({
  type: 'mail',
  from,
  source: `<${++mails}@people.example>`,
  text,
});
const report = (number: number): CorrespondenceInput => ({ type: 'report', number });

/** What happens in a row, told as what each input brought. */
function course(...inputs: readonly CorrespondenceInput[]) {
  let { next } = openCorrespondence(ANN);
  const told = inputs.map((input) => {
    const turn = advanceCorrespondence(next, input);
    next = turn.next;
    return { orders: turn.orders, heard: turn.heard };
  });
  return { state: next, told };
}

describe('a correspondence', () => {
  test('begins with one question, and then waits', () => {
    expect(openCorrespondence(ANN).orders).toEqual([{ type: 'invitation' }]);
    const { told, state } = course(report(1), report(2));
    expect(told.flatMap(({ orders }) => orders)).toEqual([]);
    expect(state).toMatchObject({ state: 'asked', count: 0 });
  });

  test('a yes brings the newest report that was due, then each as it comes', () => {
    const { told, state } = course(report(1), report(2), mail(`Yes.\n\n> ${REPLY_LINE}\n> x`), report(3));
    expect(told.map(({ orders }) => orders)).toEqual([
      [],
      [],
      [
        { type: 'answer', answer: 'yes' },
        { type: 'report', number: 2 },
      ],
      [{ type: 'report', number: 3 }],
    ]);
    expect(told[2]?.heard).toEqual({ type: 'noted' });
    expect(state).toMatchObject({ state: 'wanted', count: 2 });
  });

  test('what is said beside the yes is for the run; afterwards everything is, also a yes', () => {
    const { told } = course(
      mail('yes please\n\nMore about costs.\n\nSent from my telephone'),
      mail('yes'),
      mail('Use more sources.\nAnd hurry.'),
    );
    expect(told.map(({ heard }) => heard)).toEqual([
      { type: 'words', text: 'More about costs.' },
      { type: 'words', text: 'yes' },
      { type: 'words', text: 'Use more sources.\nAnd hurry.' },
    ]);
  });

  test.each(['Who are you?', 'Yes I wonder who you are', '', 'leave me alone', '> yes'])(
    '%j is no yes: the words are for nobody, and nothing is sent',
    (text) => {
      const { told, state } = course(mail(text), report(1));
      expect(told).toEqual([
        { orders: [], heard: { type: 'refused' } },
        { orders: [], heard: null },
      ]);
      expect(state.state).toBe('asked');
    },
  );

  test.each(['stop', 'STOP.', 'Unsubscribe', 'stop\n\nSent from my telephone', '\nStop!\n> yes'])(
    '%j ends it, asked or wanted, until the address says yes again',
    (text) => {
      const asked = course(mail(text), report(1));
      expect(asked.state.state).toBe('stopped');
      expect(asked.told.map(({ orders }) => orders)).toEqual([[{ type: 'answer', answer: 'no' }], []]);
      const { told } = course(mail('yes'), mail(text), report(1), mail('More!'), mail('yes'), report(2));
      expect(told.map(({ orders }) => orders.length)).toEqual([1, 0, 0, 0, 1, 1]);
      expect(told[1]?.heard).toEqual({ type: 'noted' });
      expect(told[3]?.heard).toEqual({ type: 'refused' });
    },
  );

  test('"No." and a sentence about stopping are words once reports are wanted', () => {
    for (const text of ['No.', 'Stop using that source.', 'stop it at 5000 sats'])
      expect(course(mail('yes'), mail(text)).told[1]?.heard).toEqual({ type: 'words', text });
  });

  test('a yes that is delivered again is the same yes: no words, no second start after a stop', () => {
    const yes = mail('yes');
    const { told, state } = course(report(1), yes, yes, mail('stop'), yes);
    expect(told[2]).toEqual({ orders: [], heard: { type: 'noted' } });
    expect(told[4]).toEqual({ orders: [], heard: { type: 'noted' } });
    expect(state).toMatchObject({ state: 'stopped', count: 1 });
  });

  test('the first Message-ID is kept', () => {
    const { state } = course(
      { type: 'invited', messageId: '<1@x>' },
      { type: 'invited', messageId: '<2@x>' },
    );
    expect(state.firstMessageId).toBe('<1@x>');
  });

  test('a run mails so many reports and no more', () => {
    const many = Array.from({ length: MAIL_MAX_REPORTS + 5 }, (_, n) => report(n + 1));
    const { told, state } = course(mail('yes'), ...many);
    expect(told.slice(1).flatMap(({ orders }) => orders)).toHaveLength(MAIL_MAX_REPORTS);
    expect(state.count).toBe(MAIL_MAX_REPORTS);
  });
});

test('whatever happens, reports go out only between a yes and a stop of the address itself', () => {
  const input = fc.oneof(
    fc.nat(9).map(report),
    fc
      .constantFrom('yes', 'stop', 'words', '')
      .chain((text) => fc.constantFrom(ANN, 'bob@people.example').map((from) => mail(text, from))),
    fc.constant<CorrespondenceInput>({ type: 'invited', messageId: '<i@x>' }),
  );
  fc.assert(
    fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
      let now: Correspondence = openCorrespondence(ANN).next;
      let wanted = false;
      for (const one of inputs) {
        const mine = one.type === 'mail' && one.from === ANN;
        if (mine && one.text === 'yes') wanted = true;
        if (mine && one.text === 'stop') wanted = false;
        const { next, orders, heard } = advanceCorrespondence(now, one);
        const reports = orders.filter(({ type }) => type !== 'answer');
        if (!wanted) expect(reports).toEqual([]);
        if (wanted && one.type === 'report') expect(orders).toEqual([one]);
        if (!mine && one.type !== 'report') expect(orders).toEqual([]);
        if (one.type === 'mail' && !mine) expect([next, heard]).toEqual([now, { type: 'refused' }]);
        if (heard?.type === 'words') expect(mine && wanted).toBe(true);
        expect(orders.some(({ type }) => type === 'invitation')).toBe(false);
        now = next;
      }
    }),
    { seed: 3, numRuns: 500 },
  );
});
