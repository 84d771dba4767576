import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { renderMetrics } from '../../src/http/metrics.ts';
import { HEALTH_TIMEOUT_MS, METRICS_WINDOW_MS } from '../../src/limits.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { insertLedgerLines } from '../../src/store/ledger.ts';
import { httpFixture, NOW_MS, OPEN_LINK, WALLET } from '../support/http.ts';
import { jobRecord } from '../support/records.ts';

const DOWN_LINK = {
  ...OPEN_LINK,
  url: 'wss://down.example',
  state: 'waiting',
  lastFrameAt_ms: null,
} as const;

describe('GET /health', () => {
  test('is ok while every part answers and every link is open', async () => {
    const response = await httpFixture().app.request('/health');
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      status: 'ok',
      draining: false,
      database: 'ok',
      relay: 'ok',
      links: 'ok',
      wallet: 'ok',
      outside_relays: [{ url: OPEN_LINK.url, state: 'open', silent_for_ms: 1500 }],
    });
  });

  test('is degraded, and still in service, while outside relays are out of reach', async () => {
    for (const links of [
      async () => [OPEN_LINK, DOWN_LINK],
      async () => {
        throw new Error('overloaded');
      },
      () => {
        throw new Error('thrown before there was a promise');
      },
    ]) {
      const response = await httpFixture({ links }).app.request('/health');
      expect(response.status).toBe(200);
      expect((await response.json()).status).toBe('degraded');
    }
  });

  test.each([
    ['none', 'ok', async () => null],
    [
      'degraded',
      'degraded',
      async () => ({ ...WALLET, lastFault: 'the wallet did not answer lookup_invoice' }),
    ],
    [
      'failing',
      'degraded',
      async () => {
        throw new Error('gone');
      },
    ],
  ])('a wallet that is %s makes it %s', async (wallet, status, walletStatus) => {
    const response = await httpFixture({ walletStatus }).app.request('/health');
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ status, wallet });
    expect(text).not.toContain('lookup_invoice');
  });

  test('fails with 503 without its database or its relay, says which, and logs why', async () => {
    const noDatabase = httpFixture();
    noDatabase.d1.failure = new Error('database gone');
    const noRelay = httpFixture({
      relayStats: async () => {
        throw new Error('relay gone');
      },
    });
    for (const [{ app, logged }, part] of [
      [noDatabase, 'database'],
      [noRelay, 'relay'],
    ] as const) {
      const response = await app.request('/health');
      expect(response.status).toBe(503);
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ status: 'failing', [part]: 'failing' });
      expect(text).not.toContain('gone');
      expect(logged).toMatchObject([{ level: 'warn', message: `${part} does not answer` }]);
    }
  });

  test('does not wait for ever for a part that never answers', async () => {
    vi.useFakeTimers();
    try {
      const { app } = httpFixture({ relayStats: () => new Promise(() => undefined) });
      const answer = app.request('/health');
      await vi.advanceTimersByTimeAsync(HEALTH_TIMEOUT_MS);
      expect((await answer).status).toBe(503);
    } finally {
      vi.useRealTimers();
    }
  });

  test('says when it is draining', async () => {
    expect((await (await httpFixture({ draining: true }).app.request('/health')).json()).draining).toBe(true);
  });
});

