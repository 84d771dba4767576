/**
 * Goal: the command line does over Nostr what it says, against a marketplace it knows only by its relay: finds agents, posts
 * free and paid jobs under a cap, follows, answers, calls off, pays later, looks after credit, judges receipts again, and
 * ends with a code a script can go by, whatever it was given. Method: the bundle that is published, as child processes,
 * against one started service with its development money, a scripted model and a bunker by nostr-tools. Does not prove: the
 * install of the package, completions in zsh and fish, and what a moving line looks like on a terminal.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import * as nip19 from 'nostr-tools/nip19';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { buildCli } from '../../cli/build.ts';
import { ROOT } from '../../scripts/local/state.ts';
import { parseEvent, verifyEvent } from '../../src/nostr/event.ts';
import { verifyHttpAuth } from '../../src/nostr/nip98.ts';
import { startBunker } from '../support/bunker.ts';
import { linesOf, startCli } from '../support/cli.ts';
import { loopbackServer } from '../support/http-server.ts';
import { answer } from '../support/model-server.ts';
import { type Service, startService } from '../support/service.ts';
import { type TeamModel, teamModel } from '../support/team-model.ts';
import { finalAnswer } from '../support/tool-script.ts';

const home = mkdtempSync(join(tmpdir(), 'errand-cli-'));
/** Where nothing runs and nobody has a key. */
const elsewhere = mkdtempSync(join(tmpdir(), 'errand-cli-else-'));
const CHECK = {
  language: 'python',
  mode: 'deduction',
  program: 'def f(a):\n    return a[::-1]',
  input: '[1, 2]',
};
/** A command takes a quarter of a second alone, and much longer on a loaded machine. */
const PATIENTLY = { timeout: 30_000, interval: 100 };
let bundle: string;
let model: TeamModel;
let service: Service;

beforeAll(async () => {
  bundle = await buildCli(join(home, 'errand.mjs'));
  model = await teamModel();
  const env = { MODEL_BASE_URL: model.server.baseUrl, MODEL: 'small' };
  service = await startService({ persistTo: join(home, '.errand'), sandbox: true, env });
  writeFileSync(join(home, 'check.json'), JSON.stringify(CHECK));
});

afterAll(async () => {
  await service?.stop();
  await model?.close();
  rmSync(home, { recursive: true });
  rmSync(elsewhere, { recursive: true });
});

const start = (args: readonly string[], input?: string) =>
  startCli(bundle, args, { cwd: home, ...(input === undefined ? {} : { input }) });
const run = (...args: string[]) => start(args).ended;
const away = (args: readonly string[], env: Record<string, string> = {}) =>
  startCli(bundle, args, { cwd: elsewhere, env }).ended;
const keyOf = (slug: string) => service.dev.agents.find((agent) => agent.slug === slug)?.pubkey ?? '';

/** The words of a job that was posted and not waited for. */
async function detached(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run('post', '--detach', ...args);
  expect(code, stderr).toBe(0);
  return z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .parse(stdout.trim());
}

async function credit(): Promise<string> {
  return (await run('credit')).stdout;
}

describe('agents', () => {
  test('lists who announces itself, and shows one with its card held against its hash', async () => {
    const { code, stdout } = await run('agents');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^discover-prepaid +21 sats +7001 5300/m);
    const one = await run('agents', 'discover');
    expect(one.stdout).toContain(nip19.npubEncode(keyOf('discover')));
    expect(one.stdout).toMatch(/^card .*card\.json, as it was signed$/m);
  });

  test('needs no marketplace and no key, only a relay; --json is for programs', async () => {
    const { code, stdout } = await away(['agents', '--json', '--relay', service.relay, '--kind', '5601']);
    expect(code).toBe(0);
    expect(linesOf(stdout).map(({ type, slug }) => [type, slug])).toEqual([
      ['agent', 'code'],
      ['agent', 'code-prepaid'],
    ]);
  });
});

