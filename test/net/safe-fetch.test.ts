/**
 * Goal: fetching for a stranger stays outside, small, short and text.
 * Method: a real server on loopback plays the hostile site. The strict mode sees it as `https://site.net`, because
 * only the last step, the call itself, is led to loopback; so a redirect to loopback has to be refused by the guard.
 * Does not prove: what a platform's own fetch does with names that resolve to private addresses.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JobError } from '../../src/errors.ts';
import { resolver } from '../../src/net/resolver.ts';
import { type SafeFetchOptions, safeFetch } from '../../src/net/safe-fetch.ts';
import { type LoopbackServer, loopbackServer } from '../support/http-server.ts';

const SITE = 'https://site.net';
let server: LoopbackServer;
let sentAfterCap = 0;

beforeAll(async () => {
  server = await loopbackServer((request, response) => {
    const url = new URL(request.url ?? '/', SITE);
    const text = (body: string | Buffer, headers: Record<string, string> = {}) =>
      response.writeHead(200, { 'content-type': 'text/plain', ...headers }).end(body);
    switch (url.pathname) {
      case '/hello':
        return text('hello');
      case '/headers':
        return text(JSON.stringify(request.headers), { 'content-type': 'application/json; charset=utf-8' });
      case '/latin':
        return text(Buffer.from([0x63, 0x61, 0x66, 0xe9]), {
          'content-type': 'text/plain; charset=iso-8859-1',
        });
      case '/nocharset':
        return text('grüße', { 'content-type': 'text/html; charset=klingon' });
      case '/to':
        return response.writeHead(302, { location: url.searchParams.get('url') ?? '' }).end('moved');
      case '/hop':
        return response.writeHead(307, { location: `/hop?n=${Number(url.searchParams.get('n')) + 1}` }).end();
      case '/few': {
        const left = Number(url.searchParams.get('n'));
        return response.writeHead(301, { location: left > 1 ? `/few?n=${left - 1}` : '/hello' }).end();
      }
      case '/nowhere':
        return response.writeHead(302).end();
      case '/bomb':
        return text(gzipSync(Buffer.alloc(50_000_000, 'a')), { 'content-encoding': 'gzip' });
      case '/honest-gzip':
        return text(gzipSync('squeezed'), { 'content-encoding': 'gzip' });
      case '/endless': {
        response.writeHead(200, { 'content-type': 'text/plain' });
        const chunk = Buffer.alloc(65_536, 'b');
        const more = () => {
          while (!response.destroyed && response.write(chunk)) sentAfterCap += chunk.length;
        };
        response.on('drain', more);
        return more();
      }
      case '/drip': {
        response.writeHead(200, { 'content-type': 'text/plain' });
        const timer = setInterval(() => response.write('.'), 20);
        return response.on('close', () => clearInterval(timer));
      }
      case '/silent':
        return undefined;
      case '/cut':
        response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' });
        response.write('half');
        return setTimeout(() => response.destroy(), 20);
      case '/picture':
        return text('GIF89a', { 'content-type': 'image/gif' });
      case '/untyped':
        return response.writeHead(200).end('hello');
      default:
        return response
          .writeHead(Number(url.searchParams.get('status') ?? 404))
          .end('secret of the upstream');
    }
  });
});

afterAll(() => server.close());

/** Strict mode: the guard sees the public name. */
function strict(extra: Partial<SafeFetchOptions> = {}): SafeFetchOptions {
  return {
    allowPrivate: false,
    fetch: (input, init) => fetch(String(input).replace(SITE, server.origin), init),
    ...extra,
  };
}

async function refusal(url: string, options: SafeFetchOptions = strict()): Promise<JobError> {
  try {
    await safeFetch(url, options);
  } catch (error) {
    if (error instanceof JobError) {
      expect(error.message).not.toMatch(/127\.0\.0\.1|secret/);
      return error;
    }
    throw error;
  }
  throw new Error(`${url} was fetched`);
}