describe('GET /metrics', () => {
  test('shows what models used and cost, where that is counted', async () => {
    const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
    const { app } = httpFixture({
      modelFigures: async () => [
        { model: '@cf/a', usage, cost: { currency: 'usd', amount: 0.25 } },
        { model: 'b', usage, cost: null },
      ],
    });
    const text = await (await app.request('/metrics')).text();
    expect(text).toContain('errand_model_tokens_total{model="@cf/a",direction="input"} 7\n');
    expect(text).toContain('errand_model_tokens_total{model="b",direction="output"} 3\n');
    expect(text).toContain('errand_model_cost_total{model="@cf/a",currency="usd"} 0.25\n');
    expect(text).not.toContain('errand_model_cost_total{model="b"');
    expect(await (await httpFixture().app.request('/metrics')).text()).not.toContain('errand_model');
  });

  test('shows jobs, relay and links as Prometheus text', async () => {
    const { app, d1 } = httpFixture({ links: async () => [OPEN_LINK, DOWN_LINK] });
    const at = (ms: number) => ({ openedAt_ms: NOW_MS - 1000, closedAt_ms: NOW_MS - 1000 + ms });
    await upsertJobs(d1.db, [
      jobRecord(1, at(10)),
      jobRecord(2, at(250)),
      jobRecord(3, at(30)),
      jobRecord(4, { ...at(5), phase: 'failed', error: 'AGENT_ERROR' }),
      jobRecord(5, { agent: 'chat', openedAt_ms: NOW_MS - METRICS_WINDOW_MS - 1 }),
    ]);
    const response = await app.request('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = (await response.text()).split('\n');
    for (const line of [
      'errand_part_up{part="database"} 1',
      'errand_recent_jobs{agent="discover",phase="delivered"} 3',
      'errand_recent_jobs{agent="discover",phase="failed"} 1',
      'errand_recent_job_latency_seconds{agent="discover",quantile="0.5"} 0.03',
      'errand_recent_job_latency_seconds{agent="discover",quantile="0.99"} 0.25',
      'errand_relay_stored_events 12',
      'errand_relay_open_sockets 3',
      'errand_link_up{relay="wss://relay.example"} 1',
      'errand_link_up{relay="wss://down.example"} 0',
      'errand_link_last_frame_timestamp_seconds{relay="wss://relay.example"} 1799999998.5',
      'errand_link_events_received_total{relay="wss://relay.example"} 7',
    ]) {
      expect(lines).toContain(line);
    }
    expect(lines.filter((line) => line.includes('chat'))).toEqual([]);
    expect(lines.filter((line) => line.includes('last_frame') && line.includes('down.example'))).toEqual([]);
  });

  test('shows what stands on each kind of account, and how the wallet is', async () => {
    const { app, d1 } = httpFixture();
    const line = (key: string, account: string, amount_msats: number) => ({
      key,
      account,
      amount_msats,
      at_ms: NOW_MS,
    });
    await insertLedgerLines(d1.db, [
      line('in:a', 'wallet', 21_000),
      line('in:a', 'credit:ann', -21_000),
      line('in:b', 'wallet', 5_000),
      line('in:b', 'credit:bob', -5_000),
      line('lend:x', 'owing:bob', 700),
      line('lend:x', 'job:x', -700),
    ]);
    const scrape = async () => (await (await app.request('/metrics')).text()).split('\n');
    const lines = await scrape();
    for (const line of [
      'errand_part_up{part="ledger"} 1',
      'errand_part_up{part="wallet"} 1',
      'errand_ledger_balance_msats{account="wallet"} 26000',
      'errand_ledger_balance_msats{account="credit"} 26000',
      'errand_ledger_balance_msats{account="owing"} 700',
      'errand_ledger_balance_msats{account="job"} 700',
      'errand_ledger_balance_msats{account="payee"} 0',
      'errand_ledger_balance_msats{account="transit"} 0',
      'errand_ledger_balance_msats{account="sending"} 0',
      'errand_ledger_imbalance_msats 0',
      'errand_wallet_up 1',
      'errand_wallet_watches 2',
      'errand_wallet_calls_waiting 1',
      'errand_wallet_last_answer_timestamp_seconds 1799999997.5',
    ])
      expect(lines).toContain(line);
    // No client is named: a label of strangers would grow without end.
    expect(lines.join()).not.toMatch(/ann|bob/);
    await insertLedgerLines(d1.db, [line('in:c', 'wallet', 3)]);
    expect(await scrape()).toContain('errand_ledger_imbalance_msats 3');
  });

  test('says when the wallet does not answer, and nothing of a wallet that is not there', async () => {
    const metrics = async (walletStatus: () => Promise<typeof WALLET | null>) =>
      await (await httpFixture({ walletStatus }).app.request('/metrics')).text();
    const silent = await metrics(async () => ({ ...WALLET, lastAnswerAt_ms: null, lastFault: 'late' }));
    expect(silent).toContain('errand_wallet_up 0\n');
    expect(silent).not.toContain('last_answer');
    expect(await metrics(async () => null)).not.toContain('errand_wallet_');
  });

  test('shows the parts that answer when another does not', async () => {
    const { app, d1 } = httpFixture();
    d1.failure = new Error('gone');
    const text = await (await app.request('/metrics')).text();
    expect(text).toContain('errand_part_up{part="database"} 0');
    expect(text).toContain('errand_link_up');
    expect(text).not.toContain('errand_recent_jobs');
  });

  test('renderMetrics writes lines that parse back to the same labels, whatever the values hold', () => {
    const label = fc.string({ unit: 'binary' }).filter((text) => !/[\r\u2028\u2029]/.test(text));
    fc.assert(
      fc.property(label, label, fc.double({ noNaN: true, noDefaultInfinity: true }), (a, b, value) => {
        const text = renderMetrics([
          { name: 'x', help: a, type: 'gauge', samples: [{ labels: { a, b }, value }] },
        ]);
        const [help, type, sample, end, ...rest] = text.split('\n');
        expect([type, end, rest]).toEqual(['# TYPE x gauge', '', []]);
        expect(help?.startsWith('# HELP x ')).toBe(true);
        const [, quotedA = '', quotedB = '', number] =
          /^x\{a="((?:[^"\\]|\\.)*)",b="((?:[^"\\]|\\.)*)"\} (\S+)$/su.exec(sample ?? '') ?? [];
        const unquote = (quoted: string) =>
          quoted.replace(/\\(.)/gs, (_, letter) => (letter === 'n' ? '\n' : letter));
        expect([unquote(quotedA), unquote(quotedB)]).toEqual([a, b]);
        expect(Number(number)).toBe(value + 0);
      }),
      { seed: 10 },
    );
  });
});
