/**
 * Goal: locally, what the Worker sends by its mail binding becomes a file, and a mail that is handed in reaches its
 * `email()`, by HTTP and by the command. Method: the service as `npm start` starts it, with a main module before it that
 * sends what it is told, because nothing else makes it send one. Does not prove anything of Cloudflare's mail servers.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import PostalMime from 'postal-mime';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import * as z from 'zod';
import { delivered, MAIL_BINDING } from '../../scripts/local/mail.ts';
import { type Marketplace, startMarketplace } from '../../scripts/local/marketplace.ts';
import { homeAt, ROOT } from '../../scripts/local/state.ts';
import { composeReportMail } from '../../src/agent/team/mail/compose.ts';
import { replyAddresses } from '../../src/agent/team/mail/reply-address.ts';
import { buildBehind } from '../support/build-behind.ts';
import { HEAD, HOSTILE, mailOf, reportWith } from '../support/mail.ts';

const folder = mkdtempSync(join(tmpdir(), 'errand-mail-'));
const home = join(folder, 'home');
const logged: string[] = [];
let marketplace: Marketplace;

beforeAll(async () => {
  marketplace = await startMarketplace({
    home: homeAt(home),
    port: 0,
    env: { MAIL_FROM: 'Team@Errand.test' },
    log: (line) => logged.push(line),
    build: () => buildBehind(join(import.meta.dirname, '../support/mail-main.js'), join(folder, 'bundle')),
  });
});

afterAll(async () => {
  await marketplace.stop();
  rmSync(folder, { recursive: true });
});

const ours = () =>
  replyAddresses(marketplace.config.masterSecret, marketplace.dev.mail.from).of('ab'.repeat(32));

async function hand(raw: Uint8Array<ArrayBuffer>, to: string) {
  const query = new URLSearchParams({ from: 'ann@people.example', to });
  const response = await fetch(`${marketplace.dev.mail.inbound}?${query}`, { method: 'POST', body: raw });
  return delivered.parse(await response.json());
}

const WORDS = mailOf(
  'From: Ann <ann@people.example>',
  'To: Team <team@errand.test>',
  'Message-ID: <1@people.example>',
  '',
  'More about costs.',
);

test('a mail that is sent is a file in the folder that dev.json names, under the Message-ID the platform gave', async () => {
  const { from, folder: sentTo } = marketplace.dev.mail;
  expect(from).toBe('team@errand.test');
  const mail = await composeReportMail({ ...HEAD, from }, reportWith(HOSTILE), null);
  const response = await fetch(`${marketplace.dev.url}/send-mail`, {
    method: 'POST',
    body: JSON.stringify(mail),
  });
  const { messageId } = z.object({ messageId: z.string() }).parse(await response.json());
  const [file = ''] = await vi.waitFor(() => {
    const files = readdirSync(sentTo).filter((name) => name.endsWith('.eml') && !name.startsWith('.'));
    expect(files).toHaveLength(1);
    return files;
  });
  const kept = await PostalMime.parse(readFileSync(join(sentTo, file)));
  const sent = await PostalMime.parse(mail.raw);
  // The platform has Message-IDs of its own, which is why a thread goes by the one it tells.
  expect(kept.messageId).toBe(messageId);
  expect(messageId).not.toBe(mail.messageId);
  expect({ ...kept, messageId, headers: [], headerLines: [] }).toEqual({
    ...sent,
    messageId,
    headers: [],
    headerLines: [],
  });
});

test('a mail to a run reaches email(); with no such run it is rejected, and the reason told', async () => {
  expect(await hand(WORDS, ours())).toEqual({
    taken: false,
    temporary: false,
    reason: expect.stringContaining('Nothing here takes your words'),
  });
  expect(await hand(WORDS, 'team@errand.test')).toMatchObject({ reason: 'No such address' });
});

test('what a machine wrote is dropped, and what is no mail is refused', async () => {
  const robot = mailOf(
    'From: a@b.example',
    'Message-ID: <2@b.example>',
    'Auto-Submitted: auto-replied',
    '',
    'Away',
  );
  expect(await hand(robot, ours())).toEqual({ taken: true });
  expect(await hand(mailOf('nothing'), ours())).toMatchObject({ taken: false, temporary: false });
});

test('the way in is not the public one, and not for pages in browsers', async () => {
  const query = new URLSearchParams({ from: 'ann@people.example', to: ours() });
  for (const path of ['/cdn-cgi/local/email', '/cdn-cgi/handler/email']) {
    const response = await fetch(`${marketplace.dev.url}${path}?${query}`, { method: 'POST', body: WORDS });
    expect(response.status).toBe(404);
  }
  const page = await fetch(`${marketplace.dev.mail.inbound}?${query}`, {
    method: 'POST',
    body: WORDS,
    headers: { origin: 'https://page.example' },
  });
  expect(page.status).toBe(400);
  expect((await fetch(marketplace.dev.mail.inbound)).status).toBe(400);
});

test('`errand mail deliver` hands a file over and ends with what became of it', async () => {
  const file = join(folder, 'mail.eml');
  writeFileSync(file, WORDS);
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['scripts/errand.ts', 'mail', 'deliver', ...args], { cwd: ROOT });
  await expect(run(file, '--persist-to', home)).rejects.toMatchObject({
    code: 1,
    stderr: 'rejected: No such address\n',
  });
  await expect(run(file, '--persist-to', home, '--to', ours())).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Nothing here takes your words'),
  });
  const robot = join(folder, 'robot.eml');
  writeFileSync(
    robot,
    mailOf('From: a@b.example', `To: ${ours()}`, 'Message-ID: <3@b.example>', 'Precedence: bulk', '', 'x'),
  );
  expect((await run(robot, '--persist-to', home)).stdout).toBe(`taken, from a@b.example to ${ours()}\n`);
  await expect(run('--persist-to', home)).rejects.toMatchObject({ code: 2 });
  await expect(run(file, '--persist-to', folder)).rejects.toMatchObject({ code: 2 });
});

test('what wrangler.toml leaves out until there is mail is a binding by the name the Worker knows', () => {
  const file = join(folder, 'wrangler.toml');
  const toml = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8');
  const without = unstable_readConfig({ config: join(ROOT, 'wrangler.toml') });
  writeFileSync(file, toml.replace(/^# (\[\[send_email\]\])\n# (name = .*)$/m, '$1\n$2'));
  const { send_email } = unstable_readConfig({ config: file });
  expect(without.send_email).toEqual([]);
  expect(send_email).toEqual(MAIL_BINDING.send_email);
});
