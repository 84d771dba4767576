/**
 * Goal: a run's record, report and texts reach who may have them, whole and in order, and nobody else learns anything.
 * Method: the record of a scripted run behind ports that give out a few entries at a time; tokens by made-up people.
 */
import { describe, expect, test } from 'vitest';
import { traceJsonl } from '../../src/agent/team/export/jsonl.ts';
import { traceMarkdown } from '../../src/agent/team/export/markdown.ts';
import type { RunPorts } from '../../src/http/ports.ts';
import { sha256Hex } from '../../src/nostr/event.ts';
import type { JobRecord } from '../../src/store/job-record.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { improving, play } from '../agent/team/world.ts';
import { person } from '../support/events.ts';
import { httpFixture, NOW_MS, OPERATOR } from '../support/http.ts';
import { httpToken } from '../support/http-token.ts';
import { hexOf, jobRecord } from '../support/records.ts';

const { entries } = play({ script: (effect, quality) => improving(effect, quality) });
const JOB = `/jobs/${hexOf(1)}`;
const PAGE = 3;
const versions = entries.flatMap(({ fact }) => (fact.type === 'version' ? [fact] : []));
const first = versions[0];
if (first === undefined) throw new Error('the run made nothing');
const { text } = first;
const HASH = sha256Hex(text);

async function market(over: Partial<JobRecord> = {}, runs: Partial<RunPorts> = {}) {
  const asked: number[] = [];
  const texts: string[] = [];
  const fixture = httpFixture({
    runs: {
      async record(session, jobId, after) {
        if (session !== 'discover:1' || jobId !== hexOf(1)) return null;
        asked.push(after);
        const behind = entries.filter(({ seq }) => seq > after);
        return { entries: behind.slice(0, PAGE), more: behind.length > PAGE };
      },
      async artifact(_session, jobId, sha256) {
        texts.push(sha256);
        if (jobId !== hexOf(1)) return null;
        return versions.find((fact) => sha256Hex(fact.text) === sha256)?.text ?? null;
      },
      ...runs,
    },
  });
  await upsertJobs(fixture.d1.db, [
    jobRecord(1, { client: person('client').publicKey, ...over }),
    jobRecord(2),
  ]);
  const ask = async (path: string, who: string | null = 'client', init: RequestInit = {}) => {
    const method = init.method ?? 'GET';
    const headers = new Headers(init.headers);
    if (who !== null)
      headers.set('authorization', httpToken(who, `https://market.example${path}`, method, NOW_MS));
    return await fixture.app.request(path, { ...init, headers });
  };
  return { ...fixture, ask, asked, texts };
}