describe('post', () => {
  test.each([
    ['by slug', () => 'discover', []],
    ['by npub', () => nip19.npubEncode(keyOf('discover')), ['--nip90']],
    ['by address', () => `discover@${new URL(service.url).host}`, ['--encrypted']],
    ['for its eyes only, as a classic job', () => 'discover', ['--nip90', '--encrypted']],
  ])('asks an agent %s, and prints the result alone on stdout', async (_, name, more) => {
    const { code, stdout, stderr } = await run('post', '--agent', name(), ...more, 'nostr zaps');
    expect(code, stderr).toBe(0);
    expect(Array.isArray(JSON.parse(stdout))).toBe(true);
    expect(stderr).toContain('processing');
  });

  test('asks whoever takes it, where nobody is named, and tells who did', async () => {
    const { code, stdout } = await run('post', '--json', '--kind', '5302', 'nostr zaps');
    expect(code).toBe(0);
    const agent = linesOf(stdout).find(({ type }) => type === 'end')?.agent;
    expect(service.dev.agents.map(({ pubkey }) => pubkey)).toContain(agent);
  });

  test('takes its text from a pipe, a file or standard input by name', async () => {
    const json = JSON.stringify({ language: 'javascript', program: 'f = (a) => a + 1', input: [41] });
    writeFileSync(join(home, 'order.json'), json);
    const ways = [start(['post', '-a', 'code'], json), start(['post', '-a', 'code', '-'], json)];
    ways.push(start(['post', '-a', 'code', '--file', 'order.json']));
    for (const { ended } of ways) expect(await ended).toMatchObject({ code: 0, stdout: '42\n' });
  });

  test.each([[[]], [['--kind', '5302']]])('hands its parameters over: %j', async (more) => {
    const wrong = await run('post', '-a', 'discover', ...more, '-p', 'max_results="x"', 'nostr zaps');
    expect(wrong).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^INVALID_PARAMETER: /m),
    });
    expect((await run('post', '-a', 'discover', ...more, '-p', 'max_results=3', 'nostr zaps')).code).toBe(0);
  });

  test.each([
    ['discover-prepaid', []],
    ['discover-escrow', ['--encrypted', '--escrow']],
    ['discover-metered', []],
  ])('pays for a job of %s', async (agent, more) => {
    const paid = await run('post', '-a', agent, ...more, '--max-sats', '21', 'paid words');
    expect(paid.code, paid.stderr).toBe(0);
    expect(paid.stderr).toMatch(/^paid [\d.]+ sats$/m);
  });

  test('pays within its cap and not a sat beyond, and says how to go on', async () => {
    const dear = await run('post', '-a', 'discover-prepaid', '--max-sats', '20', 'dear words');
    expect(dear).toMatchObject({ code: 4, stdout: '' });
    const told = linesOf(
      (await run('post', '-a', 'discover-prepaid', '--max-sats', '1', '--json', 'too')).stdout,
    );
    expect(told.at(-1)).toMatchObject({ type: 'failure', exit_code: 4 });
    expect(dear.stderr).toContain('not paid: 21 sats are more than the 20 that may be spent');
    expect(dear.stderr).toMatch(/^the job waits: errand pay [0-9a-f]{64} --max-sats 21$/m);
  });

  test('--json tells everything as signed events, and the end in one line', async () => {
    const { code, stdout } = await run(
      'post',
      '-a',
      'discover-postpaid',
      '--max-sats',
      '21',
      '--json',
      'zaps',
    );
    expect(code).toBe(0);
    const lines = linesOf(stdout);
    expect(lines[0]).toMatchObject({ type: 'request' });
    expect(lines.find(({ type }) => type === 'end')).toMatchObject({ phase: 'done', cost_msats: 21_000 });
    expect(lines.find(({ type }) => type === 'payment')).toMatchObject({
      outcome: 'paid',
      amount_msats: 21_000,
    });
    for (const { event } of lines.filter(({ type }) => type === 'request' || type === 'event')) {
      const parsed = parseEvent(event);
      expect(typeof parsed === 'string' ? parsed : verifyEvent(parsed)).toBe(parsed);
    }
  });

  test('a check and escrow: no proof, no pay; the receipt can be judged again', async () => {
    model.says('nobody', () => answer('```output\n[2, 1]\n```'));
    const args = ['-a', 'chat-escrow', '--check', 'check.json', '--escrow', '--max-sats', '21'];
    const right = await run('post', ...args, '--json', 'What does it return?');
    expect(right.code, right.stderr).toBe(0);
    const lines = linesOf(right.stdout);
    expect(lines.find(({ type }) => type === 'end')).toMatchObject({ phase: 'done', verification: 'passed' });
    const id = z.string().parse(lines[0]?.id);
    // The engines are no part of the bundle: it says so, and the clone has them.
    expect(await run('receipt', 'verify', id)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('clone'),
    });

    model.says('nobody', () => answer('```output\n[1, 2]\n```'));
    const wrong = await run('post', ...args, 'What does it return, then?');
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toMatch(/^VERIFICATION_FAILED: /m);
    expect(wrong.stderr).toContain('the check refused it');

    const unlocked = await run('post', '-a', 'discover-prepaid', '--escrow', '--max-sats', '21', 'locked?');
    expect(unlocked).toMatchObject({ code: 4, stderr: expect.stringContaining('locks no payments') });
  });

  test('ends with 5 when there is no end in time, and with 130 when it is interrupted: the job goes on', async () => {
    const late = await run('post', '-a', 'discover-prepaid', '--timeout', '1', 'late');
    expect(late).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('errand watch ') });
    const running = start(['post', '-a', 'discover-prepaid', 'stopped']);
    await running.until(/payment required: 21 sats/);
    running.interrupt();
    expect(await running.ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('the job goes on'),
    });
  });
});

