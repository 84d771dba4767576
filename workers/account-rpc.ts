/** What others ask of an account's object (client-account.ts). */
import type { JobFailure } from '../src/errors.ts';
import type { Leave } from '../src/job/quota.ts';
import type { PostResult } from '../src/payment/account/book-store.ts';
import type { PayoutView } from '../src/payment/account/payout-desk.ts';
import type { AccountStatement } from '../src/payment/account/statement.ts';
import type { ZapInvoice, ZapInvoiceOrder, ZapStatus } from '../src/payment/account/zap-order.ts';
import type { PlainEntry } from '../src/payment/ledger.ts';
import type { Terms } from '../src/payment/ledger-entries.ts';
import type { Plain } from '../src/payment/wallet-json.ts';

/** One client, or one owner (workers/client-account.ts). */
export interface ClientAccountRpc {
  /** Leave to open jobs with an agent, at most `limit` in a window; see Quotas in src/job/quota.ts. */
  take(agent: string, limit: number, want: number): Promise<Leave>;
  /**
   * Books entries in order, with nothing in between, up to the first that is refused: so money that arrives for a job
   * cannot be spent elsewhere before it is set aside. Each is repeat-safe by its key; `overdrawn` changes nothing.
   *
   * @returns one result for each entry that was tried
   */
  post(entries: readonly PlainEntry[]): Promise<PostResult[]>;
  /**
   * Begins a job on trust, when the client may owe so much more (POSTPAY_LIMIT_SATS) and is not behind with an old
   * debt. Repeat-safe. @param max msats
   */
  lend(job: string, max: string): Promise<boolean>;
  /** The client has the result of a job begun on trust. Repeat-safe. @param max lent @param price owed, msats */
  owe(job: string, max: string, price: string, terms: Terms): Promise<void>;
  /** Gives back what may be set aside for a job that will never be. Repeat-safe. */
  abandon(job: string): Promise<void>;
  /** An owner earned by an entry in somebody else's books. Repeat-safe by that entry's key. @param amount msats */
  earn(key: string, amount: string): Promise<void>;
  /** Makes this account a purse of the doors: it spends what is in it, and nothing is lent to it. Repeat-safe. */
  openPurse(): Promise<void>;
  /** Gives credit to another account, which has it at the latest when the books are told. Repeat-safe by the id. */
  moveCredit(id: string, to: string, amount: string): Promise<PostResult>;
  /** Another account gave credit by an entry of its books. Repeat-safe by that entry's key. @param amount msats */
  arrive(key: string, amount: string): Promise<void>;
  /** Gives what is in it, and whatever comes later, to its owner. Repeat-safe. */
  closePurse(owner: string): Promise<void>;
  /** What the client has paid and not used, msats as a decimal string. */
  credit(): Promise<string>;
  statement(): Promise<Plain<AccountStatement>>;
  /** What an owner has earned and was not sent, msats as a decimal string; nothing in a client's account. */
  earnings(): Promise<string>;
  /** Begins to pay credit back to a Lightning address, or says why not. @param amount msats */
  refundTo(address: string, amount: string): Promise<Plain<PayoutView> | JobFailure>;
  /** Pays credit back to an invoice. Repeat-safe by the invoice. */
  refundBy(bolt11: string): Promise<Plain<PayoutView> | JobFailure>;
  /** Null when there is no such refund. */
  refund(id: string): Promise<Plain<PayoutView> | null>;
  /** Calls a refund off while nothing is on its way. */
  cancelRefund(id: string): Promise<Plain<PayoutView> | JobFailure | null>;
  /** Makes an invoice for a zap, or for a plain payment, and stores what it is for before it answers. */
  zapInvoice(order: Plain<ZapInvoiceOrder>): Promise<ZapInvoice>;
  /** What became of such an invoice (LUD-21); null when it is not known (any more). */
  zapPayment(paymentHash: string): Promise<Plain<ZapStatus> | null>;
}
