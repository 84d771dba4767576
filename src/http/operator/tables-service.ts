/** How the service itself is: relays and links, what is still owed to relays, what is in force, who is kept out. */
import * as limits from '../../limits.ts';
import { OPERATOR_SESSIONS_ASKED } from '../../limits.ts';
import { listBlocked } from '../../store/blocked.ts';
import { newestJobs } from '../../store/recent-jobs.ts';
import type { Row, Table } from './table.ts';

export const RELAYS: Table = {
  name: 'relays',
  title: 'Relays',
  about:
    'One row for each outside relay that is followed. The lag is how far behind now everything was seen; counters begin anew when a link is started anew.',
  columns: {
    url: ['Relay', 'text'],
    state: ['State', 'text'],
    silent_ms: ['Silent for', 'ms'],
    lag_ms: ['Lag', 'ms'],
    received: ['Received', 'number'],
    dispatched: ['Handed on', 'number'],
    refused: ['Refused', 'number'],
    reconnects: ['Reconnects', 'number'],
    last_error: ['Last error', 'text'],
  },
  async rows(ports) {
    const now_ms = ports.clock();
    return (await ports.links()).map((link) => ({
      url: link.url,
      state: link.state,
      silent_ms: link.lastFrameAt_ms === null ? null : Math.max(0, now_ms - link.lastFrameAt_ms),
      lag_ms: link.cursor_s === 0 ? null : Math.max(0, now_ms - link.cursor_s * 1_000),
      received: link.received,
      dispatched: link.dispatched,
      refused: link.refused,
      reconnects: link.reconnects,
      last_error: link.lastError,
    }));
  },
};

/** Figures of the embedded relay, in words. */
const RELAY_FIGURES: Readonly<Record<string, string>> = {
  connections: 'Open connections',
  subscriptions: 'Open subscriptions',
  events: 'Stored events',
  last_seq: 'Number of the newest event',
  dispatch_open: 'Events taken and not handed on to a session yet',
  dispatch_mark: 'Every event up to this number was handed on',
  index_mark: 'Every event up to this number is in the search index',
};

export const EMBEDDED_RELAY: Table = {
  name: 'embedded-relay',
  title: 'Embedded relay',
  about: 'Figures of the relay that is part of this service.',
  columns: { name: ['Name', 'text'], about: ['What it is', 'text'], value: ['Value', 'number'] },
  rows: async (ports) =>
    Object.entries(await ports.relayStats()).map(([name, value]) => ({
      name,
      about: RELAY_FIGURES[name] ?? '',
      value,
    })),
};

export const OUTBOX: Table = {
  name: 'outbox',
  title: 'Outbox',
  about: `Signed events that relays have not taken yet, and those they refused for good, by session. The sessions of the ${OPERATOR_SESSIONS_ASKED} newest jobs are asked; a session that owes nothing has no row.`,
  columns: {
    agent: ['Agent', 'text'],
    job: ['Newest job', 'text'],
    target: ['Relay', 'text'],
    owed: ['Owed', 'number'],
    attempts: ['Tries', 'number'],
    next_at: ['Next try', 'time'],
    refused: ['Refused', 'number'],
    reason: ['Reason', 'text'],
  },
  async rows(ports) {
    const jobs = await newestJobs(ports.db, OPERATOR_SESSIONS_ASKED);
    const bySession = new Map(jobs.toReversed().map((job) => [job.session, job]));
    const rows = await Promise.all(
      [...bySession.values()].map(async ({ session, agent, id: job }): Promise<Row[]> => {
        const owed = await ports.operator.backlog(session);
        if (owed === null) return [{ agent, job, reason: 'This session did not answer.' }];
        return owed.map(({ next_ms, ...one }) => ({ agent, job, ...one, next_at: next_ms }));
      }),
    );
    return rows.flat();
  },
};

export const BLOCKED: Table = {
  name: 'blocked',
  title: 'Blocked keys',
  about:
    'Keys that may write nothing to the embedded relay and have no jobs. Those of BLOCKED_PUBKEYS are changed by the configuration.',
  columns: {
    pubkey: ['Key', 'text'],
    by: ['Blocked by', 'text'],
    reason: ['Note', 'text'],
    at: ['Since', 'time'],
  },
  async rows({ db, operator }) {
    const listed = await listBlocked(db);
    return [
      ...operator.blockedByConfiguration.map((pubkey) => ({ pubkey, by: 'configuration' })),
      ...listed.map(({ pubkey, reason, at_ms }) => ({ pubkey, by: 'operator', reason, at: at_ms })),
    ];
  },
};

export const SETTINGS: Table = {
  name: 'settings',
  title: 'Settings',
  about: 'What is configured, by the names of the variables. Of secrets only that they are there.',
  columns: { name: ['Name', 'text'], value: ['Value', 'text'] },
  rows: async ({ operator }) =>
    Object.entries(operator.settings).map(([name, value]) => ({
      name,
      value: value === null ? null : String(value),
    })),
};

/** Endings of limits' names that are units. The longer ones stand first. */
const UNITS = ['_PER_S', '_MSATS', '_BYTES', '_CHARS', '_OCTETS', '_TOKENS', '_MS', '_S'];

export const LIMITS: Table = {
  name: 'limits',
  title: 'Limits',
  about: 'Every limit of this version, as in src/limits.ts, where each has its reason.',
  columns: { name: ['Name', 'text'], value: ['Value', 'number'], unit: ['Unit', 'text'] },
  rows: async () =>
    Object.entries(limits)
      .flatMap(([name, value]): Row[] =>
        typeof value === 'number' ? [{ name, value, unit: unitOf(name) }] : [],
      )
      .sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1)),
};

function unitOf(name: string): string | null {
  const unit = UNITS.find((ending) => name.endsWith(ending));
  return unit === undefined ? null : unit.slice(1).toLowerCase().replace('per_s', 'per s');
}