describe('a job that was posted before', () => {
  test('is paid by pay, within its cap, and followed to its end by watch', async () => {
    const id = await detached('-a', 'discover-prepaid', 'pay me later');
    expect(await run('pay', id)).toMatchObject({ code: 2, stderr: expect.stringContaining('--max-sats') });
    await expect.poll(async () => (await run('pay', id, '--max-sats', '20')).code, PATIENTLY).toBe(4);
    expect(await run('pay', id, '--max-sats', '21')).toMatchObject({ code: 0 });
    const watched = await run('watch', nip19.noteEncode(id));
    expect(watched).toMatchObject({ code: 0, stderr: expect.stringContaining('cost 21 sats') });
    expect(await run('pay', id, '--max-sats', '21')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing is to be paid'),
    });
  });

  test('is called off by its client alone', async () => {
    const id = await detached('-a', 'discover-prepaid', 'never mind');
    const file = join(elsewhere, 'another');
    expect(await away(['key', 'new', file])).toMatchObject({ code: 0 });
    const relay = ['--relay', service.relay];
    expect(await away(['cancel', id, '--key-file', file, ...relay])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('somebody else'),
    });
    expect(await run('cancel', id)).toMatchObject({ code: 0, stderr: expect.stringContaining('called off') });
    const phase = async () =>
      z.object({ phase: z.string() }).parse(await (await fetch(`${service.url}/jobs/${id}`)).json()).phase;
    await expect.poll(phase, PATIENTLY).toBe('cancelled');
  });

  test('of a team hears replies: a directive, then an order', async () => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    model.says('writer', ({ before }) => {
      const said = finalAnswer(`writer work ${before + 1}`);
      if (before > 0 || !Array.isArray(said)) return said;
      reached.resolve();
      return [{ hold: gate.promise }, ...said];
    });
    const team = ['-a', 'desk', '-s', 'quokka', '-p', 'budget_sats=700', '--max-sats', '700'];
    const job = start(['post', ...team, '--json', 'A page about the quokka']);
    await job.until(/"type":"request"/);
    const id = z.string().parse(linesOf(job.said().stdout.split('\n')[0] ?? '')[0]?.id);
    await reached.promise;
    expect(await run('reply', id, 'Say', 'what it eats')).toMatchObject({ code: 0 });
    expect(await run('reply', id, 'finish')).toMatchObject({ code: 0 });
    await expect
      .poll(async () => (await run('team', 'directives', id)).stdout, PATIENTLY)
      .toContain('Say what it eats');
    gate.resolve();
    const { code, stdout, stderr } = await job.ended;
    expect(code, stderr).toBe(0);
    expect(linesOf(stdout).find(({ type }) => type === 'end')).toMatchObject({ phase: 'done' });

    expect((await run('team', 'runs')).stdout).toContain(id);
    expect((await run('team', 'report', id)).stdout).toContain('quokka');
    expect((await run('team', 'versions', id)).stdout).toMatch(/^version$/m);
    const [first] = linesOf((await run('team', 'trace', id)).stdout);
    expect(first).toMatchObject({ type: 'run', task: 'A page about the quokka' });
  });
});

