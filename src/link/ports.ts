/** What the links need of the world. Workers bring real sockets and timers, tests their own. */
import type { Clock } from '../clock.ts';
import type { NostrEvent, VerifiedEvent } from '../nostr/event.ts';

/** An open outbound WebSocket. Both calls are harmless on a socket that is already closed. */
export interface Socket {
  send(text: string): void;
  close(): void;
}

/** What a dialled socket reports. `closed` comes exactly once, also when the socket never opened. */
export interface SocketHandlers {
  open(): void;
  /** A text frame, or anything else for a binary one. */
  frame(data: unknown): void;
  closed(reason: string): void;
}

/** Starts to open a WebSocket. Reports through the handlers, never before it has returned. */
export type Dial = (url: string, handlers: SocketHandlers) => Socket;

/** Runs `work` once after `delay_ms`; the returned function calls it off. */
export type After = (delay_ms: number, work: () => void) => () => void;

/** A verified event on its way to whom it concerns; the same shape as `Delivery` of workers/rpc.ts. */
export interface LinkDelivery {
  readonly event: VerifiedEvent;
  /** URL of the relay it came from. */
  readonly via: string;
  /** Public keys the sender has proved to hold: none, an outside relay vouches for nobody. */
  readonly authenticated: readonly string[];
}

export interface LinkPorts {
  readonly now: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly after: After;
  readonly dial: Dial;
  /** Keeps the object awake until a promise is settled, and logs its rejection. */
  readonly background: (work: Promise<unknown>) => void;
  /** The AUTH event (NIP-42) of one of our agents, or undefined for a key that is not ours. */
  readonly signAuth: (pubkey: string, relayUrl: string, challenge: string) => NostrEvent | undefined;
  /** Whether an unverified event is for us at all. Cheap, without side effects. */
  readonly concerns: (event: NostrEvent) => boolean;
  /** Resolves when the delivery is durably taken; rejects when it is to be tried again. */
  readonly dispatch: (delivery: LinkDelivery) => Promise<void>;
  /** Takes verified events into the search index, best effort. */
  readonly ingest: (events: readonly VerifiedEvent[]) => Promise<void>;
  /**
   * The URL in its normal spelling when it may be dialled.
   *
   * @throws JobError BAD_REQUEST when it may not
   */
  readonly permit: (url: string) => string;
  /** Named fault points of the kill tests (workers/faults.ts); absent in production, where intake is synchronous. */
  readonly fault?: (name: 'K0' | 'K1', about: string) => Promise<void>;
}
