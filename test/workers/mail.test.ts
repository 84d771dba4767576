/**
 * Goal: mail leaves by the platform's binding as it was composed, and what comes in reaches the one session it is for, or
 * is refused for a reason, dropped, or thrown back to come again. Method: in workerd, with its own binding; the session
 * is a double, because what it does with words is its own matter. Does not prove what Cloudflare's servers do with either.
 */
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { composeInvitation, composeReportMail } from '../../src/agent/team/mail/compose.ts';
import { readMail } from '../../src/agent/team/mail/read.ts';
import type { Heard, Words } from '../../src/job/words.ts';
import { MAIL_HAND_OVER_ATTEMPTS, MAIL_HAND_OVER_MAX_MS, MAIL_MAX_BYTES } from '../../src/limits.ts';
import { openDb } from '../../src/store/db.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import type { Env } from '../../workers/env.ts';
import { mailDesk, mayInvite, receiveMail, rememberAnswer, sendMail } from '../../workers/mail.ts';
import { HEAD, HOSTILE, mailOf, reportWith } from '../support/mail.ts';
import { jobRecord } from '../support/records.ts';

const JOB = 'ab12'.repeat(16);
const SESSION = 'the session of the job';
const desk = mailDesk(env);
if (desk === null) throw new Error('mail is not set up');
const ADDRESS = desk.replies.of(JOB);
await upsertJobs(openDb(env.DB), [jobRecord(1, { id: JOB, session: SESSION })]);

interface Told {
  readonly session: string;
  readonly job: string;
  readonly address: string;
  readonly words: Words;
}

/** The Worker's environment with a session that fails so first, then notes what it is told and says this of it. */
function withSession(
  heard: Heard | Error,
  failures: Error[] = [],
): { readonly env: Env; readonly told: Told[] } {
  const told: Told[] = [];
  const SESSION = {
    getByName: (session: string) => ({
      ...env.SESSION.getByName(session),
      async steerByMail(job: string, address: string, words: Words): Promise<Heard> {
        const failure = failures.shift() ?? heard;
        if (failure instanceof Error) throw failure;
        told.push({ session, job, address, words });
        return failure;
      },
    }),
  };
  return { env: { ...env, SESSION }, told };
}

/** A mail as the platform hands it over, and why it was rejected. */
function incoming(raw: Uint8Array, more: { from?: string; to?: string; rawSize?: number } = {}) {
  const rejected: string[] = [];
  const message: ForwardableEmailMessage = {
    from: more.from ?? 'ann@people.example',
    to: more.to ?? ADDRESS,
    raw: new Response(raw).body ?? new ReadableStream(),
    rawSize: more.rawSize ?? raw.length,
    headers: new Headers(),
    canBeForwarded: false,
    setReject: (reason) => rejected.push(reason),
    forward: () => Promise.reject(new Error('nothing is forwarded')),
    reply: () => Promise.reject(new Error('nothing is answered')),
  };
  return { message, rejected };
}

const HEADERS = ['From: Ann <Ann@People.example>', 'Message-ID: <1@people.example>'];
const WORDS = mailOf(...HEADERS, 'Date: Tue, 24 Nov 2026 10:00:00 +0000', '', 'More about costs.');

test('words reach the session of the job, with the address they are from, and nothing is rejected', async () => {
  const world = withSession('taken');
  const { message, rejected } = incoming(WORDS, { to: ADDRESS.toUpperCase() });
  await receiveMail(message, world.env);
  expect(rejected).toEqual([]);
  expect(world.told).toEqual([
    {
      session: SESSION,
      job: JOB,
      address: 'ann@people.example',
      words: {
        source: '<1@people.example>',
        sentAt_ms: Math.min(Date.UTC(2026, 10, 24, 10), Date.now()),
        text: expect.stringContaining('More about costs.'),
      },
    },
  ]);
});

