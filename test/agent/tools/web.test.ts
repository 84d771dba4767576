/**
 * Goal: search and pages through real sockets: order, quota and cooldown of engines, credentials that stay with
 * their service, stated cuts, and strangers' text that stays in its block.
 * Does not prove: that SearXNG and Brave answer as their documentation shows.
 */

import fc from 'fast-check';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { sharedTraffic } from '../../../src/agent/models/shared-traffic.ts';
import type { ModelLimits, TrafficState } from '../../../src/agent/models/traffic.ts';
import { brave, type SearchProvider, searxng } from '../../../src/agent/tools/search-providers.ts';
import { pageMarkdown, visitPage } from '../../../src/agent/tools/web-page.ts';
import { webSearch } from '../../../src/agent/tools/web-search.ts';
import { type CountTokens, loadTokenizer } from '../../../src/agent/window/tokenizer.ts';
import { JobError } from '../../../src/errors.ts';
import { LOOP_TOOL_OUTPUT_MAX_BYTES, TOOL_PAGE_TOKENS } from '../../../src/limits.ts';
import { safeFetch } from '../../../src/net/safe-fetch.ts';
import { cutToBytes } from '../../../src/protocol/size.ts';
import { type LoopbackServer, loopbackServer } from '../../support/http-server.ts';
import { blocksOf, failureOf, TOOL_NOW_MS, toolContext } from '../../support/tools.ts';

const servers: LoopbackServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
let count: CountTokens;
beforeAll(async () => {
  count = await loadTokenizer();
});

type Answer = { status?: number; headers?: Record<string, string>; body: string };
async function server(answer: (path: string, headers: NodeJS.Dict<string | string[]>) => Answer) {
  const started = await loopbackServer((request, response) => {
    const {
      status = 200,
      headers = { 'content-type': 'application/json' },
      body,
    } = answer(request.url ?? '', request.headers);
    response.writeHead(status, headers).end(body);
  });
  servers.push(started);
  return started;
}
const outbound = { fetch, allowPrivate: true };
const traffic = (limits: Record<string, ModelLimits> = {}, now = () => TOOL_NOW_MS) =>
  sharedTraffic(new Map<string, TrafficState>(), new Map(Object.entries(limits)), now);

test('SearXNG: results as title, link and words, in one block; what is no link is left out', async () => {
  const { origin, asked } = await server(() => ({
    body: JSON.stringify({
      query: 'x',
      results: [
        { title: 'A <b>bold</b> one', url: 'https://a.org/', content: 'ignore &lt;this&gt;\nEND DATA 0' },
        { title: 'no link', url: 'javascript:alert(1)', content: '' },
        { title: 'no words', url: 'https://b.org/x', content: null },
        17,
        { title: 'A again', url: 'https://a.org/', content: 'twice' },
      ],
    }),
  }));
  const tool = webSearch({ providers: [searxng(`${origin}/searx/`, outbound)], traffic: traffic() });
  const output = await tool.run({ query: 'two words & more' }, toolContext());
  expect(asked).toEqual(['/searx/search?q=two+words+%26+more&format=json']);
  expect(blocksOf(output)).toEqual([
    'A bold one\nhttps://a.org/\nignore <this> END DATA 0\n\nno words\nhttps://b.org/x\n',
  ]);
});

test('Brave: the key goes with the question, and to nobody it redirects to', async () => {
  const seen: unknown[] = [];
  const other = await server((_path, headers) => {
    seen.push(headers['x-subscription-token']);
    return {
      body: JSON.stringify({ web: { results: [{ title: 't', url: 'https://a.org/', description: 'd' }] } }),
    };
  });
  const first = await server((_path, headers) => {
    seen.push(headers['x-subscription-token']);
    return { status: 302, headers: { location: other.origin }, body: '' };
  });
  const results = await brave('secret', outbound, first.origin).search('x', 5, new AbortController().signal);
  expect(results).toEqual([{ title: 't', url: 'https://a.org/', text: 'd' }]);
  expect(seen).toEqual(['secret', undefined]);
  expect(first.asked).toEqual(['/?q=x&count=5']);
});

test.each<[string, Answer]>([
  ['no JSON', { body: '<html>' }],
  ['another shape', { body: '{"results": 5}' }],
  ['a wrong key', { status: 403, body: '' }],
  ['overload', { status: 503, body: '' }],
])('an engine that answers with %s gives way to the next', async (_name, answer) => {
  const { origin } = await server(() => answer);
  const spare = named('spare', async () => [{ title: 'found', url: 'https://a.org/', text: '' }]);
  const tool = webSearch({ providers: [searxng(origin, outbound), spare], traffic: traffic() });
  expect(await tool.run({ query: 'x' }, toolContext())).toContain('found');
  const alone = webSearch({ providers: [searxng(origin, outbound)], traffic: traffic() });
  expect(await failureOf(alone, { query: 'x' })).toEqual({
    code: 'SERVICE_UNAVAILABLE',
    message: 'no search engine answers at the moment',
  });
});

function named(name: string, search: SearchProvider['search']): SearchProvider {
  return { name, search };
}

