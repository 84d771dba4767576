/** What agents and teams cost where the platform bills rows, calls and queue operations, by what was counted of each. */
import { TEAM_BEAT_MS } from '../../../src/limits.ts';
import { type Counts, KIND_NAMES, type Kind, rowsOfKind } from '../money/counted.ts';
import type { Row } from '../table.ts';

export const UNITS = [
  'a step of an agent',
  'a step of a team',
  'a report',
  'a message by request',
  'a message by direct message',
] as const;
export type Unit = (typeof UNITS)[number];

/** A team that works for a day. */
const DAY = { steps: 200, reports: 24, messages: 10 };
const DAY_MS = 86_400_000;

/**
 * Workers Paid beyond what is included, USD (developers.cloudflare.com: Durable Objects, D1 and Queues pricing, autumn
 * 2026). A queue message is three operations; an alarm is a row.
 */
const USD = { row: 1 / 1e6, call: 0.15 / 1e6, queueOperation: 0.4 / 1e6, gbSecond: 12.5 / 1e6 };
const OPERATIONS_A_MESSAGE = 3;
/** What every object is billed as, whatever it uses, GB. */
const OBJECT_GB = 0.128;
/** Of a call, all waiting for storage included, s. Generous: a step calls ten times in the ten ms it adds. */
const CALL_S = 0.01;

const ALL_KINDS: readonly Kind[] = ['objects', 'D1', 'alarm', 'calls'];

export function unitRows(units: Readonly<Record<Unit, Counts>>): Row[] {
  return UNITS.flatMap((unit) =>
    ALL_KINDS.map((kind) => ({
      name: `${unit}: ${KIND_NAMES[kind]}`,
      value: rowsOfKind(units[unit], kind),
      unit: '',
    })),
  );
}

/** What the day costs, without models. An object that may hibernate is not billed between its calls. */
export function dayRows(units: Readonly<Record<Unit, Counts>>): Row[] {
  const { steps, reports, messages } = DAY;
  const sum = (kind: Kind) =>
    steps * rowsOfKind(units['a step of a team'], kind) +
    reports * rowsOfKind(units['a report'], kind) +
    messages * rowsOfKind(units['a message by request'], kind);
  const rows = sum('objects') + sum('D1') + sum('alarm');
  // A step under way is a call every few seconds; that one is under way all day is the dearest day.
  const allCalls = sum('calls') + DAY_MS / TEAM_BEAT_MS;
  const usd =
    rows * USD.row +
    allCalls * (USD.call + CALL_S * OBJECT_GB * USD.gbSecond) +
    steps * OPERATIONS_A_MESSAGE * USD.queueOperation;
  const name = `a day of a team: ${steps} steps, ${reports} reports, ${messages} messages`;
  return [
    { name: `${name}: rows written`, value: rows, unit: '' },
    { name: `${name}: calls of objects`, value: allCalls, unit: '' },
    { name: `${name}: platform`, value: usd * 100, unit: 'US cents' },
  ];
}