test('credit is added within the cap, shown, and comes back to the wallet', async () => {
  const sats = async () => Number(/^([\d.]+) sats of credit/.exec(await credit())?.[1]);
  const before = await sats();
  expect(await run('credit', 'add', '1000', '--max-sats', '999')).toMatchObject({ code: 4 });
  expect((await run('credit', 'add', '1000')).stdout).toMatch(/^lnbc/);
  expect(await run('credit', 'add', '1000', '--max-sats', '1000')).toMatchObject({ code: 0 });
  // What earlier jobs have not used may come back meanwhile.
  await expect.poll(sats, PATIENTLY).toBeGreaterThanOrEqual(before + 1_000);
  const refund = await run('refund', '--to-wallet', '--sats', '900', '--json');
  expect(refund.code, refund.stderr).toBe(0);
  const id = z.string().parse(linesOf(refund.stdout)[0]?.id);
  await expect.poll(async () => (await run('refund', 'show', id)).stdout, PATIENTLY).toContain('paid');
  const empty = await run('refund', '--to-wallet', '--sats', '100000');
  expect(empty).toMatchObject({ code: 4, stderr: expect.stringMatching(/^INSUFFICIENT_FUNDS: /) });
});

test('agent says what an owner wants of a marketplace, each time signed for that request alone', async () => {
  const asked: { by: string; what: string; body: unknown }[] = [];
  const listing = { slug: 'poet', url: 'http://x', npub: 'npub1', state: 'live', reason: null, version: 2 };
  const market = await loopbackServer(async (request, response) => {
    const body = new Uint8Array(await buffer(request));
    const { authorization } = request.headers;
    const facts = {
      authorization,
      url: `${market.origin}${request.url}`,
      method: request.method ?? '',
      body,
    };
    const token = verifyHttpAuth(facts, Math.floor(Date.now() / 1_000));
    const text = new TextDecoder().decode(body);
    const by = typeof token === 'string' ? token : token.pubkey;
    const what = `${request.method} ${request.url}`;
    asked.push({ by, what, body: text === '' ? null : JSON.parse(text) });
    const wrong = { code: 'BAD_REQUEST', detail: 'body price: must be a number', details: { path: 'price' } };
    response.writeHead(text.includes('dear') ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(text.includes('dear') ? wrong : { ...listing, listings: [listing] }));
  });
  writeFileSync(join(home, 'poet.json'), JSON.stringify({ slug: 'poet', limits: { tokens: 1_000 } }));
  writeFileSync(join(home, 'endpoint.key'), 'very secret\n');
  const agent = (...args: string[]) => run('agent', ...args, '--url', market.origin);
  const added = await agent('add', 'poet.json', '--set', 'limits.time_s=60', '--secret-file', 'endpoint.key');
  expect(added).toMatchObject({ code: 0, stdout: 'poet  live, version 2\n' });
  expect(added.stdout + added.stderr).not.toContain('very secret');
  await agent('edit', 'poet', '--set', 'name=Poet', '--set', 'terms_url=null');
  await agent('edit', 'poet', '--rollback', '1');
  await agent('pause', 'poet', '--reason', 'on holiday');
  await agent('pause', 'poet', '--resume');
  await agent('transfer', 'poet', '--to', 'npub1other');
  await agent('transfer', 'poet', '--accept', '--lud16', 'ann@wallet.example');
  await agent('show');
  expect(await agent('add', '--set', 'price=dear')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^BAD_REQUEST: body price: must be a number\n.*"path":"price"/),
  });
  await market.close();
  const owner = (await run('key', 'show', '--json')).stdout;
  expect(new Set(asked.map(({ by }) => by))).toEqual(new Set([linesOf(owner)[0]?.pubkey]));
  expect(asked.slice(0, -1).map(({ what, body }) => [what, body])).toEqual([
    ['POST /agents', { slug: 'poet', limits: { tokens: 1_000, time_s: 60 }, secret: 'very secret' }],
    ['PATCH /agents/poet', { name: 'Poet', terms_url: null }],
    ['POST /agents/poet/rollback', { version: 1 }],
    ['POST /agents/poet/pause', { reason: 'on holiday' }],
    ['POST /agents/poet/resume', {}],
    ['POST /agents/poet/transfer', { to: 'npub1other' }],
    ['POST /agents/poet/transfer/accept', { lud16: 'ann@wallet.example' }],
    ['GET /account/agents', null],
  ]);
});

