/** Every table of the operator's pages, in their order. */
import type { Table } from './table.ts';
import { BALANCES, MODELS, OWNERS, PAYOUTS, WALLET } from './tables-money.ts';
import { BLOCKED, EMBEDDED_RELAY, LIMITS, OUTBOX, RELAYS, SETTINGS } from './tables-service.ts';
import { AGENTS, ERROR_CODES, ERRORS, PHASES, SESSIONS } from './tables-work.ts';

export const TABLES: readonly Table[] = [
  BALANCES,
  WALLET,
  OWNERS,
  PAYOUTS,
  MODELS,
  AGENTS,
  PHASES,
  SESSIONS,
  ERROR_CODES,
  ERRORS,
  RELAYS,
  EMBEDDED_RELAY,
  OUTBOX,
  BLOCKED,
  SETTINGS,
  LIMITS,
];

/** A table by its name, or undefined. */
export function tableNamed(name: string): Table | undefined {
  return TABLES.find((table) => table.name === name);
}
