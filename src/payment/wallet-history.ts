/** The wallet's list read to its end, page by page, while it may be growing. */
import { paymentName } from './reconcile.ts';
import type { Wallet, WalletAnswer, WalletTransaction } from './wallet.ts';

/** A page that did not come is asked for again with so much less. */
const SHORTER = 5;

export interface WalletHistory {
  /** One per payment and direction. */
  readonly transactions: readonly WalletTransaction[];
  /** Unix s of the oldest that was read, when there are more than were read; null when these are all. */
  readonly since_s: number | null;
}

/**
 * Reads what the wallet settled, newest first. Pages are asked for by offset, so what arrives meanwhile shifts the rest:
 * a payment may be seen twice, which is why they are told apart by hash and direction and never by time. Some wallets
 * give fewer than asked for, or everything at once whatever is asked; so the end is where nothing new comes, twice.
 * A page that does not come may have been too long for an event, so a shorter one is asked for.
 *
 * @param pageSize how many to ask for at a time
 * @param maxPages how many pages to read at the most
 */
export async function walletHistory(
  wallet: Pick<Wallet, 'list'>,
  pageSize: number,
  maxPages: number,
): Promise<WalletAnswer<WalletHistory>> {
  const seen = new Map<string, WalletTransaction>();
  let offset = 0;
  let limit = pageSize;
  let barren = 0;
  for (let page = 0; page < maxPages; page++) {
    const answer = await wallet.list({ limit, offset });
    if (answer.type === 'unknown' && limit > 1) {
      limit = Math.ceil(limit / SHORTER);
      continue;
    }
    if (answer.type !== 'ok') return answer;
    const before = seen.size;
    for (const one of answer.value) {
      const name = paymentName(one);
      // It may have settled between two pages.
      if (seen.get(name)?.state !== 'settled') seen.set(name, one);
    }
    offset += answer.value.length;
    barren = seen.size === before ? barren + 1 : 0;
    if (answer.value.length === 0 || barren === 2)
      return { type: 'ok', value: { transactions: [...seen.values()], since_s: null } };
  }
  const transactions = [...seen.values()];
  return { type: 'ok', value: { transactions, since_s: oldest_s(transactions) } };
}

function oldest_s(transactions: readonly WalletTransaction[]): number {
  return transactions.reduce(
    (oldest, { createdAt_s }) => Math.min(oldest, createdAt_s),
    Number.MAX_SAFE_INTEGER,
  );
}
