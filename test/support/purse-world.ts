/**
 * Owners and purses with real books in memory, and calls between them that get lost or die half-way, by a seed. What is
 * stored stays; everything else is gone after a crash.
 */
import { type KeyAccounts, KeyRing } from '../../src/door/keys.ts';
import { type PursePorts, Purses } from '../../src/door/purses.ts';
import { deriveSecret, purseKeys } from '../../src/nostr/keys.ts';
import { BookStore, type PostResult } from '../../src/payment/account/book-store.ts';
import { transfersOf } from '../../src/payment/account/earnings.ts';
import { PayoutFunds } from '../../src/payment/account/payout-funds.ts';
import { PurseDesk } from '../../src/payment/account/purse-desk.ts';
import { statementOf } from '../../src/payment/account/statement.ts';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import type { Entry } from '../../src/payment/ledger.ts';
import { entry } from '../../src/payment/ledger.ts';
import { isMsats, type Msats, msats } from '../../src/payment/msats.ts';
import type { DoorKey } from '../../src/store/door-keys.ts';
import type { Sql } from '../../src/store/sql.ts';
import { nodeSql } from './node-sql.ts';
import { seededBytes } from './seeded.ts';

const MASTER = '11'.repeat(32);
export const OWNER = 'aa'.repeat(32);
const NOW_MS = 1_800_000_000_000;
/** A name under which the tail of every account keeps its mark. */
const LISTENER = 'record';

/** The process died, or a call was lost. */
export class Crash extends Error {}

interface Account {
  readonly sql: Sql;
  readonly books: BookStore;
  readonly desk: PurseDesk;
}

