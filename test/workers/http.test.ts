import { env } from 'cloudflare:workers';
import { beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { createApp } from '../../src/http/app.ts';
import type { HttpPorts } from '../../src/http/ports.ts';
import { DEFAULT_AGENT_KINDS } from '../../src/nostr/kinds.ts';
import { checkLedger } from '../../src/payment/ledger-check.ts';
import { msats } from '../../src/payment/msats.ts';
import { openDb } from '../../src/store/db.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { insertLedgerLines } from '../../src/store/ledger.ts';
import { pageAssets } from '../../workers/assets.ts';
import { accountDouble } from '../support/account-double.ts';
import { listingDouble } from '../support/listing-double.ts';
import { noPurses } from '../support/no-purses.ts';
import { operatorDouble } from '../support/operator-double.ts';
import { hexOf, jobRecord } from '../support/records.ts';

/**
 * Goal: the API works in workerd over a real D1, with the migrations wrangler would apply. Method: the app with the
 * platform's database and streams; only the other objects are doubles. Does not prove the
 * wiring of the Worker, which the black-box tests start as a whole.
 */
const db = openDb(env.DB);
let cancelled = 0;
const ports: HttpPorts = {
  publicUrl: 'https://market.example',
  relays: ['wss://market.example'],
  account: accountDouble(),
  ...noPurses(),
  operator: operatorDouble(db),
  kinds: DEFAULT_AGENT_KINDS,
  marketplacePubkey: hexOf(0x5e1f),
  quote: () => ({ max: msats(0), fixed: true, checked: false }),
  verdict: async () => null,
  agents: [],
  listings: listingDouble(db),
  developmentMoney: false,
  assets: pageAssets(),
  draining: false,
  background: () => undefined,
  arena: readConfig({ LOCAL: '1' }).arena,
  db,
  operatorPubkey: null,
  wallet: null,
  walletStatus: async () => null,
  clock: () => jobRecord(250).openedAt_ms,
  newRequestId: () => crypto.randomUUID(),
  log: (entry) => console.error(entry),
  relayInformation: () => ({ name: 'errand' }),
  card: async () => ({ cardJson: '{}', cardHash: hexOf(0) }),
  liveJob: async () => undefined,
  jobEvents: async (_, afterSeq) =>
    new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode(`id: ${afterSeq + 1}\ndata: {}\n\n`)),
      cancel: () => {
        cancelled++;
      },
    }),
  eraseJob: async () => undefined,
  runs: { record: async () => null, artifact: async () => null },
  links: async () => [],
  payments: null,
  modelFigures: async () => [],
  relayStats: async () => ({ events: 1 }),
};
const app = createApp(ports);

beforeAll(async () => {
  const records = Array.from({ length: 250 }, (_, n) =>
    jobRecord(n, { agent: n % 10 === 0 ? 'chat' : 'discover', phase: n === 3 ? 'failed' : 'delivered' }),
  );
  await upsertJobs(db, records);
});

/** Every job under a path, page by page. */
async function walk(path: string): Promise<string[]> {
  const met: string[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const response: Response = await app.request(next);
    expect(response.status).toBe(200);
    const { jobs } = await response.json<{ jobs: { id: string }[] }>();
    met.push(...jobs.map(({ id }) => id));
    next = response.headers.get('link')?.match(/^<(.*)>; rel="next"$/)?.[1];
  }
  return met;
}

test('250 jobs are written in one call and listed newest first, page by page', async () => {
  const all = Array.from({ length: 250 }, (_, n) => hexOf(249 - n));
  expect(await walk('/jobs?limit=60')).toEqual(all);
  expect(await walk('/jobs?agent=chat&limit=7')).toEqual(all.filter((_, n) => (249 - n) % 10 === 0));
  expect(await walk('/jobs?phase=failed')).toEqual([hexOf(3)]);
});

test('one job, health and metrics come from the same database', async () => {
  const job = await (await app.request(`/jobs/${hexOf(3)}`)).json();
  expect(job).toMatchObject({ phase: 'failed', agent: 'discover', latency_ms: 40 });
  expect((await app.request('/health')).status).toBe(200);
  const metrics = await (await app.request('/metrics')).text();
  expect(metrics).toContain('errand_recent_jobs{agent="discover",phase="delivered"} 224');
});

test('a reader who leaves a stream of events ends it', async () => {
  const response = await app.request(`/jobs/${hexOf(1)}/events`, { headers: { 'last-event-id': '6' } });
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect(new TextDecoder().decode(first?.value)).toBe('id: 7\ndata: {}\n\n');
  await reader?.cancel();
  expect(cancelled).toBe(1);
});

test('the ledger is summed and checked by D1 itself', async () => {
  const now_ms = ports.clock();
  const old = (key: string, account: string, amount_msats: number) => ({
    key,
    account,
    amount_msats,
    at_ms: now_ms - 1_000_000,
  });
  await insertLedgerLines(db, [
    old(`in:${hexOf(1)}`, 'wallet', 21_000),
    old(`in:${hexOf(1)}`, 'credit:ann', -21_000),
    old('end:x', 'credit:bob', 5),
    old('end:x', 'revenue', -5),
    old('end:y', 'revenue', -3),
  ]);
  const metrics = async () => await (await app.request('/metrics')).text();
  for (let scrape = 0; scrape < 2; scrape++)
    expect(await metrics()).toMatch(/^errand_ledger_balance_msats\{account="credit"\} 20995$/m);
  await insertLedgerLines(db, [old('end:z', 'revenue', 3)]);
  expect(await metrics()).toMatch(/^errand_ledger_balance_msats\{account="revenue"\} 5$/m);

  const wallet = {
    list: async () => ({ type: 'ok', value: [] }) as const,
    lookup: async () => ({ type: 'ok', value: null }) as const,
    balance: async () => ({ type: 'failed', code: 'NOT_IMPLEMENTED', message: '' }) as const,
  };
  const check = await checkLedger({ db, wallet, now_ms }, 0);
  expect(check.type === 'checked' && check.differences).toMatchObject([
    { code: 'unbalanced_entry', about: 'end:y', books: -3n },
    { code: 'unbalanced_entry', about: 'end:z', books: 3n },
    { code: 'not_in_wallet', paymentHash: hexOf(1), books: 21_000n },
    { code: 'below_nothing', about: 'credit:bob', books: -5n },
  ]);
});
