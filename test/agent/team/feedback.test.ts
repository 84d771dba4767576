/**
 * Goal: a user's message is read as we want it, and nothing in it is lost. Method: the cases of
 * test/vectors/feedback_commands.json, which say what an existing parser gets wrong and what we want, and more of our
 * own. Does not prove: that every mail program's quotation is known.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseCadence } from '../../../src/agent/team/feedback/cadence.ts';
import { parseAmount } from '../../../src/agent/team/feedback/commands.ts';
import { REPLY_LINE, withoutQuotes } from '../../../src/agent/team/feedback/quoted.ts';
import { readFeedback } from '../../../src/agent/team/feedback/read.ts';
import { REPLY_FORM } from '../../../src/agent/team/report/form.ts';

const file = z
  .object({ cases: z.array(z.object({ mail: z.string(), observed: z.unknown(), wanted: z.unknown() })) })
  .parse(JSON.parse(readFileSync(new URL('../../vectors/feedback_commands.json', import.meta.url), 'utf8')));

const quotedForm = REPLY_FORM.replace(/^/gm, '> ');
/** Mails that the file describes in words. */
const DESCRIBED: Readonly<Record<string, string>> = {
  'the template, with only RESUME set to true': REPLY_FORM.replace('RESUME:', 'RESUME: true'),
  'the template, FOCUS left empty': REPLY_FORM,
  'FREQUENCY: 5 on top, the quoted template ("> ") below': `FREQUENCY: 5\n\nOn 3 May 2026, a team wrote:\n${quotedForm}`,
  'FEEDBACK: more sources please, on top of a quoted mail': `FEEDBACK: more sources please\n\nOn 3 May 2026 at 10:00, A Team\n<team@errand.example> wrote:\n\n> progress\n> Focus: x\n`,
};
/** Wanted readings that the file gives in words. */
const MEANT: Readonly<Record<string, object>> = {
  'the whole sentence': { feedback: 'I saw your feedback: it is fine' },
};

/** A reading in the words of the file. */
function inItsWords(mail: string): object {
  const { commands, feedback } = readFeedback(mail);
  const said: Record<string, unknown> = {};
  for (const command of commands) {
    if (command.type === 'cadence') said.frequency = command.cadence.everyIterations;
    else if (command.type === 'focus') said.focus = command.focus;
    else if (command.type === 'detail') said.detail = command.detail;
    else said[command.type] = true;
  }
  if (feedback.length > 0) said.feedback = feedback.join('|');
  return said;
}

function wantedOf({ observed, wanted }: { readonly observed: unknown; readonly wanted: unknown }): unknown {
  if (typeof wanted === 'string' && wanted.startsWith('same')) return observed;
  if (wanted === 'no command') return {};
  const text = z.object({ feedback: z.string() }).safeParse(wanted).data?.feedback;
  return (text === undefined ? undefined : MEANT[text]) ?? wanted;
}

describe('the cases of the file', () => {
  test('there are all twelve', () => expect(file.cases).toHaveLength(12));
  for (const one of file.cases) {
    test(JSON.stringify(one.mail), () => {
      expect(inItsWords(DESCRIBED[one.mail] ?? one.mail)).toEqual(wantedOf(one));
    });
  }
});

describe('keywords that stand alone', () => {
  test.each([
    ['PAUSE', { pause: true }],
    ['Pause.', { pause: true }],
    ['please pause', { pause: true }],
    ['pause: false', { resume: true }],
    ['Looks good.\n\nfinish!\n', { finish: true, feedback: 'Looks good.' }],
    ['cancel: no', {}],
    ['detail high', { detail: 'high' }],
    ['cadence: daily', { frequency: null }],
    ['focus: none', { focus: null }],
  ])('%j', (mail, wanted) => expect(inItsWords(mail)).toEqual(wanted));

  test.each([
    'finish the chapter on costs',
    'Do not\npause\nthe search for sources',
    'cancel the second part',
    'Write for people who pause: often they read on.',
    'frequency: as you like',
    'budget: a lot',
    'detail extreme',
  ])('words in a sentence, or with a value that is none, are feedback: %j', (mail) => {
    expect(inItsWords(mail)).toEqual({ feedback: mail });
  });

  test('budget, quiet hours and what follows a one-line value', () => {
    expect(readFeedback('BUDGET: 2.5k sats\nFREQUENCY: 2\nand thanks')).toEqual({
      commands: [
        { type: 'budget', msats: 2_500_000 },
        { type: 'cadence', cadence: { everyIterations: 2, every_ms: null } },
      ],
      feedback: ['and thanks'],
    });
    expect(readFeedback('quiet: 22:30 - 7 Europe/Berlin').commands).toEqual([
      { type: 'quiet', quiet: { from_min: 1_350, to_min: 420, timeZone: 'Europe/Berlin' } },
    ]);
  });
});

describe('quotations', () => {
  test.each([
    ['yes\n\nAm Mo., 3. Mai 2026 um 10:00 schrieb A <a@b.c>:\n> old', 'yes'],
    ['yes\n\n-----Original Message-----\nold', 'yes'],
    ['yes\n\nFrom: A <a@b.c>\nSent: Monday\nold', 'yes'],
    [`yes\n${REPLY_LINE}\nold`, 'yes'],
    ['yes\n-- \nAnn, Paris', 'yes'],
    ['> You asked?\nYes, do.\n> And?\nNo.', 'Yes, do.\nNo.'],
    ['From: a to b there are 3 steps', 'From: a to b there are 3 steps'],
    ['do these:\n1\n2', 'do these:\n1\n2'],
  ])('%j', (mail, kept) => expect(withoutQuotes(mail)).toBe(kept));
});

test.each([
  ['5', 5, null],
  ['every other iteration', 2, null],
  ['every 3 rounds', 3, null],
  ['hourly', null, 3_600_000],
  ['90 min', null, 5_400_000],
  ['never', null, null],
] as const)('cadence %j', (text, everyIterations, every_ms) => {
  expect(parseCadence(text)).toEqual({ everyIterations, every_ms });
});

test.each(['0', '', 'every', 'soon', '-1', '99999999'])('no cadence: %j', (text) => {
  expect(parseCadence(text)).toBeNull();
});

test.each([
  ['5000', 5_000_000],
  ['2,500 sats', 2_500_000],
  ['7 msat', 7],
  ['0.5 sat', 500],
  ['0.0001 sats', null],
  ['9999999999999999', null],
  ['-5', null],
])('amount %j', (text, amount) => expect(parseAmount(text)).toBe(amount));

test.each(['.', ' ', '\n', '9', '<', '> ', '#', 'pause ', 'pause\n\n', 'focus: ', '-', 'From: @\n', ': '])(
  'a hostile mail is read in no time: %j over and over',
  (piece) => {
    const mail = piece.repeat(65_536 / piece.length);
    const started = performance.now();
    for (const text of [mail, `${mail}x`, `focus: ${mail}x`, `detail ${mail}x`, `${mail}:\n> x`])
      readFeedback(text);
    expect(performance.now() - started).toBeLessThan(2_000);
  },
);
