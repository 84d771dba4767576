/**
 * Credit that one account gives to another: an owner's to the purse of an API key, and back. Each of the two books is a
 * store of its own, so a transfer is posted where it leaves, and where it arrives as often as it is told; the key of the
 * entry makes that once. Whoever is killed in between has it told by the tail of its books.
 */
import type { Clock } from '../../clock.ts';
import { first, type Sql } from '../../store/sql.ts';
import type { Entry } from '../ledger.ts';
import { arrived, moved } from '../ledger-entries.ts';
import type { Msats } from '../msats.ts';
import type { BookStore, PostResult } from './book-store.ts';
import type { AccountPart } from './part.ts';
import type { PayoutFunds } from './payout-funds.ts';

export interface PurseDeskPorts {
  readonly now: Clock;
  /** Posts to the same books, and sees to everything that follows from an entry. */
  readonly post: (entry: Entry) => PostResult;
}

export class PurseDesk implements AccountPart {
  readonly #account: string;
  readonly #sql: Sql;
  readonly #books: BookStore;
  readonly #funds: PayoutFunds;
  readonly #ports: PurseDeskPorts;

  /** @param account public key of the client whose account it is */
  constructor(account: string, sql: Sql, books: BookStore, funds: PayoutFunds, ports: PurseDeskPorts) {
    this.#account = account;
    this.#sql = sql;
    this.#books = books;
    this.#funds = funds;
    this.#ports = ports;
  }

  /** Makes it a purse: from now on it spends what is in it, and nothing is lent to it. Repeat-safe. */
  open(): void {
    this.#sql.run('INSERT OR IGNORE INTO purse (id, closed_to) VALUES (1, NULL)');
  }

  get isPurse(): boolean {
    return this.#row() !== undefined;
  }

  /**
   * Gives of the credit to another account. `overdrawn` when there is less, without what is owed. Repeat-safe by its id.
   *
   * @param id names the transfer among all there are
   */
  move(id: string, to: string, amount: Msats): PostResult {
    const entry = moved(id, this.#account, to, amount);
    if (!this.#books.has(entry.key) && amount > this.#funds.available()) return 'overdrawn';
    return this.#ports.post(entry);
  }

  /** What another account gave. Repeat-safe by the key of its entry. */
  arrive(key: string, amount: Msats): void {
    this.#ports.post(arrived(key, this.#account, amount));
  }

  /** Gives everything to its owner, now and whatever comes later, as jobs under way end. Repeat-safe. */
  closeTo(owner: string): void {
    this.#sql.run(
      'INSERT INTO purse (id, closed_to) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET closed_to = excluded.closed_to',
      owner,
    );
    this.#sweep();
  }

  nextAt_ms(): number | null {
    return this.#owner() !== null && this.#funds.available() > 0n ? this.#ports.now() : null;
  }

  tick(): void {
    this.#sweep();
  }

  #sweep(): void {
    const owner = this.#owner();
    const amount = this.#funds.available();
    if (owner === null || amount === 0n) return;
    // No entry is ever taken away, so this name was not given before.
    const place = Number(first(this.#sql, 'SELECT max(seq) AS seq FROM entries')?.seq ?? 0);
    this.#ports.post(moved(`back/${this.#account}/${place}`, this.#account, owner, amount));
  }

  #owner(): string | null {
    const owner = this.#row()?.closed_to;
    return typeof owner === 'string' ? owner : null;
  }

  #row() {
    return first(this.#sql, 'SELECT closed_to FROM purse WHERE id = 1');
  }
}
