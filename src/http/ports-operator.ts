/** What the operator's tables and levers need from the Worker, beyond what everybody's do. */
import type { Backlog } from '../job/backlog.ts';
import type { PayoutView } from '../payment/account/payout-desk.ts';
import type { Msats } from '../payment/msats.ts';
import type { BlockedKey } from '../store/blocked.ts';

/** How an owner of agents stands. */
export interface OwnerAccount {
  /** Lightning address. */
  readonly payee: string;
  /** Slugs. */
  readonly agents: readonly string[];
  /** Earned and not sent. */
  readonly owed: Msats;
  /** The newest, newest first. */
  readonly payouts: readonly PayoutView[];
}

export interface OperatorPorts {
  /** What is configured, by the names of the variables, without any secret. */
  readonly settings: Readonly<Record<string, string | number | boolean | null>>;
  /** Keys that BLOCKED_PUBKEYS keeps out. */
  readonly blockedByConfiguration: readonly string[];
  /** Keeps a key out at the embedded relay and of all jobs. Repeat-safe. @returns whether there was room for it */
  block(key: BlockedKey): Promise<boolean>;
  /** Lets it in again. Repeat-safe. @returns whether it was kept out */
  unblock(pubkey: string): Promise<boolean>;
  /** What a session still owes to relays; null when it cannot be asked. @param session its name */
  backlog(session: string): Promise<readonly Backlog[] | null>;
  /** Everybody who earns by an agent that is here. */
  owners(): Promise<readonly OwnerAccount[]>;
}
