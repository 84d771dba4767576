import { describe, expect, test } from 'vitest';
import { HTTP_MAX_BODY_BYTES, HTTP_PAGE_MAX } from '../../src/limits.ts';
import { sha256Hex } from '../../src/nostr/event.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { httpFixture } from '../support/http.ts';
import { hexOf, jobRecord } from '../support/records.ts';

describe('agents', () => {
  test('GET /agents lists them by name and pages by cursor', async () => {
    const { app } = httpFixture();
    const first = await app.request('/agents?limit=1');
    const page = await first.json();
    expect(page.agents.map((agent: { slug: string }) => agent.slug)).toEqual(['chat']);
    const link = first.headers.get('link') ?? '';
    expect(link).toBe('</agents?limit=1&cursor=chat>; rel="next"');
    const rest = await (await app.request(link.slice(1, link.indexOf('>')))).json();
    expect(rest.agents.map((agent: { slug: string }) => agent.slug)).toEqual(['discover']);
    expect(rest.next).toBeNull();
  });

  test('GET /agents/:slug shows reputation from the record', async () => {
    const { app, d1 } = httpFixture();
    await upsertJobs(d1.db, [jobRecord(1), jobRecord(2, { phase: 'failed', error: 'MODEL_ERROR' })]);
    const profile = await (await app.request('/agents/discover')).json();
    expect(profile.reputation).toEqual({ jobs: 2, success_rate: 0.5, median_latency_ms: 40 });
    expect(profile.npub).toMatch(/^npub1/);
    expect(profile.nip05).toBe('discover@market.example');
  });

  test('a browser gets pages, everybody else JSON, and caches are told', async () => {
    const { app } = httpFixture();
    for (const path of ['/agents', '/agents/discover']) {
      const page = await app.request(path, {
        headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
      });
      expect(page.headers.get('content-type')).toMatch(/^text\/html/);
      expect(page.headers.get('vary')).toContain('Accept');
      expect(await page.text()).toContain('Discover');
      const json = await app.request(path, { headers: { accept: '*/*' } });
      expect(json.headers.get('content-type')).toMatch(/^application\/json/);
    }
  });

  test('pages escape what agents say of themselves', async () => {
    const { ports } = httpFixture();
    const agents = ports.agents.map((agent) => ({
      ...agent,
      name: '<script>alert(1)</script>',
      description: '"&<b>',
    }));
    const { app } = httpFixture({ agents });
    for (const path of ['/', '/agents', '/agents/chat']) {
      const text = await (await app.request(path, { headers: { accept: 'text/html' } })).text();
      expect(text).not.toContain('<script>alert');
      expect(text).not.toContain('<b>');
      expect(text).toContain('&lt;script&gt;');
    }
  });

  test('card.json is served byte for byte under the hash that is announced, and 304 to who has it', async () => {
    const { app, ports } = httpFixture();
    const first = await app.request('/agents/discover/card.json');
    const body = await first.text();
    expect(first.headers.get('etag')).toBe(`"${sha256Hex(body)}"`);
    expect(JSON.parse(body).pubkey).toBe(ports.agents.find(({ slug }) => slug === 'discover')?.pubkey);
    const again = await app.request('/agents/discover/card.json', {
      headers: { 'if-none-match': `"stale", W/"${sha256Hex(body)}"` },
    });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    expect(again.headers.get('access-control-allow-origin')).toBe('*');
    const changed = await app.request('/agents/discover/card.json', {
      headers: { 'if-none-match': '"stale"' },
    });
    expect(changed.status).toBe(200);
  });

  test('parameters.json is the schema, with an ETag of its own', async () => {
    const { app, ports } = httpFixture();
    const response = await app.request('/agents/chat/parameters.json');
    expect(await response.json()).toEqual(ports.agents.find(({ slug }) => slug === 'chat')?.parametersSchema);
    const etag = response.headers.get('etag') ?? '';
    const again = await app.request('/agents/chat/parameters.json', { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  test('NIP-05 names every agent, or the one asked for in any case, and nobody for a stranger', async () => {
    const { app, ports } = httpFixture();
    const names = async (query: string) =>
      (await (await app.request(`/.well-known/nostr.json${query}`)).json()).names;
    const all = Object.fromEntries(ports.agents.map(({ slug, pubkey }) => [slug, pubkey]));
    expect(await names('')).toEqual(all);
    expect(await names('?name=DISCOVER')).toEqual({ discover: all.discover });
    expect(await names('?name=stranger')).toEqual({});
  });
});

describe('jobs', () => {
  test('GET /jobs pages through everything by its Link headers', async () => {
    const { app, d1 } = httpFixture();
    const records = Array.from({ length: 23 }, (_, n) =>
      jobRecord(n, { agent: n % 2 ? 'chat' : 'discover' }),
    );
    await upsertJobs(d1.db, records);
    const met: string[] = [];
    let path: string | undefined = '/jobs?agent=chat&limit=4';
    while (path !== undefined) {
      const response: Response = await app.request(path);
      const page = await response.json();
      met.push(...page.jobs.map((job: { id: string }) => job.id));
      path = response.headers.get('link')?.match(/^<(.*)>; rel="next"$/)?.[1];
    }
    expect(met).toEqual(
      records
        .filter(({ agent }) => agent === 'chat')
        .map(({ id }) => id)
        .toReversed(),
    );
  });

  test.each([
    ['limit=0', 'limit'],
    [`limit=${HTTP_PAGE_MAX + 1}`, 'limit'],
    ['limit=1e1', 'limit'],
    ['phase=done', 'phase'],
    ['client=npub1abc', 'client'],
    ['agent=No', 'agent'],
    ['agnet=chat', 'agnet'],
    ['cursor=abc', 'cursor'],
    ['cursor=%00', 'cursor'],
  ])('GET /jobs?%s is refused with its name', async (query, name) => {
    const response = await httpFixture().app.request(`/jobs?${query}`);
    expect(response.status).toBe(400);
    const problem = await response.json();
    expect(problem.code).toBe('BAD_REQUEST');
    expect(problem.detail).toContain(name);
  });

  test('a job the record does not know yet is asked of its session', async () => {
    const { app, live } = httpFixture();
    live.set(hexOf(5), jobRecord(5, { phase: 'running', closedAt_ms: null, resultEventId: null }));
    const job = await (await app.request(`/jobs/${hexOf(5)}`)).json();
    expect(job).toMatchObject({ id: hexOf(5), phase: 'running', latency_ms: null });
    expect((await app.request(`/jobs/${hexOf(6)}`)).status).toBe(404);
  });

  test('an id that cannot be one is not looked up', async () => {
    const { app, d1 } = httpFixture();
    for (const id of ['x', hexOf(1).toUpperCase().replace('1', 'A'), `${hexOf(1)}0`, '%00']) {
      expect((await app.request(`/jobs/${id}`)).status).toBe(404);
    }
    expect(d1.statements).toEqual([]);
  });

  test('a gift-wrapped job does not exist for the public, recorded or live', async () => {
    const { app, d1, live, streams } = httpFixture();
    await upsertJobs(d1.db, [jobRecord(1, { sealing: 'giftwrap' })]);
    live.set(hexOf(2), jobRecord(2, { sealing: 'giftwrap' }));
    const unknown = await (await app.request(`/jobs/${hexOf(9)}`)).json();
    for (const id of [hexOf(1), hexOf(2)]) {
      for (const path of [`/jobs/${id}`, `/jobs/${id}/events`]) {
        const response = await app.request(path);
        expect(response.status).toBe(404);
        expect(await response.json()).toEqual({ ...unknown, request_id: expect.any(String) });
      }
    }
    expect((await (await app.request('/jobs')).json()).jobs).toEqual([]);
    expect(streams).toEqual([]);
  });

  test('events go on after Last-Event-ID, and a number that no stream gave out is refused', async () => {
    const { app, d1, streams } = httpFixture();
    await upsertJobs(d1.db, [jobRecord(1)]);
    const path = `/jobs/${hexOf(1)}/events`;
    const first = await app.request(path);
    expect(first.headers.get('content-type')).toBe('text/event-stream');
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(await first.text()).toBe('id: 1\ndata: {}\n\n');
    await app.request(path, { headers: { 'last-event-id': '41' } });
    expect(streams).toEqual([
      { id: hexOf(1), afterSeq: 0, live: false },
      { id: hexOf(1), afterSeq: 41, live: false },
    ]);
    for (const wrong of ['-1', '1.5', 'abc', '99999999999999999999']) {
      expect((await app.request(path, { headers: { 'last-event-id': wrong } })).status).toBe(400);
    }
    expect((await app.request(`/jobs/${hexOf(2)}/events`)).status).toBe(404);
  });

  test('events of an ended job stay open only while its session still has something to send', async () => {
    const { app, d1, streams, live } = httpFixture();
    const cancelled = jobRecord(1, { phase: 'cancelled', resultEventId: null });
    await upsertJobs(d1.db, [cancelled, jobRecord(2), jobRecord(3, { phase: 'running', closedAt_ms: null })]);
    live.set(hexOf(2), jobRecord(2));
    for (const n of [1, 2, 3]) await app.request(`/jobs/${hexOf(n)}/events`);
    expect(streams.map((stream) => stream.live)).toEqual([false, true, true]);
  });
});

describe('every path', () => {
  test('answers HEAD as GET without a body, and opens no stream for it', async () => {
    const { app, d1, streams } = httpFixture();
    await upsertJobs(d1.db, [jobRecord(1)]);
    for (const path of [
      '/',
      '/agents',
      '/agents/chat/card.json',
      '/jobs',
      `/jobs/${hexOf(1)}/events`,
      '/health',
      '/metrics',
    ]) {
      const [get, head] = [await app.request(path), await app.request(path, { method: 'HEAD' })];
      expect(head.status).toBe(get.status);
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
      expect(await head.text()).toBe('');
    }
    expect(streams).toHaveLength(1);
  });

  test('may be read by any page, errors included, and answers preflights', async () => {
    const { app } = httpFixture();
    for (const path of ['/jobs', '/nowhere', '/jobs?limit=0']) {
      const response = await app.request(path, { headers: { origin: 'https://elsewhere.example' } });
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-expose-headers')).toContain('Link');
    }
    const preflight = await app.request(`/jobs/${hexOf(1)}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://elsewhere.example',
        'access-control-request-method': 'DELETE',
        'access-control-request-headers': 'Authorization',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('DELETE');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization');
  });

  test('carries security headers and the request id', async () => {
    const { app } = httpFixture();
    for (const path of ['/', '/jobs', '/nowhere']) {
      const { headers } = await app.request(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-request-id')).toMatch(/^request-\d+$/);
    }
  });

  test('refuses methods it does not take with 405 and Allow', async () => {
    const { app } = httpFixture();
    const posted = await app.request('/jobs', { method: 'POST' });
    expect(posted.status).toBe(405);
    expect(posted.headers.get('allow')).toBe('GET, HEAD');
    expect(posted.headers.get('content-type')).toBe('application/problem+json');
    const put = await app.request(`/jobs/${hexOf(1)}`, { method: 'PUT' });
    expect(put.headers.get('allow')?.split(', ').sort()).toEqual(['DELETE', 'GET', 'HEAD']);
  });

  test('answers 404 as a problem where nothing is served', async () => {
    const { app } = httpFixture();
    for (const path of [
      '/nowhere',
      '/agents/nobody',
      '/agents/nobody/card.json',
      '/agents/nobody/parameters.json',
    ]) {
      const response = await app.request(path);
      expect(response.status).toBe(404);
      expect((await response.json()).code).toBe('NOT_FOUND');
    }
  });

  test('refuses a body over the limit, declared or streamed, before anything reads it', async () => {
    const { app } = httpFixture();
    const body = new Uint8Array(HTTP_MAX_BODY_BYTES + 1);
    const streamed = { body: new Blob([body]).stream(), duplex: 'half' };
    for (const init of [{ body, headers: { 'content-length': String(body.length) } }, streamed]) {
      const response = await app.request(`/jobs/${hexOf(1)}`, { method: 'DELETE', ...init });
      expect(response.status).toBe(413);
      expect((await response.json()).details).toEqual({ max_bytes: HTTP_MAX_BODY_BYTES });
    }
  });

  test('an unexpected error shows nothing of itself and is logged under its request id', async () => {
    const { app, d1, logged } = httpFixture();
    d1.failure = new Error('D1_ERROR: secret table layout');
    const response = await app.request('/jobs');
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain('D1_ERROR');
    const problem = JSON.parse(text);
    expect(problem.code).toBe('AGENT_ERROR');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({ level: 'error', requestId: problem.request_id });
    expect(response.headers.get('x-request-id')).toBe(problem.request_id);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('the root', () => {
  test('is a page for browsers and the relay information document for relay clients', async () => {
    const { app } = httpFixture();
    const page = await app.request('/', { headers: { accept: 'text/html' } });
    expect(await page.text()).toContain('wss://market.example');
    const document = await app.request('/', { headers: { accept: 'application/nostr+json' } });
    expect(document.headers.get('content-type')).toBe('application/nostr+json');
    for (const name of ['origin', 'headers', 'methods']) {
      expect(document.headers.get(`access-control-allow-${name}`)).not.toBeNull();
    }
    expect(await document.json()).toEqual({ name: 'errand', supported_nips: [1, 11] });
  });
});

test('a job that ends while it is looked up is found: first the record did not have it yet, then the session no more', async () => {
  const job = jobRecord(77);
  const { app, d1 } = httpFixture({
    liveJob: async () => {
      await upsertJobs(d1.db, [job]);
      return undefined;
    },
  });
  const response = await app.request(`/jobs/${job.id}`);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ id: job.id, phase: 'delivered' });
});
