import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { homeAt, ROOT, readDevFile } from '../../scripts/local/state.ts';
import { CONFIG_VARIABLES } from '../../src/config.ts';
import { linesOf } from '../support/cli.ts';
import { groupIsAlive } from '../support/processes.ts';
import { type Service, startService } from '../support/service.ts';

/**
 * Goal: the commands a newcomer types do what the README says, wrong uses included.
 * Method: the scripts themselves, as processes, against one service started as `npm start` starts it.
 * Not proved: installation (scripts/bootstrap.mjs), which only a fresh clone shows; `.ci/run` is that proof.
 */

const home = mkdtempSync(join(tmpdir(), 'errand-commands-'));
let service: Service;

beforeAll(async () => {
  service = await startService({ persistTo: home });
});

afterAll(async () => {
  await service.stop();
  rmSync(home, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const failure = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });

async function run(
  script: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const clean = Object.entries(process.env).filter(([name]) => !CONFIG_VARIABLES.includes(name));
  try {
    const options = { cwd: ROOT, env: { ...Object.fromEntries(clean), ...env } };
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [`scripts/${script}.ts`, ...args],
      options,
    );
    return { code: 0, stdout, stderr };
  } catch (error) {
    return failure.parse(error);
  }
}

const post = (...args: string[]) => run('post', ['--persist-to', home, ...args]);

test('start says where everything is and how to post a job', () => {
  const { url, relay, agents } = service.dev;
  expect(service.log()).toContain(url);
  expect(service.log()).toContain(relay);
  expect(agents.length).toBeGreaterThan(0);
  for (const { npub } of agents) expect(service.log()).toContain(npub);
  expect(service.log()).toMatch(/discover[\s\S]*takes kinds 7001, 5300/);
  expect(service.log()).toContain('npm run post -- --agent discover');
});

test('post is the command line’s, by its own name: the result alone on stdout, paid up to what it is allowed', async () => {
  const { code, stdout, stderr } = await post('--agent', 'discover-escrow', '--pay', '21', 'nostr zaps');
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^\[.*\]\n$/);
  expect(stderr).toMatch(/^paid 21 sats$/m);
  expect(await post('--agent', 'nobody', 'hello')).toMatchObject({ code: 2, stdout: '' });
});

test('Ctrl-C is heard from the moment on that the start says it is ready', async () => {
  const other = mkdtempSync(join(tmpdir(), 'errand-other-'));
  const clean = Object.entries(process.env).filter(([name]) => !CONFIG_VARIABLES.includes(name));
  const child = spawn(process.execPath, ['scripts/start.ts', '--port', '0', '--persist-to', other], {
    cwd: ROOT,
    env: Object.fromEntries(clean),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (said === '') child.kill('SIGINT');
    said += text;
  });
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [code] = await once(child, 'close');
  clearTimeout(giveUp);
  rmSync(other, { recursive: true });
  expect(said).toContain('Stopping; state is kept');
  expect(code).toBe(0);
});

test('a second start on a taken port, or on the same folder, says so and ends with 1', async () => {
  const other = mkdtempSync(join(tmpdir(), 'errand-other-'));
  const port = new URL(service.url).port;
  const taken = await run('start', ['--port', port, '--persist-to', other]);
  rmSync(other, { recursive: true });
  expect(taken).toMatchObject({ code: 1, stdout: '' });
  expect(taken.stderr).toContain(`Port ${port} is taken`);
  const held = await run('start', ['--port', '0', '--persist-to', home]);
  expect(held.code).toBe(1);
  expect(held.stderr).toContain('already running');
});

test('a folder that cannot keep state, or keys that are damaged, are named without a stack and left alone', async () => {
  const other = mkdtempSync(join(tmpdir(), 'errand-other-'));
  const file = join(other, 'file');
  writeFileSync(file, 'mine');
  const keys = join(other, 'keys.json');
  writeFileSync(keys, '{');
  const unusable = await run('start', ['--port', '0', '--persist-to', file]);
  const damaged = await run('start', ['--port', '0', '--persist-to', other]);
  const kept = [readFileSync(file, 'utf8'), readFileSync(keys, 'utf8')];
  rmSync(other, { recursive: true });
  expect(unusable).toMatchObject({ code: 1, stdout: '' });
  expect(unusable.stderr).toContain(`State cannot be kept in ${file}`);
  expect(damaged).toMatchObject({ code: 1, stdout: '' });
  expect(damaged.stderr).toContain(`${keys} is damaged`);
  for (const { stderr } of [unusable, damaged]) expect(stderr).not.toMatch(/^\s+at /m);
  expect(kept).toEqual(['mine', '{']);
});

test.each(['https://user:word@market.example', 'https://market.example/path', 'https://market.example?q=1'])(
  'a PUBLIC_URL that is more than an origin stops the start: %s',
  async (url) => {
    const { code, stderr } = await run('start', ['--port', '0', '--persist-to', `${home}-never`], {
      PUBLIC_URL: url,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('PUBLIC_URL must be a URL without path, query or credentials');
    expect(stderr).not.toContain('word');
  },
);

test('a wrong configuration stops the start with the name of the variable and never its value', async () => {
  const { code, stderr } = await run('start', ['--port', '0', '--persist-to', `${home}-never`], {
    MASTER_SECRET: 'not a secret at all',
  });
  expect(code).toBe(1);
  expect(stderr).toContain('MASTER_SECRET');
  expect(stderr).not.toContain('not a secret at all');
  expect(existsSync(`${home}-never`)).toBe(false);
});

test('reset refuses while running; a kill leaves nothing running, and the next start knows everything', async () => {
  const refused = await run('reset', ['--persist-to', home]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('already running');

  const { stdout } = await post('--agent', 'discover', '--json', 'before the kill');
  const request = z.object({ type: z.literal('request'), id: z.string() }).parse(linesOf(stdout)[0]);
  await service.kill();
  expect(groupIsAlive(service.pid)).toBe(false);
  const { dev } = service;
  service = await startService({ persistTo: home });
  // The wallet is the same; only the relay it is reached through has the new port.
  const wallet = (nwc: string | null) => nwc?.replace(/relay=[^&]*/, '');
  expect(wallet(service.dev.customer.nwc)).toBe(wallet(dev.customer.nwc));
  expect(service.dev.customer.secret_key).toBe(dev.customer.secret_key);
  expect(service.dev.agents).toEqual(dev.agents);
  expect((await fetch(`${service.url}/jobs/${request.id}`)).status).toBe(200);

  await service.stop();
  expect(readDevFile(homeAt(home))).toBeUndefined();
  expect((await run('reset', ['--persist-to', home])).code).toBe(0);
  service = await startService({ persistTo: home });
  expect(service.dev.customer).not.toEqual(dev.customer);
  expect((await fetch(`${service.url}/jobs/${request.id}`)).status).toBe(404);
});