/** @param fault called wherever the process may die; throws {@link Crash} where it does */
export function purseWorld(fault: () => void = () => undefined) {
  const stores = new Map<string, Sql>();
  let live = new Map<string, Account>();
  const rows: { key: DoorKey; hash: string }[] = [];
  const random = seededBytes(7);
  const paid = new Map<string, { readonly client: string; readonly amount: Msats }>();
  const blocked = new Set<string>();
  let invoices = 0;
  let now_ms = NOW_MS;

  function account(name: string): Account {
    const known = live.get(name);
    if (known !== undefined) return known;
    const sql = stores.get(name) ?? nodeSql();
    stores.set(name, sql);
    const books = new BookStore(sql);
    const post = (one: Entry): PostResult => books.post(one, now_ms);
    const desk = new PurseDesk(name, sql, books, new PayoutFunds(name, books), { now: () => now_ms, post });
    const opened = { sql, books, desk };
    live.set(name, opened);
    return opened;
  }

  /** What the tail of an account does: everybody hears of what is theirs, as often as it takes. */
  function tell(name: string): void {
    const { books } = account(name);
    const { entries, mark } = books.untold(LISTENER, 100);
    for (const { key, payee, amount } of transfersOf(entries)) {
      fault();
      account(payee).desk.arrive(key, amount);
      fault();
    }
    books.told(LISTENER, mark);
  }

  const accounts: KeyAccounts = {
    async openPurse(client) {
      fault();
      account(client).desk.open();
      fault();
    },
    async move(id, from, to, amount) {
      fault();
      const result = account(from).desk.move(id, to, amount);
      fault();
      if (result === 'posted' || result === 'repeated') account(to).desk.arrive(`move:${id}`, amount);
      fault();
      return result;
    },
    async closePurse(client, owner) {
      fault();
      account(client).desk.closeTo(owner);
      fault();
      tell(client);
    },
    statement: async (client) => statementOf(client, account(client).books, []),
  };
  const known = new Map<string, string>();
  const clientOf = (id: string) => {
    const client = known.get(id) ?? purseKeys(MASTER, id).publicKey;
    known.set(id, client);
    return client;
  };
  const ring = new KeyRing({
    now: () => now_ms,
    random,
    clientOf,
    accounts,
    record: {
      async insert(key, hash) {
        fault();
        rows.unshift({ key, hash });
        fault();
      },
      find: async (owner, id) => rows.find(({ key }) => key.id === id && key.owner === owner)?.key,
      list: async (owner) => rows.map(({ key }) => key).filter((key) => key.owner === owner),
      open: async (owner) => rows.filter(({ key }) => key.owner === owner && key.revokedAt_s === null).length,
      async revoke(id) {
        fault();
        const row = rows.find(({ key }) => key.id === id);
        if (row !== undefined) row.key = { ...row.key, revokedAt_s: Math.floor(now_ms / 1_000) };
        fault();
      },
    },
  });
  const credit = (client: string): Msats => msats(account(client).books.balance(`credit:${client}`));
  const pursePorts: PursePorts = {
    now: () => now_ms,
    random,
    location: 'https://market.example',
    purseKeys: (id) => purseKeys(MASTER, id),
    rootKey: (identifier) => deriveSecret(MASTER, `l402:${identifier}`),
    keyBySecretHash: async (hash) => rows.find((row) => row.hash === hash)?.key,
    isBlocked: async (owner) => blocked.has(owner),
    openPurse: accounts.openPurse,
    credit: async (client) => credit(client),
    async invoice(client, amount) {
      const preimage = deriveSecret(MASTER, `preimage ${++invoices}`);
      const { createHash } = await import('node:crypto');
      const paymentHash = createHash('sha256').update(preimage).digest('hex');
      const invoice = encodeInvoice(
        {
          network: 'regtest',
          amount,
          timestamp_s: Math.floor(now_ms / 1_000),
          paymentHash,
          paymentSecret: '22'.repeat(32),
          description: 'credit',
          descriptionHash: null,
        },
        new Uint8Array(32).fill(7),
      );
      preimages.set(paymentHash, { preimage: Buffer.from(preimage).toString('hex'), client, amount });
      const createdAt_s = Math.floor(now_ms / 1_000);
      return { bolt11: invoice.text, paymentHash, amount, createdAt_s, expiresAt_s: createdAt_s + 900 };
    },
    async settle(client, paymentHash) {
      const payment = paid.get(paymentHash);
      if (payment?.client === client) receive(client, payment.amount, paymentHash);
    },
  };
  const preimages = new Map<
    string,
    { readonly preimage: string; readonly client: string; readonly amount: Msats }
  >();

  function receive(client: string, amount: Msats, name: string): void {
    account(client).books.post(
      entry(`in:${name}`, [{ from: 'wallet', to: `credit:${client}`, amount }]),
      now_ms,
    );
  }

  return {
    ring,
    accounts,
    purses: new Purses(pursePorts),
    clientOf,
    account,
    credit,
    receive,
    /** Pays an invoice; the books hear of it when they ask. @returns its preimage, hex */
    pay(paymentHash: string): string {
      const invoice = preimages.get(paymentHash);
      if (invoice === undefined) throw new Error('no such invoice');
      paid.set(paymentHash, invoice);
      return invoice.preimage;
    },
    /** The memory is gone; what is stored is not. */
    crash: () => {
      live = new Map();
    },
    /** Everybody is told everything, and what is closed is swept, until nothing moves any more. */
    settle(): void {
      for (let turn = 0; turn < 4; turn++) {
        for (const name of stores.keys()) {
          account(name).desk.tick();
          tell(name);
        }
      }
    },
    /** What stands on all accounts of one kind, msats. */
    total(kind: 'credit' | 'job' | 'revenue' | 'transit' | 'wallet'): bigint {
      let sum = 0n;
      for (const name of stores.keys())
        for (const [held, amount] of account(name).books.balances())
          if (held === kind || held.startsWith(`${kind}:`)) sum += amount;
      return sum;
    },
    blocked,
    keys: () => rows.map(({ key }) => key),
    advance: (ms: number) => {
      now_ms += ms;
    },
    available: (client: string) => {
      const left = credit(client);
      return isMsats(left) ? left : msats(0);
    },
  };
}
