import { createHash } from 'node:crypto';
import { Validator } from '@cfworker/json-schema';
import { describe, expect, test } from 'vitest';
import { JobError } from '../../src/errors.ts';
import { OPERATIONS, openApiDocument } from '../../src/http/openapi.ts';
import type { AccountPorts, RunPorts } from '../../src/http/ports.ts';
import { HTTP_MAX_BODY_BYTES } from '../../src/limits.ts';
import { msats } from '../../src/payment/msats.ts';
import { blockKey } from '../../src/store/blocked.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { insertLedgerLines } from '../../src/store/ledger.ts';
import { accountDouble } from '../support/account-double.ts';
import { doorRequests } from '../support/door-requests.ts';
import { person } from '../support/events.ts';
import { httpFixture, NOW_MS, OPERATOR, paymentDoor, QUIET_WALLET } from '../support/http.ts';
import { httpToken } from '../support/http-token.ts';
import { hexOf, jobRecord } from '../support/records.ts';
import { signedRequest } from '../support/signed-request.ts';
import { LISTING_REQUESTS, seedListings } from './openapi-listing.ts';
import { PROGRAM_REQUESTS } from './openapi-programs.ts';

const CLIENT = person('client').publicKey;
const LEDGER = '/operator/ledger';
const JOB = `/jobs/${hexOf(1)}`;
const QUOTE = '/agents/chat/quote';
const asked = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const TEXT = 'a text';
const HASH = createHash('sha256').update(TEXT).digest('hex');
const runs: RunPorts = {
  record: async () => ({ entries: [], more: false }),
  artifact: async (_session, _job, sha256) => (sha256 === HASH ? TEXT : null),
};
const spent = { leave: async () => NOW_MS + 60_000 };
const away = async () => {
  throw new JobError('SERVICE_UNAVAILABLE', 'away');
};
const refund: AccountPorts['refund'] = async (_, id) => ({
  id,
  state: 'returned',
  amount: msats(1_000),
  destination: null,
  problem: 'not_delivered',
  openedAt_ms: NOW_MS,
  closedAt_ms: NOW_MS,
});
const token = httpToken('client', `https://market.example${JOB}`, 'DELETE', NOW_MS);

/**
 * Goal: openapi.json is true. Method: every operation is asked in every way that leads to a different answer, and
 * each answer is held against what the served document says of that path, method, status and media type, by a
 * JSON Schema validator; every response that is documented has to have occurred. Does not prove anything of the
 * bodies whose shape is defined elsewhere (cards, events).
 */
