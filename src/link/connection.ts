/** One WebSocket to one relay: frames checked cheapest first, subscriptions, publishing, authentication. */
import {
  LINK_BYTES_BURST,
  LINK_BYTES_PER_S,
  LINK_CONNECT_TIMEOUT_MS,
  LINK_FRAMES_BURST,
  LINK_FRAMES_PER_S,
  LINK_MAX_STRIKES,
  RELAY_MAX_MESSAGE_BYTES,
} from '../limits.ts';
import { type NostrEvent, parseEvent } from '../nostr/event.ts';
import { type Filter, matchesAny } from '../nostr/filter.ts';
import { Authenticator } from './authenticator.ts';
import { Budget } from './budget.ts';
import { frameBytes, parseRelayMessage, type RelayMessage } from './messages.ts';
import type { LinkPorts, Socket } from './ports.ts';
import { Publisher } from './publisher.ts';
import { type LinkCounters, type PublishOutcome, shortReason } from './status.ts';

/** A subscription and who listens to it. */
export interface Subscription {
  readonly id: string;
  readonly filters: readonly Filter[];
  /** An event inside the filters; id and signature are not checked yet. */
  event(event: NostrEvent): void;
  /** The stored events are through. */
  eose(): void;
  /** The relay ended the subscription, for good as far as this connection is concerned. */
  closed(reason: string): void;
  /** The connection is gone, and the subscription with it. */
  lost?(): void;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly ports: Pick<LinkPorts, 'now' | 'after' | 'dial' | 'signAuth'>;
  readonly counters: LinkCounters;
  /** Public keys to prove when the relay asks (NIP-42). */
  readonly identities: () => readonly string[];
  readonly opened?: () => void;
  /** Called after a key was accepted, for what may have been withheld silently before. */
  readonly authenticated?: () => void;
  /** Called exactly once. */
  readonly closed: (reason: string) => void;
}

/** Dials at once; reports through its options. */
export class Connection {
  readonly openedAt_ms: number;
  lastFrameAt_ms: number | null = null;
  state: 'connecting' | 'open' | 'closed' = 'connecting';
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Subscriptions asked again after `auth-required:`; nothing is repeated twice for that reason. */
  readonly #repeated = new Set<string>();
  readonly #publisher: Publisher;
  readonly #auth: Authenticator;
  readonly #frames: Budget;
  readonly #bytes: Budget;
  readonly #stopConnectTimer: () => void;
  #strikes = 0;