test('a text comes with its type, size and final URL', async () => {
  expect(await safeFetch(`${SITE}/few?n=3`, strict())).toEqual({
    text: 'hello',
    contentType: 'text/plain',
    finalUrl: `${SITE}/hello`,
    bytes: 5,
  });
});

test('the request names nobody: no cookie, no authorization, no referrer', async () => {
  const { text, contentType } = await safeFetch(`${SITE}/headers`, strict());
  expect(contentType).toBe('application/json');
  const sent: unknown = JSON.parse(text);
  expect(sent).toMatchObject({ 'user-agent': 'errand' });
  for (const name of ['authorization', 'cookie', 'referer', 'x-forwarded-for'])
    expect(sent).not.toHaveProperty(name);
});

test('the encoding is the one named, and UTF-8 where it is none', async () => {
  expect((await safeFetch(`${SITE}/latin`, strict())).text).toBe('café');
  expect((await safeFetch(`${SITE}/nocharset`, strict())).text).toBe('grüße');
});

test.each([
  'http://127.0.0.1/',
  'https://127.0.0.1/',
  'https://[::1]/',
  'https://0x7f000001/',
  'http://site.net/hello',
  'https://u:p@site.net/',
  'file:///etc/passwd',
  '//localhost/',
  'https://metadata.google.internal/',
  'https://site.net:22/',
])('a redirect to %s is refused before anything is called', async (target) => {
  server.asked.length = 0;
  const error = await refusal(`${SITE}/to?url=${encodeURIComponent(target)}`);
  expect(error.code).toBe('BAD_REQUEST');
  expect(server.asked).toHaveLength(1);
});

test('redirects end: too many are refused, and none is followed beyond the limit', async () => {
  server.asked.length = 0;
  expect((await refusal(`${SITE}/hop?n=0`)).details).toMatchObject({ reason: 'redirects' });
  expect(server.asked).toHaveLength(4);
  expect((await refusal(`${SITE}/few?n=4`)).code).toBe('BAD_REQUEST');
  expect((await refusal(`${SITE}/nowhere`)).code).toBe('SERVICE_UNAVAILABLE');
});

test('a small body that unpacks to a huge one is stopped at the limit', async () => {
  expect((await refusal(`${SITE}/bomb`)).code).toBe('CONTENT_TOO_LARGE');
  expect((await safeFetch(`${SITE}/honest-gzip`, strict())).text).toBe('squeezed');
});

test('an endless body is stopped at the limit, and the connection let go', async () => {
  sentAfterCap = 0;
  const error = await refusal(`${SITE}/endless`, strict({ maxBytes: 100_000 }));
  expect(error.failure).toEqual({
    code: 'CONTENT_TOO_LARGE',
    message: 'the URL leads to more than 100000 bytes',
    details: { limit_bytes: 100_000 },
  });
  // What buffers hold may still have been sent; an unread connection would take without end.
  expect(sentAfterCap).toBeLessThan(20_000_000);
});

test('exactly the limit passes, one byte more does not', async () => {
  expect((await safeFetch(`${SITE}/hello`, strict({ maxBytes: 5 }))).bytes).toBe(5);
  expect((await refusal(`${SITE}/hello`, strict({ maxBytes: 4 }))).code).toBe('CONTENT_TOO_LARGE');
});

test.each(['/drip', '/silent'])('the deadline holds against %s', async (path) => {
  const error = await refusal(`${SITE}${path}`, strict({ timeout_ms: 150 }));
  expect(error.failure).toMatchObject({ code: 'TIMEOUT', details: { limit_ms: 150 } });
});

test('the deadline holds even where fetch does not mind its signal', async () => {
  const deaf: typeof fetch = () => new Promise(() => undefined);
  expect((await refusal(`${SITE}/hello`, strict({ fetch: deaf, timeout_ms: 30 }))).code).toBe('TIMEOUT');
});

