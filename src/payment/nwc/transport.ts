/** How NWC events travel. A socket to the wallet's relay, or calls where that relay is our own. */
import type { NostrEvent, VerifiedEvent } from '../../nostr/event.ts';

/** Whether at least one relay took the event, and if none, why. */
export interface Sent {
  readonly ok: boolean;
  readonly reason: string;
}

export interface NwcTransport {
  /** Hands a request to the wallet's relays, listening for its answer already. Never rejects. */
  publish(event: VerifiedEvent): Promise<Sent>;
  /** The wallet's info event, unchecked; null when no relay has one or says so in time. Never rejects. */
  info(): Promise<NostrEvent | null>;
  /** Listens for notifications, where listening has to be asked for. */
  listen(): void;
  /** A call got no answer: whatever connection there is may be dead and is given up. */
  suspect(): void;
  /** Nobody waits for anything any more. */
  rest(): void;
}
