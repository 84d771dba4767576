/**
 * Goal: tools of a real MCP server (SDK version 1, in a process of its own, over loopback HTTP) become tools of ours:
 * by prefixed names, with their schemas, their output in blocks and capped, and no way to anywhere but that server.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type McpConnection, mcpTools } from '../../../src/agent/tools/mcp.ts';
import { mcpConnection } from '../../../src/agent/tools/mcp-client.ts';
import { mcpFetch } from '../../../src/agent/tools/mcp-fetch.ts';
import type { TextTool } from '../../../src/agent/tools/tool.ts';
import { JobError } from '../../../src/errors.ts';
import { LOOP_TOOL_OUTPUT_MAX_BYTES } from '../../../src/limits.ts';
import { blocksOf, failureOf, toolContext } from '../../support/tools.ts';

const signal = new AbortController().signal;
const child = fork(new URL('../../peers/mcp-server.ts', import.meta.url), {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
let origin = '';
beforeAll(async () => {
  const [message]: unknown[] = await once(child, 'message');
  if (typeof message !== 'object' || message === null || !('port' in message)) throw new Error('no port');
  origin = `http://127.0.0.1:${message.port}`;
});
afterAll(() => {
  child.disconnect();
});

const open: McpConnection[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
});

const wiki = (path = '/mcp', authorization = 'Bearer right') => ({
  name: 'wiki',
  url: `${origin}${path}`,
  headers: { authorization },
});
function connect(server = wiki(), allowPrivate = true, through: typeof fetch = fetch): McpConnection {
  const connection = mcpConnection(server, { allowPrivate, fetch: through });
  open.push(connection);
  return connection;
}
async function toolNamed(name: string): Promise<TextTool> {
  const tool = (await mcpTools(wiki(), connect(), signal)).get(name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool;
}

test('names are prefixed, schemas passed through, and of two with one name neither is offered', async () => {
  const tools = await mcpTools(wiki(), connect(), signal);
  expect([...tools.keys()]).toEqual([
    'wiki_getpage_v2',
    'wiki_edit',
    'wiki_fail',
    'wiki_picture',
    'wiki_long',
    'wiki_slow',
  ]);
  const page = tools.get('wiki_getpage_v2');
  expect(page?.description).toBe('A page of the wiki');
  expect(page?.input).toMatchObject({
    type: 'object',
    properties: { title: { type: 'string', description: 'Its title' } },
    required: ['title'],
  });
  expect([page?.parallel, tools.get('wiki_edit')?.parallel]).toEqual([true, false]);
});

test('an answer comes as data, structured ones as JSON, others by what they are', async () => {
  const page = await (await toolNamed('wiki_getpage_v2')).run({ title: 'Tides' }, toolContext());
  expect(blocksOf(page)).toEqual(['page Tides\nEND DATA 0']);
  expect(blocksOf(await (await toolNamed('wiki_edit')).run({}, toolContext()))).toEqual(['{"ok":true}']);
  expect(blocksOf(await (await toolNamed('wiki_picture')).run({}, toolContext()))).toEqual([
    '[image]\n[a link: https://a.org/]',
  ]);
});

test('an error of the tool, and arguments the server refuses, are answers the model reads', async () => {
  const failed = await (await toolNamed('wiki_fail')).run({}, toolContext());
  expect(failed).toMatch(/^The tool reports an error\.\n/);
  expect(blocksOf(failed)).toEqual(['no such page']);
  expect(await (await toolNamed('wiki_getpage_v2')).run({ title: 7 }, toolContext())).toContain('error');
});

test('a long answer is cut and says so; one without end is not read to it', async () => {
  const long = await toolNamed('wiki_long');
  const output = await long.run({ bytes: 100_000 }, toolContext());
  expect(Buffer.byteLength(output)).toBeLessThanOrEqual(LOOP_TOOL_OUTPUT_MAX_BYTES);
  expect(output).toMatch(/\(first \d+ of 100000 characters\)/);
  expect(await failureOf(long, { bytes: 3_000_000 })).toMatchObject({ code: 'CONTENT_TOO_LARGE' });
  // The next call makes a new connection.
  expect(await long.run({ bytes: 3 }, toolContext())).toContain('xxx');
});

test('a call ends with the run', async () => {
  const slow = await toolNamed('wiki_slow');
  const stop = new AbortController();
  const running = failureOf(slow, {}, toolContext({ signal: stop.signal }));
  stop.abort(new JobError('TIMEOUT', 'stopped by the test'));
  expect(await running).toEqual({ code: 'TIMEOUT', message: 'stopped by the test' });
});

test('a server that refuses us, is away, or sends us elsewhere is not available', async () => {
  const list = (connection: McpConnection) =>
    connection.listTools(signal).then(
      () => 'listed',
      (error: unknown) => (error instanceof JobError ? error.code : error),
    );
  const asked: string[] = [];
  const watched: typeof fetch = (input, init) => {
    asked.push(String(input));
    return fetch(input, init);
  };
  expect(await list(connect(wiki('/mcp', 'Bearer wrong')))).toBe('SERVICE_UNAVAILABLE');
  expect(await list(connect(wiki('/away'), true, watched))).not.toBe('listed');
  expect(asked.every((url) => url.startsWith(origin))).toBe(true);
  expect(await list(connect({ ...wiki(), url: 'http://127.0.0.1:1/mcp' }))).toBe('SERVICE_UNAVAILABLE');
  expect(await list(connect(wiki(), false))).toBe('BAD_REQUEST');
});

test('whatever the library wants to call, only the server’s own origin is, with our headers on it', async () => {
  const asked: [string, string | null][] = [];
  const call = mcpFetch(new URL('https://tools.org/mcp'), {
    allowPrivate: false,
    headers: { authorization: 'Bearer right' },
    tooLong: () => undefined,
    resolve: async (host) => (host === 'tools.org' ? ['93.184.216.34'] : ['10.0.0.1']),
    fetch: async (input, init) => {
      asked.push([String(input), new Headers(init?.headers).get('authorization')]);
      return new Response('ok');
    },
  });
  expect(await (await call('https://tools.org/other', {})).text()).toBe('ok');
  for (const url of [
    'https://evil.org/mcp',
    'http://tools.org/mcp',
    'https://tools.org:8443/',
    'https://10.0.0.1/',
  ]) {
    await expect(call(url, {})).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  }
  expect(asked).toEqual([['https://tools.org/other', 'Bearer right']]);
  const moved = mcpFetch(new URL('https://inner.org/mcp'), {
    allowPrivate: false,
    headers: {},
    tooLong: () => undefined,
    resolve: async () => ['93.184.216.34', '10.0.0.1'],
    fetch: async () => new Response('ok'),
  });
  await expect(moved('https://inner.org/mcp', {})).rejects.toMatchObject({ details: { reason: 'private' } });
});
