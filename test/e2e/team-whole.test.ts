/**
 * Goal: the whole of a team's run as its client lives it (issue 4, proof): it pays, gets reports by feedback, direct
 * message and mail, steers by each of the ways there are and sees it applied, pauses, the service is killed and started
 * again, it resumes, the run ends, and what was not used is its credit. Method: the service as `npm start` starts it;
 * model scripted over loopback HTTP, mail as files and by the local way in, everything else real. Does not prove: the
 * platform's mail servers, runs of days.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonTag } from '../support/jobs.ts';
import { mailOf } from '../support/mail.ts';
import { type Service, startService } from '../support/service.ts';
import { deliveredBy, reportOf, reportsOf, TeamClient } from '../support/team-client.ts';
import { type TeamModel, teamModel } from '../support/team-model.ts';
import { finalAnswer } from '../support/tool-script.ts';

const home = mkdtempSync(join(tmpdir(), 'errand-team-whole-'));
let model: TeamModel;
let service: Service;

async function start(): Promise<void> {
  const env = { MODEL_BASE_URL: model.server.baseUrl, MODEL: 'small' };
  service = await startService({ persistTo: home, env });
}

beforeAll(async () => {
  model = await teamModel();
  await start();
});

afterAll(async () => {
  await service?.stop();
  await model?.close();
  rmSync(home, { recursive: true, force: true });
});

/** The mails that have left so far, oldest first. */
async function mails(): Promise<Email[]> {
  const { folder } = service.dev.mail;
  const names = readdirSync(folder).filter((name) => name.endsWith('.eml') && !name.startsWith('.'));
  return await Promise.all(names.sort().map((name) => PostalMime.parse(readFileSync(join(folder, name)))));
}

/** Ann answers the newest mail she has. */
async function reply(text: string, number: number): Promise<unknown> {
  const newest = (await mails()).at(-1);
  const to = newest?.replyTo?.[0]?.address ?? '';
  const raw = mailOf(
    'From: Ann <ann@people.example>',
    `To: <${to}>`,
    `Subject: Re: ${newest?.subject ?? ''}`,
    `Message-ID: <answer-${number}@people.example>`,
    `In-Reply-To: ${newest?.messageId ?? ''}`,
    '',
    text,
    '',
    'On Tue, 24 Nov 2026 the team wrote:',
    '> PAUSE: true',
  );
  const query = new URLSearchParams({ from: 'ann@people.example', to });
  return await (await fetch(`${service.dev.mail.inbound}?${query}`, { method: 'POST', body: raw })).json();
}

/** Answers of a role that wait until they are let go, by question. */
function gate(role: string) {
  const open = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  model.says(role, ({ before }) => {
    reached.resolve();
    const said = finalAnswer(`${role} work ${before + 1}`);
    if (!Array.isArray(said)) throw new Error('a final answer is a list of steps');
    return [{ hold: open.promise }, ...said];
  });
  return { reached: reached.promise, open: open.resolve };
}

test('paid, reported three ways, steered four ways, paused, killed, resumed, finished, and the rest returned', async () => {
  let client = await TeamClient.connect(service, 'desk');
  const researching = gate('researcher');
  const run = await client.begin('A page about the quokka.', 'whole', {
    budget_sats: 700,
    iterations: 2,
    mail: 'Ann@people.example',
    detail: 'high',
  });
  await researching.reached;

  // The address is asked, and hears nothing else until it says yes.
  await expect.poll(async () => (await mails()).length, { timeout: 10_000 }).toBe(1);
  const [invitation] = await mails();
  expect(invitation?.to?.[0]?.address).toBe('ann@people.example');
  expect(invitation?.text).not.toContain('quokka');
  expect(await reply('yes', 1)).toEqual({ taken: true });
  await expect.poll(async () => (await mails()).length, { timeout: 10_000 }).toBe(2);

  // Words by request, direct message, comment and mail.
  expect((await client.say('Use short sentences.', 'whole')).content).toContain('Directive #1');
  await client.message('Mention its smile.');
  await reportOf(run, ({ directives }) => directives.length === 2);
  await client.comment('@editor no passive voice', run);
  await reportOf(run, ({ directives }) => directives.length === 3);
  expect(await reply('Say where it lives.', 2)).toEqual({ taken: true });
  expect(await reply('Say where it lives.', 2)).toEqual({ taken: true });
  await reportOf(run, ({ directives }) => directives.length === 4);

  // Paused, nothing is asked of anybody, and a kill changes nothing.
  const editing = gate('editor');
  researching.open();
  await editing.reached;
  await client.say('pause', 'whole');
  const asked = model.questions.length;
  await service.kill();
  editing.open();
  await start();
  client.close();
  client = await TeamClient.connect(service, 'desk', client.client.secretKey);
  const after = client.again(run);
  await expect
    .poll(async () => (await client.say('detail low', 'whole')).content, { timeout: 10_000 })
    .toContain('Reports come as you wish');
  // The step that died with the process was under way when the pause came, so it is done again; nothing else is.
  await expect.poll(() => model.questions.length, { timeout: 40_000 }).toBe(asked + 1);
  expect(model.questions.at(-1)?.role).toBe('editor');
  await client.message('resume');
  const result = await deliveredBy(after);

  expect(result.content).toMatch(/^editor work \d$/);
  const writer = model.of('writer').at(-1)?.prompt ?? '';
  expect(writer).toContain('#1: Use short sentences.');
  expect(writer).toContain('#2: Mention its smile.');
  expect(writer).toContain('#4: Say where it lives.');
  expect(writer).not.toContain('passive voice');
  expect(model.of('editor').at(-1)?.prompt).toContain('#3: no passive voice');
  const last = reportsOf(after).at(-1);
  expect(last?.state).toBe('ended');
  expect(last?.directives.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied', 'applied']);

  // Each report went out by feedback, direct message, and after the yes by mail, in one thread.
  const numbers = reportsOf(after).map(({ number }) => number);
  expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  await expect.poll(() => client.messages.length, { timeout: 10_000 }).toBe(numbers.length);
  await expect
    .poll(async () => (await mails()).some(({ text }) => text?.includes('the work has ended')), {
      timeout: 10_000,
    })
    .toBe(true);
  const sent = await mails();
  expect(sent.at(-1)?.html).toContain('the work has ended');
  expect(new Set(sent.slice(1).map(({ references }) => references?.split(' ')[0])).size).toBe(1);
  expect(sent.slice(1).every(({ subject }) => subject === `Re: ${invitation?.subject}`)).toBe(true);

  // What it cost is what was used, and the rest is there to be spent.
  const price_msats = Number(jsonTag(result, 'cost').price_sats) * 1_000;
  expect(price_msats).toBeGreaterThan(0);
  await expect.poll(() => client.credit(), { timeout: 10_000 }).toBe(run.demanded - price_msats);
  client.close();
}, 120_000);