describe('GET /jobs/:id/trace', () => {
  test.each(['client', OPERATOR])('gives the %s the whole record as JSON Lines', async (who) => {
    const { ask, asked } = await market();
    const response = await ask(`${JOB}/trace`, who);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/jsonl');
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    expect(await response.text()).toBe(traceJsonl(entries));
    expect(asked).toEqual(entries.map((_, at) => at).filter((at) => at % PAGE === 0));
  });

  test('goes on behind an entry, without costs that would be those of a part', async () => {
    const { ask } = await market();
    const rest = await (await ask(`${JOB}/trace?after=5`)).text();
    const whole = traceJsonl(entries);
    const lines = whole.split('\n').slice(5, entries.length);
    expect(rest).toBe(lines.map((line) => `${line}\n`).join(''));
    expect(await (await ask(`${JOB}/trace?after=${entries.length}`)).text()).toBe('');
  });

  test('reads no further than its reader', async () => {
    const { ask, asked } = await market();
    const reader = (await ask(`${JOB}/trace`)).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  test('ends where a page says that there is more and brings nothing', async () => {
    const { ask } = await market({}, { record: async () => ({ entries: [], more: true }) });
    expect(await (await ask(`${JOB}/trace`)).text()).toBe('');
  });

  test('sends no body for HEAD, and asks for no second page', async () => {
    const { ask, asked } = await market();
    const response = await ask(`${JOB}/trace`, 'client', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(asked).toEqual([0]);
  });

  test.each(['?after=-1', '?after=x', '?since=1'])('refuses the query %s', async (query) => {
    const { ask } = await market();
    const response = await ask(`${JOB}/trace${query}`);
    expect([response.status, (await response.json()).code]).toEqual([400, 'BAD_REQUEST']);
  });
});

describe('GET /jobs/:id/report.md', () => {
  test.each(['client', OPERATOR])('gives the %s the report for people', async (who) => {
    const { ask, texts } = await market();
    const response = await ask(`${JOB}/report.md`, who);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    const report = await response.text();
    expect(report).toBe(traceMarkdown(entries));
    expect(report).toContain('## Result');
    expect(texts).toHaveLength(1);
  });

  test('of a run that is not over has no result', async () => {
    const record = async () => ({ entries: entries.slice(0, 9), more: false });
    const { ask } = await market({}, { record });
    const report = await (await ask(`${JOB}/report.md`)).text();
    expect(report).toContain('It is still running.');
    expect(report).not.toContain('## Result');
  });
});

describe.each(['trace', 'report.md'])('GET /jobs/:id/%s', (what) => {
  test('wants a token', async () => {
    const { ask } = await market();
    const response = await ask(`${JOB}/${what}`, null);
    expect([response.status, (await response.json()).code]).toEqual([401, 'UNAUTHORIZED']);
  });

  test('tells strangers of a run what it tells of one that does not exist', async () => {
    const answers: unknown[] = [];
    for (const [path, who] of [
      [JOB, 'stranger'],
      [`/jobs/${hexOf(99)}`, 'stranger'],
      [`/jobs/${hexOf(99)}`, 'client'],
      ['/jobs/nonsense', OPERATOR],
      // A job that is no run.
      [`/jobs/${hexOf(2)}`, OPERATOR],
    ] as const) {
      const { ask, asked } = await market({ sealing: 'nip44' });
      const response = await ask(`${path}/${what}`, who);
      const { request_id: _, ...problem } = await response.json();
      answers.push([response.status, problem]);
      expect(asked).toEqual([]);
    }
    expect(answers[0]).toMatchObject([404, { code: 'NOT_FOUND' }]);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });
});

describe('GET /jobs/:id/artifact/:sha256', () => {
  test('gives a text to whoever knows its hash, to be kept for good and never taken for a page', async () => {
    const { ask } = await market();
    const response = await ask(`${JOB}/artifact/${HASH}`, null);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(text);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/markdown; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      etag: `"${HASH}"`,
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="${HASH}.md"`,
    });
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('answers 304 to who has it', async () => {
    const { ask } = await market();
    const headers = { 'if-none-match': `"${HASH}"` };
    const response = await ask(`${JOB}/artifact/${HASH}`, null, { headers });
    expect([response.status, await response.text()]).toEqual([304, '']);
  });

  test.each(['nip44', 'nip04', 'giftwrap'] as const)(
    'of a job by %s is in no shared cache',
    async (sealing) => {
      const { ask } = await market({ sealing });
      const response = await ask(`${JOB}/artifact/${HASH}`, null);
      expect(response.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    },
  );

  test('is not there by another hash, of another job, or by what is no hash', async () => {
    const { ask, texts } = await market();
    const paths = [`${JOB}/artifact/${hexOf(9)}`, `/jobs/${hexOf(2)}/artifact/${HASH}`];
    paths.push(
      `/jobs/${hexOf(99)}/artifact/${HASH}`,
      `${JOB}/artifact/${HASH.toUpperCase()}`,
      `${JOB}/artifact/x`,
    );
    const answers: unknown[] = [];
    for (const path of paths) {
      const response = await ask(path, null);
      const { request_id: _, ...problem } = await response.json();
      answers.push([response.status, problem]);
    }
    expect(answers[0]).toMatchObject([404, { code: 'NOT_FOUND' }]);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    // What is no hash, and what belongs to no job, is not even looked for.
    expect(texts).toEqual([hexOf(9), HASH]);
  });

  test('is never another text than the one that was hashed', async () => {
    const { ask, logged } = await market({}, { artifact: async () => 'something else' });
    expect((await ask(`${JOB}/artifact/${HASH}`, null)).status).toBe(500);
    expect(logged).toHaveLength(1);
  });
});