test('a mail from tomorrow, or of no date, counts as written now', async () => {
  const world = withSession('taken');
  const before = Date.now();
  for (const date of ['Date: Fri, 1 Jan 2100 00:00:00 +0000', 'X-No: date'])
    await receiveMail(incoming(mailOf(...HEADERS, date, '', 'x')).message, world.env);
  expect(world.told).toHaveLength(2);
  for (const { words } of world.told) {
    expect(words.sentAt_ms).toBeGreaterThanOrEqual(before);
    expect(words.sentAt_ms).toBeLessThanOrEqual(Date.now());
  }
});

test('what the session does not take is rejected with what to do', async () => {
  const { message, rejected } = incoming(WORDS);
  await receiveMail(message, withSession('nobody').env);
  expect(rejected).toEqual([expect.stringMatching(/reply with the word yes/)]);
});

test.each([
  ['an address of nobody', WORDS, { to: 'team@errand.test' }, /No such address/],
  ['a token somebody made up', WORDS, { to: `errand+${'a'.repeat(32)}@errand.test` }, /No such address/],
  ['one that says it is too large', WORDS, { rawSize: MAIL_MAX_BYTES + 1 }, /without attachments/],
  ['one that is too large', new Uint8Array(MAIL_MAX_BYTES + 1), { rawSize: 1 }, /without attachments/],
  ['one without an author', mailOf('Subject: x', '', 'x'), {}, /cannot be read/],
  [
    'a forged one',
    mailOf('Authentication-Results: mx.cloudflare.net; dmarc=fail', ...HEADERS, '', 'x'),
    {},
    /could not be authenticated/,
  ],
  ['one of a job nobody knows', WORDS, { to: desk.replies.of('cd'.repeat(32)) }, /Nothing here takes/],
])('%s is rejected and reaches no session', async (_name, raw, more, reason) => {
  const world = withSession('taken');
  const { message, rejected } = incoming(raw, more);
  await receiveMail(message, world.env);
  expect(rejected).toEqual([expect.stringMatching(reason)]);
  expect(world.told).toEqual([]);
});

test.each([
  ['a bounce', WORDS, { from: '' }],
  ['an answering machine', mailOf(...HEADERS, 'Auto-Submitted: auto-replied', '', 'I am away.'), {}],
])(
  '%s is dropped: neither words nor a rejection, so that two machines cannot talk for ever',
  async (_n, raw, more) => {
    const world = withSession('taken');
    const { message, rejected } = incoming(raw, more);
    await receiveMail(message, world.env);
    expect([rejected, world.told]).toEqual([[], []]);
  },
);

test('a program that unsubscribes somebody is heard', async () => {
  const world = withSession('taken');
  const headers = [...HEADERS, 'Subject: stop', 'Auto-Submitted: auto-generated'];
  await receiveMail(incoming(mailOf(...headers, '', 'Made by a program.')).message, world.env);
  expect(world.told.map(({ words }) => words.text)).toEqual(['stop']);
});

test('a session that cannot be reached is tried again, and then the mail has to come again', async () => {
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  const { message, rejected } = incoming(WORDS);
  await expect(receiveMail(message, withSession(new Error('gone')).env, pause)).rejects.toThrow('gone');
  expect(rejected).toEqual([]);
  expect(pauses).toHaveLength(MAIL_HAND_OVER_ATTEMPTS - 1);
  for (const ms of pauses) expect(ms).toBeLessThanOrEqual(MAIL_HAND_OVER_MAX_MS);
});

test('one that is there at the second try gets the mail once; one that is overloaded is left alone', async () => {
  const world = withSession('taken', [new Error('restarted')]);
  await receiveMail(incoming(WORDS).message, world.env, async () => undefined);
  expect(world.told).toHaveLength(1);
  const overloaded = Object.assign(new Error('too much'), { overloaded: true });
  const busy = withSession('taken', [overloaded]);
  await expect(receiveMail(incoming(WORDS).message, busy.env)).rejects.toThrow('too much');
  expect(busy.told).toEqual([]);
});