describe('openapi.json', () => {
  const requests: Asked[] = [
    ['/', '/', { headers: { accept: 'text/html' } }],
    ['/', '/', { headers: { accept: 'application/nostr+json' } }],
    ['/.well-known/nostr.json', '/.well-known/nostr.json'],
    ['/arena', '/arena'],
    ['/arena', '/arena', { headers: { accept: 'text/html' } }],
    ['/jobs', '/jobs', { headers: { accept: 'text/html' } }],
    ['/jobs/{id}', JOB, { headers: { accept: 'text/html' } }],
    ['/post', '/post?agent=chat', { headers: { accept: 'text/html' } }],
    ['/agents/{slug}/quote', QUOTE, asked({ request: { messages: [{ role: 'user', content: 'hi' }] } })],
    ['/agents/{slug}/quote', QUOTE, asked({ request: {} })],
    [
      '/agents/{slug}/quote',
      QUOTE,
      asked({
        request: { messages: [{ role: 'user', content: 'hi' }] },
        contract: { payment_amount_sats: 1 },
      }),
    ],
    ['/agents/{slug}/quote', '/agents/nobody/quote', asked({ request: {} })],
    ['/agents/{slug}/quote', QUOTE, asked({ request: { text: 'x'.repeat(HTTP_MAX_BODY_BYTES) } })],
    [
      '/agents/{slug}/quote',
      QUOTE,
      asked({ request: { messages: [{ role: 'user', content: 'hi' }], parameters: { temperature: 3 } } }),
    ],
    ['/assets/{file}', '/assets/site-00000000.js'],
    ['/assets/{file}', '/assets/style-00000000.css'],
    ['/assets/{file}', '/assets/style-of-yesterday.css'],
    ['/agents', '/agents'],
    ['/agents', '/agents', { headers: { accept: 'text/html' } }],
    ['/agents', '/agents?limit=none'],
    ['/agents/{slug}', '/agents/discover'],
    ['/agents/{slug}', '/agents/discover', { headers: { accept: 'text/html' } }],
    ['/agents/{slug}', '/agents/nobody'],
    ['/agents/{slug}/card.json', '/agents/discover/card.json'],
    ['/agents/{slug}/card.json', '/agents/discover/card.json', { headers: { 'if-none-match': '*' } }],
    ['/agents/{slug}/card.json', '/agents/nobody/card.json'],
    ['/agents/{slug}/parameters.json', '/agents/discover/parameters.json'],
    [
      '/agents/{slug}/parameters.json',
      '/agents/discover/parameters.json',
      { headers: { 'if-none-match': '*' } },
    ],
    ['/agents/{slug}/parameters.json', '/agents/nobody/parameters.json'],
    ['/jobs', '/jobs'],
    ['/jobs', '/jobs?limit=1'],
    ['/jobs', '/jobs?phase=none'],
    ['/jobs/{id}', JOB],
    ['/jobs/{id}', `/jobs/${hexOf(2)}`],
    ['/jobs/{id}', `/jobs/${hexOf(3)}`],
    ['/jobs/{id}', `/jobs/${hexOf(99)}`],
    ['/jobs/{id}', JOB, undefined, 'database'],
    ['/jobs/{id}/events', `${JOB}/events`],
    ['/jobs/{id}/events', `${JOB}/events`, { headers: { 'last-event-id': 'x' } }],
    ['/jobs/{id}/events', `/jobs/${hexOf(99)}/events`],
    ['/jobs/{id}', JOB, { method: 'DELETE', headers: { authorization: token } }],
    ['/jobs/{id}', JOB, { method: 'DELETE' }],
    ['/jobs/{id}', `/jobs/${hexOf(2)}`, { method: 'DELETE', headers: { authorization: tokenFor(2) } }],
    ['/jobs/{id}', `/jobs/${hexOf(99)}`, { method: 'DELETE', headers: { authorization: tokenFor(99) } }],
    ['/jobs/{id}', JOB, { method: 'DELETE', body: new Uint8Array(200_000) }],
    ['/jobs/{id}/trace', `${JOB}/trace`, asking('client', `${JOB}/trace`)],
    ['/jobs/{id}/trace', `${JOB}/trace?after=x`, asking('client', `${JOB}/trace?after=x`)],
    ['/jobs/{id}/trace', `${JOB}/trace`, asking('stranger', `${JOB}/trace`)],
    ['/jobs/{id}/trace', `${JOB}/trace`],
    ['/jobs/{id}/report.md', `${JOB}/report.md`, asking(OPERATOR, `${JOB}/report.md`)],
    ['/jobs/{id}/report.md', `${JOB}/report.md`, asking('stranger', `${JOB}/report.md`)],
    ['/jobs/{id}/report.md', `${JOB}/report.md`],
    ['/jobs/{id}/artifact/{sha256}', `${JOB}/artifact/${HASH}`],
    ['/jobs/{id}/artifact/{sha256}', `${JOB}/artifact/${HASH}`, { headers: { 'if-none-match': '*' } }],
    ['/jobs/{id}/artifact/{sha256}', `${JOB}/artifact/${hexOf(9)}`],
    ['/account', '/account', signed('GET', '/account')],
    ['/account', '/account'],
    ['/account/invoices', '/account/invoices', signed('POST', '/account/invoices', '{"amount_msats":1000}')],
    ['/account/invoices', '/account/invoices', signed('POST', '/account/invoices', '{"amount_msats":1}')],
    ['/account/invoices', '/account/invoices', { method: 'POST' }],
    ['/account/invoices', '/account/invoices', { method: 'POST', body: new Uint8Array(200_000) }],
    ['/account/invoices', '/account/invoices', signed('POST', '/account/invoices', '{}'), spent],
    [
      '/account/invoices',
      '/account/invoices',
      signed('POST', '/account/invoices', '{"amount_msats":1000}'),
      { invoice: away },
    ],
    ['/account/refunds', '/account/refunds', signed('POST', '/account/refunds', '')],
    ['/account/refunds', '/account/refunds', signed('POST', '/account/refunds', '{"bolt11":"lnbc1"}')],
    ['/account/refunds', '/account/refunds', signed('POST', '/account/refunds', '{"amount_msats":21501}')],
    ['/account/refunds', '/account/refunds', { method: 'POST' }],
    ['/account/refunds', '/account/refunds', { method: 'POST', body: new Uint8Array(200_000) }],
    ['/account/refunds', '/account/refunds', signed('POST', '/account/refunds', ''), spent],
    [
      '/account/refunds',
      '/account/refunds',
      signed('POST', '/account/refunds', '{"nwc":"x"}'),
      { guestInvoice: away },
    ],
    ['/account/refunds/{id}', '/account/refunds/r', signed('GET', '/account/refunds/r'), { refund }],
    ['/account/refunds/{id}', '/account/refunds/r', signed('GET', '/account/refunds/r')],
    ['/account/refunds/{id}', '/account/refunds/r'],
    [
      '/account/refunds/{id}',
      '/account/refunds/r',
      signed('DELETE', '/account/refunds/r'),
      { cancelRefund: refund },
    ],
    [
      '/account/refunds/{id}',
      '/account/refunds/r',
      signed('DELETE', '/account/refunds/r'),
      { cancelRefund: async () => ({ code: 'BAD_REQUEST', message: 'it is on its way' }) },
    ],
    ['/account/refunds/{id}', '/account/refunds/r', signed('DELETE', '/account/refunds/r')],
    ['/account/refunds/{id}', '/account/refunds/r', { method: 'DELETE' }],
    ['/account/refunds/{id}', '/account/refunds/r', { method: 'DELETE', body: new Uint8Array(200_000) }],
    ['/.well-known/lnurlp/{slug}', '/.well-known/lnurlp/discover'],
    ['/.well-known/lnurlp/{slug}', '/.well-known/lnurlp/nobody'],
    ['/lnurlp/{slug}/callback', '/lnurlp/discover/callback?amount=21000'],
    ['/lnurlp/{slug}/callback', '/lnurlp/discover/callback?amount=21000&comment=job'],
    ['/lnurlp/{slug}/callback', '/lnurlp/discover/callback?amount=0'],
    ['/lnurlp/{slug}/callback', '/lnurlp/nobody/callback?amount=21000'],
    ['/lnurlp/{slug}/verify/{account}/{hash}', `/lnurlp/discover/verify/tips/${hexOf(1)}`],
    ['/lnurlp/{slug}/verify/{account}/{hash}', `/lnurlp/discover/verify/tips/${hexOf(2)}`],
    ['/lnurlp/{slug}/verify/{account}/{hash}', `/lnurlp/discover/verify/tips/x`],
    ['/lnurlp/{slug}/verify/{account}/{hash}', `/lnurlp/nobody/verify/tips/${hexOf(1)}`],
    ['/health', '/health'],
    ['/health', '/health', undefined, 'database'],
    ['/metrics', '/metrics'],
    ['/operator/ledger', LEDGER, asking(OPERATOR, LEDGER)],
    ['/operator/ledger', LEDGER, asking(OPERATOR, LEDGER), 'ledger'],
    ['/operator/ledger', LEDGER, asking(OPERATOR, LEDGER), 'wallet'],
    ['/operator/ledger', LEDGER, asking(OPERATOR, LEDGER), 'no operator'],
    ['/operator/ledger', LEDGER, asking('client', LEDGER)],
    ['/operator/ledger', LEDGER],
    ['/operator/ledger', `${LEDGER}?grace_s=-1`, asking(OPERATOR, `${LEDGER}?grace_s=-1`)],
    ...operatorRequests(),
    ['/jobs/{id}/run', `${JOB}/run`],
    ['/jobs/{id}/run', '/jobs/x/run'],
    ['/agents/{slug}/figures', '/agents/discover/figures'],
    ['/agents/{slug}/figures', '/agents/discover/figures?by=year'],
    ['/agents/{slug}/figures', '/agents/nobody/figures'],
    ['/agents/{slug}/reviews', '/agents/discover/reviews'],
    ['/agents/{slug}/reviews', '/agents/discover/reviews?cursor=x'],
    ['/agents/{slug}/reviews', '/agents/nobody/reviews'],
    ...LISTING_REQUESTS.map((asked): (typeof requests)[number] => {
      const [path, request, init, isSpent] = asked;
      return isSpent === true ? [path, request, init, spent] : [path, request, init];
    }),
    ['/operator/agents', '/operator/agents', undefined, 'no operator'],
    ['/openapi.json', '/openapi.json'],
    ['/openapi.json', '/openapi.json', { headers: { 'if-none-match': '*' } }],
    ...PROGRAM_REQUESTS,
  ];

  test('describes every answer of every operation', async () => {
    const document = await (await httpFixture().app.request('/openapi.json')).json();
    const occurred = new Set<string>();
    const doors = await doorRequests(CLIENT, signed);
    for (const [path, request, init, broken] of [...requests, ...doors.requests]) {
      const { app, d1 } = httpFixture({
        ...doors.ports,
        ...faultsOf(broken),
        runs,
        payments: paymentDoor().door,
      });
      await upsertJobs(d1.db, [
        jobRecord(1, { client: CLIENT }),
        jobRecord(2, { phase: 'running', closedAt_ms: null, startedAt_ms: null, resultEventId: null }),
        jobRecord(3, {
          phase: 'failed',
          error: 'MODEL_ERROR',
          sealing: 'nip44',
          dialect: 'nip90',
          kind: 5300,
        }),
      ]);
      await blockKey(d1.db, { pubkey: hexOf(3), reason: '', at_ms: NOW_MS });
      if (LISTING_REQUESTS.some(([, one]) => one === request))
        await seedListings(d1.db, String(init?.body).includes('one-more'));
      if (broken === 'ledger')
        await insertLedgerLines(d1.db, [
          { key: `in:${hexOf(7)}`, account: 'wallet', amount_msats: 5, at_ms: NOW_MS },
          { key: `in:${hexOf(8)}`, account: 'wallet', amount_msats: 5, at_ms: NOW_MS - 1_000_000 },
          { key: `in:${hexOf(8)}`, account: 'credit:ann', amount_msats: -5, at_ms: NOW_MS - 1_000_000 },
        ]);
      if (broken === 'database') d1.failure = new Error('gone');
      const method = (init?.method ?? 'GET').toLowerCase();
      const response = await app.request(request, init);
      const body = await response.text();
      const about = `${method} ${request} ${response.status}: ${body.slice(0, 200)}`;
      const responses = document.paths[path]?.[method]?.responses;
      const status =
        responses?.[response.status] === undefined && response.status === 500 ? 'default' : response.status;
      const described = responses?.[status];
      expect(described, about).toBeDefined();
      const type = (response.headers.get('content-type') ?? '').replace(/; charset=utf-8$/i, '');
      if (described.content === undefined) {
        expect(body, about).toBe('');
        occurred.add(`${method} ${path} ${status}`);
        continue;
      }
      const [mediaType, { schema }] = Object.entries<{ schema: object }>(described.content).find(
        ([name]) => name.replace(/; charset=utf-8$/i, '') === type,
      ) ?? [undefined, { schema: { not: {} } }];
      const value = /json$/.test(type) ? JSON.parse(body) : body;
      const result = new Validator({ ...schema, components: document.components }, '2020-12').validate(value);
      expect(result, about).toMatchObject({ valid: true });
      occurred.add(`${method} ${path} ${status} ${mediaType}`);
    }
    const documented = Object.entries<Record<string, { responses: Record<string, { content?: object }> }>>(
      document.paths,
    ).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.entries(responses)
          .filter(([status]) => status !== 'default')
          .flatMap(([status, { content }]) =>
            content === undefined
              ? [`${method} ${path} ${status}`]
              : Object.keys(content).map((type) => `${method} ${path} ${status} ${type}`),
          ),
      ),
    );
    expect([...occurred].filter((one) => !one.includes(' default ')).sort()).toEqual(documented.sort());
  });

  test('names exactly the routes there are', () => {
    const { app } = httpFixture();
    const routes = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`);
    const documented = OPERATIONS.map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(routes)].sort()).toEqual(documented.toSorted());
    expect(new Set(documented).size).toBe(documented.length);
  });

  test('refers only to schemas it holds, and keeps no identifier that would move its references', () => {
    const text = JSON.stringify(openApiDocument('https://market.example'));
    const { schemas } = JSON.parse(text).components;
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
    expect(references.length).toBeGreaterThan(0);
    for (const target of references)
      expect(Object.keys(schemas)).toContain(target?.replace('#/components/schemas/', ''));
    expect(text).not.toMatch(/"\$(id|schema)":/);
  });
});

type Asked = [
  path: string,
  request: string,
  init?: RequestInit | undefined,
  broken?: 'database' | 'no operator' | 'wallet' | 'ledger' | Partial<AccountPorts>,
];

/** Every answer of the operator's tables and levers. */
function operatorRequests(): Asked[] {
  const tables = '/operator/tables';
  const blocked = '/operator/blocked';
  const one = `${blocked}/${hexOf(3)}`;
  const block = (body: string) => signed('POST', blocked, body, OPERATOR);
  const levers: [string, string, RequestInit, string][] = [
    [blocked, blocked, block(JSON.stringify({ pubkey: hexOf(3) })), 'POST'],
    [`${blocked}/{pubkey}`, one, signed('DELETE', one, undefined, OPERATOR), 'DELETE'],
  ];
  return [
    ['/operator', '/operator'],
    [tables, tables, asking(OPERATOR, tables)],
    [tables, tables, asking(OPERATOR, tables), 'no operator'],
    [tables, tables, asking('client', tables)],
    [tables, tables],
    ...['/limits', '/limits?format=csv', '/limits?format=x', '/nothing'].map(
      (path): Asked => [`${tables}/{table}`, `${tables}${path}`, asking(OPERATOR, `${tables}${path}`)],
    ),
    [`${tables}/{table}`, `${tables}/limits`, asking('client', `${tables}/limits`)],
    [`${tables}/{table}`, `${tables}/limits`],
    ...levers.flatMap(([path, request, init, method]): Asked[] => [
      [path, request, init],
      [path, request, init, 'no operator'],
      [path, request, signed(method, request)],
      [path, request, { method }],
      [path, request, { method, body: new Uint8Array(200_000) }],
    ]),
    [blocked, blocked, block('{}')],
  ];
}

/** A request that somebody signed. */
function signed(method: string, path: string, body?: string, who = 'client'): RequestInit {
  return signedRequest(who, method, path, NOW_MS, body);
}

function asking(who: string, path: string): RequestInit {
  return { headers: { authorization: httpToken(who, `https://market.example${path}`, 'GET', NOW_MS) } };
}

function faultsOf(broken: string | Partial<AccountPorts> | undefined): Parameters<typeof httpFixture>[0] {
  if (typeof broken === 'object') return { account: accountDouble(broken) };
  if (broken === 'no operator') return { operatorPubkey: null };
  const silent = async () => ({ type: 'unknown', reason: 'late' }) as const;
  return broken === 'wallet' ? { wallet: { ...QUIET_WALLET, list: silent } } : {};
}

function tokenFor(job: number): string {
  return httpToken('client', `https://market.example/jobs/${hexOf(job)}`, 'DELETE', NOW_MS);
}
