/** What paying out needs from the world around an account object. */
import type { Network } from '../bolt11/invoice.ts';
import type { Entry } from '../ledger.ts';
import type { Payee } from '../lnurl/payee.ts';
import type { Wallet } from '../wallet.ts';
import type { PostResult } from './book-store.ts';
import type { TailPorts } from './tail.ts';

export interface PayoutPorts extends TailPorts {
  readonly wallet: Pick<Wallet, 'capabilities' | 'lookup' | 'pay'>;
  /** The network of a wallet that does not say. */
  readonly network: Network;
  /** Binds a payment hash to a purpose, for good; false when it stands for another one. */
  readonly bind: (paymentHash: string, purpose: string) => Promise<boolean>;
  readonly payee: Payee;
  /** Posts an entry to the books of this account, and in the same transaction whatever else is to be stored. */
  readonly post: (entry: Entry, also: () => void) => PostResult;
  /** A name nobody has used. */
  readonly newId: () => string;
  /** A place at which a test may end the process: `payout-claimed`, `payout-sent`. */
  readonly fault: (point: string, about: string) => Promise<void>;
}