test('agent lists one at the marketplace that runs here, which others then find, until it is deleted', async () => {
  const spec = {
    slug: 'haiku',
    name: 'Haiku',
    description: 'Three lines on anything.',
    example: 'autumn rain',
    runtime: 'remote',
    remote: { protocol: 'openai', base_url: 'http://127.0.0.1:9/v1', model: 'small' },
  };
  writeFileSync(join(home, 'haiku.json'), JSON.stringify(spec));
  expect(await run('agent', 'add', 'haiku.json')).toMatchObject({
    code: 0,
    stdout: 'haiku  live, version 1\n',
  });
  await expect.poll(async () => (await run('agents')).stdout, PATIENTLY).toMatch(/^haiku +free/m);
  const shown = await run('agent', 'show', 'haiku', '--json');
  expect(linesOf(shown.stdout)[0]).toMatchObject({ slug: 'haiku', state: 'live', spec });
  const wrong = await run('agent', 'edit', 'haiku', '--set', 'price.per_job_sats=much');
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('price.per_job_sats') });
  expect((await run('agent', 'pause', 'haiku', '--delete')).stdout).toContain('deleted');
  expect((await run('agent', 'show')).stderr).toContain('no agent');
});

test('a bunker signs and opens in place of a key, for who brings its secret', async () => {
  const bunker = await startBunker(service.relay, new Uint8Array(32).fill(77), 'letmein');
  const env = { ERRAND_KEY: bunker.uri, ERRAND_RELAYS: service.relay };
  expect((await away(['key', 'show'], env)).stdout.trim()).toBe(nip19.npubEncode(bunker.pubkey));
  const posted = await away(['post', '-a', 'discover', '--encrypted', 'zaps'], env);
  expect(posted.code, posted.stderr).toBe(0);
  expect(Array.isArray(JSON.parse(posted.stdout))).toBe(true);
  expect(bunker.asked).toEqual(
    expect.arrayContaining(['connect', 'sign_event', 'nip44_encrypt', 'nip44_decrypt']),
  );
  const refused = await away(['key', 'show'], { ...env, ERRAND_KEY: bunker.uri.replace('letmein', 'guess') });
  bunker.close();
  expect(refused).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringContaining('refused the connection'),
  });
  expect(refused.stderr).not.toContain('guess');
});

describe('doctor', () => {
  test('finds everything in order, and prints no secret', async () => {
    const { code, stdout } = await run('doctor');
    expect(code, stdout).toBe(0);
    for (const about of ['key', 'relay', 'card of', 'wallet', 'marketplace', 'clock'])
      expect(stdout).toMatch(new RegExp(`^ok   ${about}`, 'm'));
    const { customer } = service.dev;
    for (const secret of [customer.secret_key, customer.nwc ?? '']) expect(stdout).not.toContain(secret);
  });

  test('says what is in the way and what to do about it', async () => {
    const { code, stdout } = await away(
      ['doctor', '--json', '--relay', 'ws://127.0.0.1:9', '--url', service.url],
      {
        ERRAND_NWC: 'nostr+walletconnect://nonsense',
      },
    );
    expect(code).toBe(1);
    const findings = linesOf(stdout);
    expect(findings).toContainEqual(
      expect.objectContaining({
        about: 'key',
        grade: 'fail',
        advice: expect.stringContaining('errand key new'),
      }),
    );
    expect(findings.filter(({ grade }) => grade === 'fail').map(({ about }) => about)).toEqual([
      'key',
      'relay ws://127.0.0.1:9',
      'wallet',
    ]);
    expect(stdout).not.toContain('nonsense');
  });
});

test('a key is made for its owner alone, used from where it lies, and refused where others can read it', async () => {
  const made = await away(['key', 'new']);
  expect(made.code, made.stderr).toBe(0);
  const file = join(elsewhere, '.config', 'errand', 'key');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const nsec = readFileSync(file, 'utf8').trim();
  expect(made.stdout + made.stderr).not.toContain(nsec);
  expect((await away(['key', 'show'])).stdout).toBe(made.stdout);
  expect((await away(['post', '-a', 'discover', '--relay', service.relay, 'zaps'])).code).toBe(0);
  expect(await away(['key', 'new'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('left alone'),
  });
  chmodSync(file, 0o644);
  const open = await away(['key', 'show']);
  expect(open).toMatchObject({ code: 2, stderr: expect.stringContaining(`chmod 600 ${file}`) });
  const broken = await away(['key', 'show'], { ERRAND_KEY: `${nsec}x` });
  expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining('the key in ERRAND_KEY is none') });
  expect(broken.stderr).not.toContain(nsec);
});