test('our own mails are for nobody, should one come back to us', async () => {
  const mail = await composeInvitation(HEAD, { client: 'npub1', publicUrl: 'https://e.example', at_ms: 0 });
  const world = withSession('taken');
  const { message, rejected } = incoming(new TextEncoder().encode(mail.raw));
  await receiveMail(message, world.env);
  expect([rejected, world.told]).toEqual([[], []]);
});

test('mails are composed, sent and read in workerd', async () => {
  const mail = await composeReportMail({ ...HEAD, from: desk.from }, reportWith(HOSTILE), null);
  const sent = await sendMail(env, mail);
  expect(sent).toEqual({ type: 'sent', messageId: expect.stringMatching(/^<[^<>\s]+@[^<>\s]+>$/) });
  expect(await readMail(new TextEncoder().encode(mail.raw))).toMatchObject({
    from: desk.from,
    automatic: true,
  });
});

test('what the platform will never send is told from what it may send later', async () => {
  const mail = await composeReportMail(HEAD, reportWith('x'), null);
  const failing = (code: string): Env => ({
    ...env,
    MAIL: { send: () => Promise.reject(Object.assign(new Error('the platform says so'), { code })) },
  });
  for (const code of ['E_RECIPIENT_SUPPRESSED', 'E_HEADERS_TOO_LARGE', 'E_CONTENT_TOO_LARGE'])
    expect(await sendMail(failing(code), mail)).toEqual({ type: 'refused', code });
  for (const code of ['E_RATE_LIMIT_EXCEEDED', 'E_INTERNAL_SERVER_ERROR', 'E_SENDER_NOT_VERIFIED'])
    await expect(sendMail(failing(code), mail)).rejects.toThrow('the platform says so');
});

test('without the binding there is no mail: nothing is sent, no address is ours', async () => {
  const { MAIL: _none, ...without } = env;
  expect(mailDesk(without)).toBeNull();
  const { message, rejected } = incoming(WORDS);
  await receiveMail(message, without);
  expect(rejected).toEqual(['No such address']);
  await expect(sendMail(without, await composeReportMail(HEAD, reportWith('x'), null))).rejects.toThrow(
    'MAIL',
  );
});

test('an address is asked for one run at a time, under any tag behind a plus, and is kept nowhere', async () => {
  expect(await mayInvite(env, 'eve@people.example', JOB)).toBe(true);
  expect(await mayInvite(env, 'eve+tag@people.example', 'cd'.repeat(32))).toBe(false);
  expect(await mayInvite(env, 'eve@others.example', 'cd'.repeat(32))).toBe(true);
  await rememberAnswer(env, 'eve@people.example', 'yes');
  expect(await mayInvite(env, 'eve+tag@people.example', 'cd'.repeat(32))).toBe(true);
  await rememberAnswer(env, 'eve@people.example', 'no');
  expect(await mayInvite(env, 'eve@people.example', 'cd'.repeat(32))).toBe(false);
  const { results } = await env.DB.prepare('SELECT * FROM mail_addresses').all();
  expect(results).toHaveLength(2);
  expect(JSON.stringify(results)).not.toMatch(/eve|example/);
});

test('a stop that comes when the run has ended is no less a stop: nobody is asked again', async () => {
  const address = 'late@people.example';
  expect(await mayInvite(env, address, JOB)).toBe(true);
  const stop = mailOf(`From: ${address}`, 'Message-ID: <late@people.example>', '', 'stop');
  for (const heard of ['nobody', 'taken'] as const) {
    const { message, rejected } = incoming(stop);
    await receiveMail(message, withSession(heard).env);
    expect(rejected).toEqual([]);
  }
  expect(await mayInvite(env, address, JOB)).toBe(false);
  const other = incoming(mailOf('From: who@people.example', 'Message-ID: <2@people.example>', '', 'stop'));
  await receiveMail(other.message, withSession('nobody').env);
  // Only who was asked is remembered.
  expect(await mayInvite(env, 'who@people.example', JOB)).toBe(true);
});
