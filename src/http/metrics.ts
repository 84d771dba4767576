/**
 * Metrics in the Prometheus text exposition format 0.0.4.
 *
 * Labels come from configuration (agents, relays) and closed lists (phases), never from strangers. Figures of jobs
 * are gauges over the newest stretch of the record: Workers share no memory in which a counter could live.
 */
import { METRICS_MAX_JOBS, METRICS_WINDOW_MS } from '../limits.ts';
import { ACCOUNT_KINDS, inWords } from '../payment/account-kinds.ts';
import type { JobOutcome } from '../store/jobs.ts';
import type { KindSums } from '../store/ledger-report.ts';
import { latenciesOf, quantile } from '../store/reputation.ts';
import type { LinkHealth, ModelFigures, WalletHealth } from './ports.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface Sample {
  readonly labels: { readonly [name: string]: string };
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly samples: readonly Sample[];
}

const WINDOW = `the last ${METRICS_WINDOW_MS / 1000} s (at most ${METRICS_MAX_JOBS} jobs)`;

/** Families as text. A family without samples is left out. */
export function renderMetrics(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) =>
      [
        `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
        `# TYPE ${name} ${type}`,
        ...samples.map(({ labels, value }) => `${name}${renderLabels(labels)} ${value}`),
        '',
      ].join('\n'),
    )
    .join('');
}

function renderLabels(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Which parts answered this scrape. */
export function sourceMetrics(answered: { readonly [part: string]: boolean }): MetricFamily[] {
  return [
    {
      name: 'errand_part_up',
      help: 'Whether a part of the service answered this scrape',
      type: 'gauge',
      samples: Object.entries(answered).map(([part, ok]) => ({ labels: { part }, value: ok ? 1 : 0 })),
    },
  ];
}

/** Jobs by agent and phase, and how long the delivered ones took. */
export function jobMetrics(outcomes: readonly JobOutcome[]): MetricFamily[] {
  const byAgent = [...Map.groupBy(outcomes, ({ agent }) => agent)].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    {
      name: 'errand_recent_jobs',
      help: `Jobs opened in ${WINDOW}, by agent and present phase`,
      type: 'gauge',
      samples: byAgent.flatMap(([agent, jobs]) =>
        [...Map.groupBy(jobs, ({ phase }) => phase)].map(([phase, those]) => ({
          labels: { agent, phase },
          value: those.length,
        })),
      ),
    },
    {
      name: 'errand_recent_job_latency_seconds',
      help: `From request to result, over jobs opened in ${WINDOW}`,
      type: 'gauge',
      samples: byAgent.flatMap(([agent, jobs]) => {
        const latencies = latenciesOf(jobs);
        return [0.5, 0.9, 0.99].flatMap((q) => {
          const latency_ms = quantile(latencies, q);
          return latency_ms === null
            ? []
            : [{ labels: { agent, quantile: String(q) }, value: latency_ms / 1000 }];
        });
      }),
    },
  ];
}

/** The embedded relay's figures, one family each. */
export function relayMetrics(stats: { readonly [name: string]: number }): MetricFamily[] {
  return Object.entries(stats).map(([name, value]) => ({
    name: `errand_relay_${snakeCase(name)}`,
    help: `Embedded relay: ${name}`,
    type: 'gauge',
    samples: [{ labels: {}, value }],
  }));
}

function snakeCase(name: string): string {
  return name
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    .replace(/[^a-z0-9_]/g, '_')
    .replace(/_+/g, '_');
}

/** The links' figures, one sample per outside relay. Counters start again when a link object is started anew. */
export function linkMetrics(links: readonly LinkHealth[]): MetricFamily[] {
  const family = (
    name: string,
    type: MetricFamily['type'],
    help: string,
    value: (link: LinkHealth) => number | null,
  ): MetricFamily => ({
    name: `errand_link_${name}`,
    help,
    type,
    samples: links.flatMap((link) => {
      const figure = value(link);
      return figure === null ? [] : [{ labels: { relay: link.url }, value: figure }];
    }),
  });
  return [
    family('up', 'gauge', 'Whether the link to an outside relay is open', ({ state }) =>
      state === 'open' ? 1 : 0,
    ),
    family(
      'last_frame_timestamp_seconds',
      'gauge',
      'When the relay last sent a frame, Unix time',
      ({ lastFrameAt_ms }) => (lastFrameAt_ms === null ? null : lastFrameAt_ms / 1000),
    ),
    family('events_received_total', 'counter', 'Events received', (link) => link.received),
    family('events_dispatched_total', 'counter', 'Events handed on to a session', (link) => link.dispatched),
    family(
      'events_refused_total',
      'counter',
      'Events refused as invalid or unwanted',
      (link) => link.refused,
    ),
    family('reconnects_total', 'counter', 'Times the link was opened again', (link) => link.reconnects),
  ];
}

/** What the books say, by kind of account. The record lags a moment behind the books, so that is what this is as of. */
export function ledgerMetrics(sums: KindSums): MetricFamily[] {
  const kinds = [...new Set([...ACCOUNT_KINDS, ...Object.keys(sums)])];
  return [
    {
      name: 'errand_ledger_balance_msats',
      help: 'What stands on the accounts of a kind, as one says it: what it has or is owed',
      type: 'gauge',
      samples: kinds.map((account) => ({
        labels: { account },
        value: Number(inWords(account, BigInt(sums[account] ?? 0))),
      })),
    },
    {
      name: 'errand_ledger_imbalance_msats',
      help: 'Debits minus credits over the whole ledger: 0, or it was damaged',
      type: 'gauge',
      samples: [{ labels: {}, value: Object.values(sums).reduce((sum, msats) => sum + msats, 0) }],
    },
  ];
}

/** How the wallet connection is; nothing where there is no wallet. */
export function walletMetrics(wallet: WalletHealth | null): MetricFamily[] {
  if (wallet === null) return [];
  const family = (name: string, help: string, value: number | null): MetricFamily => ({
    name: `errand_wallet_${name}`,
    help,
    type: 'gauge',
    samples: value === null ? [] : [{ labels: {}, value }],
  });
  const { watches, waiting, lastAnswerAt_ms, lastFault } = wallet;
  return [
    family('up', 'Whether the last call to the wallet was answered', lastFault === null ? 1 : 0),
    family('watches', 'Payments somebody waits for', watches),
    family('calls_waiting', 'Calls to the wallet without an answer yet', waiting),
    family(
      'last_answer_timestamp_seconds',
      'When the wallet last answered, Unix time',
      lastAnswerAt_ms === null ? null : lastAnswerAt_ms / 1000,
    ),
  ];
}

/** What models used and cost. Counters of objects that store them every few seconds. */
export function modelMetrics(figures: readonly ModelFigures[]): MetricFamily[] {
  return [
    {
      name: 'errand_model_tokens_total',
      help: 'Tokens of questions and answers, as the provider counts them',
      type: 'counter',
      samples: figures.flatMap(({ model, usage }) => [
        { labels: { model, direction: 'input' }, value: usage.prompt_tokens },
        { labels: { model, direction: 'output' }, value: usage.completion_tokens },
      ]),
    },
    {
      name: 'errand_model_cost_total',
      help: 'What they cost the operator by the present MODEL_PRICES',
      type: 'counter',
      samples: figures.flatMap(({ model, cost }) =>
        cost === null ? [] : [{ labels: { model, currency: cost.currency }, value: cost.amount }],
      ),
    },
  ];
}
