/** What the object of hired jobs says to others (see rpc.ts). */
import type { HirePlace } from '../src/agent/hire/desk.ts';
import type { HireOutcome, HireWish } from '../src/agent/tools/hire.ts';
import type { Plain } from '../src/payment/wallet-json.ts';

/** What one run has hired from agents of others (workers/hired-jobs.ts); named by the run. Amounts are decimal msats. */
export interface HiredJobsRpc {
  /**
   * Posts the job of that key, once, and brings it forward by itself from then on.
   *
   * @returns its outcome; null while it is under way
   */
  hire(key: string, wish: Plain<HireWish>, place: HirePlace): Promise<Plain<HireOutcome> | null>;
  /** Sets money of the run's budget aside; null where it is over what remains. Repeat-safe by key. */
  setAside(limit: string, key: string, most: string): Promise<string | null>;
  /** What a hire cost. Repeat-safe. */
  settle(limit: string, key: string, cost: string): Promise<void>;
  remaining(limit: string): Promise<string>;
  /** What all ended hires of the run have cost. */
  spent(): Promise<string>;
  /** Lets go of what has ended, and of everything where nothing is under way. */
  forget(): Promise<void>;
}