describe('what is wrongly written is named, with how it is done, and ends with 2', () => {
  test.each<[readonly string[], RegExp]>([
    [['pots'], /there is no command pots: do you mean errand post\?/],
    [['team'], /errand team is one of: team runs/],
    [['post', '--agnet', 'x', 'y'], /there is no --agnet here: do you mean --agent\?/],
    [['post', '--agent'], /--agent needs a value: --agent NAME/],
    [['post', '--encrypted=yes', 'x'], /--encrypted is a switch/],
    [['post', '--max-sats', '1.5', 'x'], /--max-sats must be a whole number of sats/],
    [['post', '--param', 'nothing', 'x'], /--param must be NAME=VALUE/],
    [['post', '--check', 'no.json', 'x'], /no\.json: .*no such file/i],
    [['post', '--kind', '1', 'x'], /kind 1 is no job request/],
    [['post', '--escrow', 'x'], /add --max-sats/],
    [['post', '--agent', 'nobody', 'x'], /no agent called nobody is announced/],
    [['post', '--agent', 'npub1x', 'x'], /npub1x is damaged/],
    [['post', '--relay', 'http://x', 'x'], /http:\/\/x is no relay/],
    [['watch'], /something is missing: errand watch JOB/],
    [['watch', 'zz'], /zz is no job/],
    [['watch', 'ab'.repeat(32)], /no request abab.* is known/],
    [['arena', '--mode', 'chess'], /--mode must be one of deduction/],
    [['agent', 'pause', 'No Such'], /is no name of an agent/],
  ])('%j', async (args, said) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('who cannot be reached is another code', async () => {
    const dead = await run('post', '--relay', 'ws://127.0.0.1:9', 'x');
    expect(dead).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^RELAY: ws:\/\/127\.0\.0\.1:9: .*refused/i),
    });
    const nowhere = await run('credit', '--url', 'http://127.0.0.1:9');
    expect(nowhere).toMatchObject({ code: 3, stderr: expect.stringContaining('cannot be asked') });
  });
});

describe('help', () => {
  test('is an overview, and a manual of each command with examples and exit codes', async () => {
    const { code, stdout } = await away(['help']);
    expect(code).toBe(0);
    const names = [...stdout.matchAll(/^ {2}([a-z]+(?: [a-z]+)?) {2,}\S/gm)].map(([, name = '']) => name);
    expect(names).toEqual(expect.arrayContaining(['agents', 'post', 'ledger check', 'receipt verify']));
    for (const name of ['post', 'agent add', 'doctor']) {
      const manual = await away([...name.split(' '), '--help']);
      expect(manual).toEqual(await away(['help', ...name.split(' ')]));
      for (const title of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'EXAMPLES', 'EXIT CODES'])
        expect(manual.stdout).toMatch(new RegExp(`^${title}$`, 'm'));
    }
    const page = readFileSync(join(ROOT, 'docs', 'command-line.md'), 'utf8');
    for (const name of names) expect(page).toContain(`errand ${name}`);
  });

  test('completions complete commands and flags', async () => {
    const script = (await away(['completions', 'bash'])).stdout;
    const complete = async (...words: string[]) => {
      const list = words.map((word) => `'${word}'`).join(' ');
      const line = `${script}\nCOMP_WORDS=(errand ${list}); COMP_CWORD=${words.length}; _errand; echo "\${COMPREPLY[@]}"`;
      return (await promisify(execFile)('bash', ['-c', line])).stdout.trim();
    };
    expect(await complete('po')).toBe('post');
    expect(await complete('agent', 'p')).toBe('pause');
    expect(await complete('post', '--max')).toBe('--max-sats');
    expect(await complete('arena', '--role', 'p')).toBe('proposer');
    expect((await away(['completions', 'zsh'])).stdout).toMatch(/^#compdef errand/);
    expect((await away(['completions', 'fish'])).stdout).toContain('-l max-sats -r');
    expect(await away(['completions', 'tcsh'])).toMatchObject({ code: 2 });
  });

  test('in a clone `errand` runs the sources, from whatever folder', async () => {
    const launcher = join(ROOT, 'cli', 'errand.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [launcher, '--version'], {
      cwd: elsewhere,
    });
    expect(stdout).toMatch(/^errand \d+\.\d+\.\d+\n$/);
  });
});
