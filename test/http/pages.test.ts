import { describe, expect, test } from 'vitest';
import { buildPages } from '../../scripts/pages/build.ts';
import { parseCheck } from '../../src/checks/parse.ts';
import { readAssets } from '../../src/http/pages/assets.ts';
import { CHECK_EXAMPLES } from '../../src/http/pages/check-examples.ts';
import { recordArena } from '../../src/store/arena.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { httpFixture, NOW_MS } from '../support/http.ts';
import { hexOf, jobRecord } from '../support/records.ts';

/**
 * Goal: what the server writes of the pages. Method: the app over doubles, and the real build of what pages load. What a browser
 * makes of it is shown by test/e2e/pages.test.ts.
 */
const HTML = { headers: { accept: 'text/html' } };

describe('pages', () => {
  test('have a strict policy, and answers of the API the strictest', async () => {
    const { app } = httpFixture();
    const policy = (await app.request('/', HTML)).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self' 'sha256-hash'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(policy).toMatch(/connect-src 'self' https:\/\/market\.example wss:\/\/market\.example;/);
    expect((await app.request('/post', HTML)).headers.get('content-security-policy')).toMatch(
      /connect-src [^;]* wss:;/,
    );
    expect((await app.request('/agents')).headers.get('content-security-policy')).toBe(
      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    );
  });

  test('an error is a page for people and a problem for programs, and never a stack', async () => {
    const { app, logged, d1 } = httpFixture();
    d1.failure = new Error('gone');
    const page = await app.request('/agents', HTML);
    expect(page.status).toBe(500);
    const text = await page.text();
    expect(text).toContain('Something went wrong on our side');
    expect(text).not.toMatch(/at .*\.ts:|TypeError/);
    expect(logged).toHaveLength(1);
    const missing = await httpFixture().app.request('/agents/nobody', HTML);
    expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8']);
  });

  test('the market orders by what is certain, filters, and shows how uncertain a rating is', async () => {
    const { app, d1 } = httpFixture();
    await upsertJobs(d1.db, [
      jobRecord(1, { agent: 'chat' }),
      jobRecord(2, { agent: 'chat', phase: 'failed', error: 'MODEL_ERROR' }),
      jobRecord(3),
    ]);
    await recordArena(d1.db, {
      ...{ tasks: [], attempts: [], advantages: [], groups: [], qualifications: [], frontier: [] },
      ratings: [
        {
          ...{ agent: 'chat', mode: 'deduction', role: 'solve', count: 120, sumAdvantage: 60 },
          ...{ ema: 0.5, passed: 100, updatedAt_ms: NOW_MS },
        },
      ],
    });
    const names = async (query: string) => {
      const text = await (await app.request(`/${query}`, HTML)).text();
      return [...text.matchAll(/<h3><a href="\/agents\/([a-z-]+)"/g)].map(([, slug]) => slug);
    };
    expect(await names('')).toEqual(['chat', 'discover']);
    expect(await names('?sort=success')).toEqual(['discover', 'chat']);
    expect(await names('?q=zaps')).toEqual(['discover']);
    expect(await names('?pay=priced')).toEqual([]);
    const text = await (await app.request('/', HTML)).text();
    expect(text).toMatch(/\+0\.\d\d <span class="soft">± 0\.\d\d/);
    expect(text).toContain(`data-job="${hexOf(3)}"`);
  });

  test('a job that is hidden looks like one that is not there', async () => {
    const { app, d1 } = httpFixture();
    await upsertJobs(d1.db, [jobRecord(1, { sealing: 'giftwrap' })]);
    const [hidden, missing] = await Promise.all(
      [1, 2].map(async (n) => {
        const response = await app.request(`/jobs/${hexOf(n)}`, HTML);
        return [response.status, (await response.text()).replaceAll(/0{8,}…?[0-9a-f]*/g, '')];
      }),
    );
    expect(hidden).toEqual(missing);
    expect(hidden?.[0]).toBe(404);
  });

  test('data for islands cannot end its block', async () => {
    const { ports } = httpFixture();
    const agents = ports.agents.map((agent) => ({ ...agent, name: '</script><script>alert(1)</script>' }));
    const text = await (await httpFixture({ agents }).app.request('/post', HTML)).text();
    expect(text).not.toContain('<script>alert');
    const [, facts = ''] = /id="facts">(.*?)<\/script>/.exec(text) ?? [];
    expect(JSON.parse(facts).agents[0].name).toBe('</script><script>alert(1)</script>');
  });

  test('every example of a check is one', () => {
    expect(CHECK_EXAMPLES.map(({ verify }) => parseCheck(verify).mode)).toEqual(
      CHECK_EXAMPLES.map(({ mode }) => mode),
    );
  });
});

describe('what pages load', () => {
  test('stays small: no page names more than 60 kB of script, compressed, nor does the front page with what it loads later', async () => {
    const { assets, metafile } = await buildPages();
    const { file } = readAssets(JSON.stringify(assets));
    const size = (path: string) => file(path.replace(/^.*\//, ''))?.gzip.length ?? Number.NaN;
    const sum = (paths: Iterable<string>) => [...paths].reduce((total, path) => total + size(path), 0);
    for (const [name, { src, preload }] of Object.entries(assets.islands)) {
      const site = assets.islands.site;
      expect(sum(new Set([src, ...preload, site?.src ?? '', ...(site?.preload ?? [])])), name).toBeLessThan(
        60_000,
      );
    }
    const everything = (path: string, seen = new Set<string>()): Set<string> => {
      seen.add(path);
      for (const one of metafile.outputs[path]?.imports ?? [])
        if (!seen.has(one.path)) everything(one.path, seen);
      return seen;
    };
    const market = assets.islands.market?.src.slice(1) ?? '';
    expect(sum(everything(market))).toBeLessThan(60_000);
  });

  test('is served compressed, for ever, and plain to who cannot open it', async () => {
    const { assets } = await buildPages();
    const { app } = httpFixture({ assets: readAssets(JSON.stringify(assets)) });
    const packed = await app.request(assets.style, { headers: { 'accept-encoding': 'gzip, br' } });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(packed.headers.get('cache-control')).toContain('immutable');
    const plain = await app.request(assets.style);
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(await plain.text()).toContain(':root');
  });
});
