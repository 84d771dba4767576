/** Whoever hears of events as they arrive: a client's connection, or a stream of one job's events. */
import type { NostrEvent } from '../nostr/event.ts';
import type { Reader } from './visibility.ts';

/** An event that was accepted. */
export interface Arrival {
  readonly event: NostrEvent;
  readonly json: string;
  /** Place in the order of arrival; null for ephemeral events, which are not stored. */
  readonly seq: number | null;
  /** Whether the marketplace handed it in itself. */
  readonly ours: boolean;
}

export interface Listener {
  readonly reader: Reader;
  /** @param name the subscription it goes to */
  deliver(name: string, arrival: Arrival): void;
}