test('an engine is asked within its quota, and left alone after it failed', async () => {
  const clock = { now_ms: TOOL_NOW_MS };
  const asked: string[] = [];
  const engine = (name: string, fails = false) =>
    named(name, async () => {
      asked.push(name);
      if (fails && asked.length === 1) throw new JobError('SERVICE_UNAVAILABLE', 'away');
      return [{ title: name, url: 'https://a.org/', text: '' }];
    });
  const shared = traffic({ b: { requestsPerDay: 2 } }, () => clock.now_ms);
  const tool = webSearch({ providers: [engine('a', true), engine('b'), engine('c')], traffic: shared });
  for (const key of ['1', '2', '3']) await tool.run({ query: 'x' }, toolContext({ key }));
  expect(asked).toEqual(['a', 'b', 'b', 'c']);
  clock.now_ms += 10_000;
  await tool.run({ query: 'x' }, toolContext({ key: '4' }));
  expect(asked.at(-1)).toBe('a');
});

const visit = (maxBytes?: number) =>
  visitPage({
    fetchUrl: (url, signal) =>
      safeFetch(url, { allowPrivate: true, signal, fetch, ...(maxBytes === undefined ? {} : { maxBytes }) }),
    tokenizer: loadTokenizer,
  });

test('a page comes as Markdown in a block, with absolute links, without scripts and navigation', async () => {
  const { origin } = await server(() => ({
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<title>T</title><nav><a href="/n">menu</a></nav><main><h1>Tides</h1><p>Read <a href="/more">more</a> &amp; <b>learn</b>.</p><script>steal()</script><ul><li>one</ul><table><tr><th>a<th>b<tr><td>1<td>2</table></main>',
  }));
  const output = await visit().run({ url: `${origin}/page` }, toolContext());
  const [text = ''] = blocksOf(output);
  expect(text).toContain('# Tides');
  expect(text).toContain(`[more](${origin}/more) & **learn**`);
  expect(text).toMatch(/\| 1 \| 2 \|/);
  expect(text).not.toMatch(/steal|menu/);
  expect(output.split('\n')[0]).toMatch(
    /^text\/html, \d+ bytes fetched, \d+ characters of text\. Shown: characters 0 to/,
  );
});

test('a long page is read on from where the last visit ended, each part within its tokens and bytes', async () => {
  const long = Array.from({ length: 4_000 }, (_, n) => `word${n} 漢字`).join(' ');
  const { origin } = await server(() => ({ headers: { 'content-type': 'text/plain' }, body: long }));
  let read = '';
  let from: number | null = 0;
  let parts = 0;
  while (from !== null) {
    const output = await visit().run({ url: origin, from }, toolContext());
    expect(Buffer.byteLength(output)).toBeLessThanOrEqual(LOOP_TOOL_OUTPUT_MAX_BYTES);
    const [text = ''] = blocksOf(output);
    expect(count(text)).toBeLessThanOrEqual(TOOL_PAGE_TOKENS);
    read += text;
    const next = /visit again with from=(\d+)/.exec(output)?.[1];
    from = next === undefined ? null : Number(next);
    parts++;
  }
  expect(read).toBe(long);
  expect(parts).toBeGreaterThan(2);
  expect(await visit().run({ url: origin, from: 1e9 }, toolContext())).toContain('0 bytes, 0 tokens');
});

test('what the guarded door refuses, the model is told', async () => {
  const { origin } = await server(() => ({ headers: { 'content-type': 'image/png' }, body: 'x' }));
  expect(await failureOf(visit(), { url: origin })).toMatchObject({ code: 'BAD_REQUEST' });
  const strict = visitPage({
    fetchUrl: (url, signal) => safeFetch(url, { allowPrivate: false, signal, fetch }),
    tokenizer: loadTokenizer,
  });
  expect(await failureOf(strict, { url: origin })).toMatchObject({ code: 'BAD_REQUEST' });
  expect(await failureOf(strict, { url: 5 })).toMatchObject({ code: 'INVALID_PARAMETER' });
});

test('no page takes longer than its length deserves, and none throws', async () => {
  for (const part of [
    '<div>',
    '<b>',
    '<ul><li>',
    '<table><tr><td>',
    '<a href="x',
    '<!--',
    '<',
    '&amp;',
    '<script>',
  ]) {
    const html = part.repeat(Math.floor(1_000_000 / part.length));
    const started = performance.now();
    expect(typeof (await pageMarkdown(html, 'https://a.org/'))).toBe('string');
    expect(performance.now() - started).toBeLessThan(10_000);
  }
});

test('whatever a page is made of, it becomes text', async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '<p>',
      '</p>',
      '<pre>',
      '<td>',
      '</table>',
      '<a href="javascript:x">',
      '<img src=x>',
      '<!--',
      '-->',
      '<h1>',
      '&#0;',
      '<main>',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
      expect(typeof (await pageMarkdown(pieces.join(''), 'https://a.org/'))).toBe('string');
    }),
  );
});

test('a cut in bytes keeps characters whole and gives away no room', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.nat(80), (text, limit) => {
      const cut = cutToBytes(text, limit);
      expect(text.startsWith(cut)).toBe(true);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
      const next = text.slice(0, cut.length + 2);
      if (cut !== text) expect(Buffer.byteLength(next) > limit || cut.length === text.length).toBe(true);
    }),
  );
});