test('a job that is over stops its fetch', async () => {
  const job = new AbortController();
  const fetching = refusal(`${SITE}/drip`, strict({ signal: job.signal }));
  job.abort();
  expect((await fetching).code).toBe('TIMEOUT');
  expect((await refusal(`${SITE}/hello`, strict({ signal: job.signal }))).code).toBe('TIMEOUT');
});

test.each([
  ['/missing', 'BAD_REQUEST'],
  ['/x?status=403', 'BAD_REQUEST'],
  ['/x?status=429', 'SERVICE_UNAVAILABLE'],
  ['/x?status=500', 'SERVICE_UNAVAILABLE'],
  ['/x?status=304', 'SERVICE_UNAVAILABLE'],
  ['/cut', 'SERVICE_UNAVAILABLE'],
  ['/picture', 'BAD_REQUEST'],
  ['/untyped', 'BAD_REQUEST'],
])('%s ends as %s', async (path, code) => {
  expect((await refusal(`${SITE}${path}`)).code).toBe(code);
});

test('a server that is not there is SERVICE_UNAVAILABLE, without its address', async () => {
  const gone = await loopbackServer((_, response) => response.end());
  await gone.close();
  const error = await refusal(`${gone.origin}/`, { allowPrivate: true, fetch });
  expect(error.code).toBe('SERVICE_UNAVAILABLE');
});

test('local mode reaches loopback, strict mode does not', async () => {
  expect((await safeFetch(`${server.origin}/hello`, { allowPrivate: true, fetch })).text).toBe('hello');
  expect((await refusal(`${server.origin}/hello`)).code).toBe('BAD_REQUEST');
});

test.each([
  [['127.0.0.1'], 'private'],
  [['8.8.8.8', '10.0.0.1'], 'private'],
  [['::1'], 'private'],
  [[], 'host'],
])('a public name that resolves to %j is refused before it is called', async (addresses, reason) => {
  server.asked.length = 0;
  const error = await refusal(`${SITE}/hello`, strict({ resolve: async () => addresses }));
  expect(error.failure).toMatchObject({ code: 'BAD_REQUEST', details: { reason } });
  expect(server.asked).toEqual([]);
});

test('every hop is resolved anew', async () => {
  const asked: string[] = [];
  const resolve = async (host: string) => {
    asked.push(host);
    return host === 'inside.net' ? ['192.168.1.1'] : ['8.8.8.8'];
  };
  const error = await refusal(
    `${SITE}/to?url=${encodeURIComponent('https://inside.net/')}`,
    strict({ resolve }),
  );
  expect(error.details).toMatchObject({ reason: 'private' });
  expect(asked).toEqual(['site.net', 'inside.net']);
});

test('the resolver joins both families, takes "none" for an answer, and fails closed on anything else', async () => {
  const code = (name: string) => () => Promise.reject(Object.assign(new Error(name), { code: name }));
  const v4 = async () => ['8.8.8.8'];
  const v6 = async () => ['2606:4700::1111'];
  expect(await resolver({ v4, v6 })('a.net')).toEqual(['8.8.8.8', '2606:4700::1111']);
  expect(await resolver({ v4, v6: code('ENODATA') })('a.net')).toEqual(['8.8.8.8']);
  expect(await resolver({ v4: code('ENOTFOUND'), v6: code('ENOTFOUND') })('a.net')).toEqual([]);
  // As workerd answers for a name that is an alias: the aliases stand between the addresses.
  const aliases = async () => ['cdn.net.', 'edge.cdn.net.', '8.8.8.8'];
  expect(await resolver({ v4: aliases, v6: async () => ['cdn.net.'] })('a.net')).toEqual(['8.8.8.8']);
  const broken = resolver({ v4, v6: code('ETIMEOUT') });
  await expect(broken('a.net')).rejects.toThrow('ETIMEOUT');
  expect((await refusal(`${SITE}/hello`, strict({ resolve: broken }))).code).toBe('SERVICE_UNAVAILABLE');
});
