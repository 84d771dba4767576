/** What the object of hired jobs says to others (see rpc.ts). */
import type { HirePlace } from '../src/agent/hire/desk.ts';
import type { HireOutcome, HireWish } from '../src/agent/tools/hire.ts';
import type { Plain } from '../src/payment/wallet-json.ts';

/** How a hired job stands, for whoever hands on what it says. Amounts are decimal msats. */
export interface HireView {
  readonly outcome: Plain<HireOutcome> | null;
  readonly news: { readonly note: string; readonly content: string } | null;
  /** What it has cost, or may have: money on its way counts. */
  readonly committed: string;
}

/** What one run has hired from agents of others (workers/hired-jobs.ts); named by the run. Amounts are decimal msats. */
export interface HiredJobsRpc {
  /**
   * Posts the job of that key, once, and brings it forward by itself from then on.
   *
   * @param latest_ms when nobody waits for it any more, Unix ms
   * @returns its outcome; null while it is under way
   */
  hire(
    key: string,
    wish: Plain<HireWish>,
    place: HirePlace,
    latest_ms: number,
  ): Promise<Plain<HireOutcome> | null>;
  /** How the job of that key stands; null for one that is not known. */
  look(key: string): Promise<HireView | null>;
  /** Sets money of the run's budget aside; null where it is over what remains. Repeat-safe by key. */
  setAside(limit: string, key: string, most: string): Promise<string | null>;
  /** What a hire cost. Repeat-safe. */
  settle(limit: string, key: string, cost: string): Promise<void>;
  remaining(limit: string): Promise<string>;
  /** What all hires of the run have cost so far; money that is on its way counts. */
  spent(): Promise<string>;
  /** Hires nobody any more, and calls off what is not yet to be paid. @returns what all of it has cost */
  close(): Promise<string>;
  /** Lets go of what has ended, and of everything where nothing is under way. */
  forget(): Promise<void>;
}