  constructor(options: ConnectionOptions) {
    const { url, ports } = options;
    this.#options = options;
    this.openedAt_ms = ports.now();
    this.#frames = new Budget(LINK_FRAMES_PER_S, LINK_FRAMES_BURST, this.openedAt_ms);
    this.#bytes = new Budget(LINK_BYTES_PER_S, LINK_BYTES_BURST, this.openedAt_ms);
    this.#publisher = new Publisher(ports.after, ports.now);
    this.#auth = new Authenticator({
      after: ports.after,
      send: (message) => this.#send(message),
      identities: options.identities,
      sign: (pubkey, challenge) => ports.signAuth(pubkey, url, challenge),
      accepted: () => options.authenticated?.(),
    });
    this.#stopConnectTimer = ports.after(LINK_CONNECT_TIMEOUT_MS, () => this.close('no connection in time'));
    this.#socket = ports.dial(url, {
      open: () => this.#open(),
      frame: (data) => this.#frame(data),
      closed: (reason) => this.#ended(reason),
    });
  }

  /** Events that wait for their OK. */
  get publishing(): number {
    return this.#publisher.size;
  }

  /** Authors of those events, which a relay may ask to prove themselves. */
  get publishingAuthors(): string[] {
    return this.#publisher.authors;
  }

  /** Subscribes, at once or as soon as the socket is open. The same id again replaces the subscription. */
  subscribe(subscription: Subscription): void {
    if (this.state === 'closed') return;
    this.#subscriptions.set(subscription.id, subscription);
    this.#send(['REQ', subscription.id, ...subscription.filters]);
  }

  unsubscribe(id: string): void {
    if (this.#subscriptions.delete(id)) this.#send(['CLOSE', id]);
  }

  /** Publishes and waits for each OK, at most PUBLISH_OK_TIMEOUT_MS. Never rejects. */
  publish(events: readonly NostrEvent[]): Promise<PublishOutcome[]> {
    const outcomes = events.map((event) => {
      if (this.state === 'closed')
        return Promise.resolve({ id: event.id, ok: false, reason: 'error: the connection is closed' });
      const { fresh, outcome } = this.#publisher.add(event);
      if (fresh) this.#send(['EVENT', event]);
      return outcome;
    });
    return Promise.all(outcomes);
  }

  /** Closes from our side. */
  close(reason: string): void {
    if (this.state === 'closed') return;
    this.#socket.close();
    this.#ended(reason);
  }

  /**
   * Counts something no honest relay does. A relay that keeps doing it loses its connection; what it may still
   * cost after that is bounded by the backoff of whoever dials again.
   */
  strike(what: string): void {
    this.#options.counters.refused++;
    if (++this.#strikes >= LINK_MAX_STRIKES) this.close(`too many faults, the last: ${what}`);
  }

  #send(message: readonly unknown[]): void {
    if (this.state === 'open') this.#socket.send(JSON.stringify(message));
  }

  #open(): void {
    if (this.state !== 'connecting') return;
    this.state = 'open';
    this.#stopConnectTimer();
    for (const { id, filters } of this.#subscriptions.values()) this.#send(['REQ', id, ...filters]);
    for (const event of this.#publisher.events) this.#send(['EVENT', event]);
    this.#options.opened?.();
  }

  #ended(reason: string): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.#stopConnectTimer();
    const lost = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    for (const subscription of lost) subscription.lost?.();
    this.#publisher.giveUp('error: the connection was closed');
    this.#options.closed(shortReason(reason));
  }

  #frame(data: unknown): void {
    if (this.state === 'closed') return;
    const now = this.#options.ports.now();
    this.lastFrameAt_ms = now;
    const bytes = frameBytes(data);
    if (!this.#frames.take(1, now) || (Number.isFinite(bytes) && !this.#bytes.take(bytes, now))) {
      this.#options.counters.refused++;
      this.close('the relay sends more than its budget');
      return;
    }
    if (typeof data !== 'string' || bytes > RELAY_MAX_MESSAGE_BYTES) {
      this.strike('oversized frame');
      return;
    }
    const message = parseRelayMessage(data);
    if (typeof message === 'string') this.strike(message);
    else this.#message(message);
  }

  #message(message: RelayMessage): void {
    switch (message.type) {
      case 'EVENT':
        this.#event(message.subscription, message.event);
        break;
      case 'OK':
        this.#ok(message.id, message.accepted, message.reason);
        break;
      case 'EOSE':
        this.#subscriptions.get(message.subscription)?.eose();
        break;
      case 'CLOSED':
        this.#subscriptionClosed(message.subscription, message.reason);
        break;
      case 'NOTICE':
        this.#options.counters.lastError = `notice: ${shortReason(message.text)}`;
        break;
      case 'AUTH':
        if (!this.#auth.challenge(message.challenge)) this.strike('endless AUTH');
        break;
      case 'OTHER':
        break;
    }
  }

  #event(id: string, value: unknown): void {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) {
      // Events cross our CLOSE on the wire, so this is no fault; it is only of no use.
      this.#options.counters.refused++;
      return;
    }
    const event = parseEvent(value);
    if (typeof event === 'string') this.strike(event);
    else if (!matchesAny(subscription.filters, event)) this.strike('event outside the filter');
    else {
      this.#options.counters.received++;
      subscription.event(event);
    }
  }

  #ok(id: string, accepted: boolean, reason: string): void {
    if (this.#auth.answered(id, accepted)) return;
    const again = this.#publisher.answered(id, accepted, reason);
    if (again === undefined) return;
    this.#auth.whenProved((proved) => {
      if (!this.#publisher.isWaiting(id)) return;
      if (proved) this.#send(['EVENT', again]);
      else this.#publisher.giveUp(reason, id);
    });
  }

  #subscriptionClosed(id: string, reason: string): void {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) return;
    if (!reason.startsWith('auth-required:') || this.#repeated.has(id)) {
      this.#subscriptions.delete(id);
      subscription.closed(shortReason(reason));
      return;
    }
    this.#repeated.add(id);
    this.#auth.whenProved((proved) => {
      // It may have been given up or replaced while the relay thought about our keys.
      if (this.state === 'closed' || this.#subscriptions.get(id) !== subscription) return;
      if (proved) {
        this.#send(['REQ', id, ...subscription.filters]);
      } else {
        this.#subscriptions.delete(id);
        subscription.closed(shortReason(reason));
      }
    });
  }
}
