/** One client of the relay: what it has proved, what it listens to, and what it may still cost. */
import { Buffer } from 'node:buffer';
import {
  RELAY_ATTACHMENT_BYTES,
  RELAY_MAX_PENDING_OUTPUT_BYTES,
  RELAY_MAX_STORED_OUTPUT_BYTES,
  RELAY_MESSAGES_BURST,
  RELAY_MESSAGES_PER_S,
  RELAY_OUTPUT_BYTES_PER_S,
  RELAY_STORED_OUTPUT_BYTES_PER_S,
} from '../limits.ts';
import { eventMessage } from '../nostr/messages.ts';
import { Allowance } from './allowance.ts';
import type { Arrival, Listener } from './listener.ts';
import type { Subscription } from './subscriptions.ts';

/** The socket of a connection, as the rules see it. */
export interface Peer {
  send(text: string): void;
  /** Closes with a code of RFC 6455 and a reason of at most 123 bytes. */
  close(code: number, reason: string): void;
  /** Keeps a small state with the socket while the object sleeps (at most 16 KiB serialised). */
  keep(state: SavedConnection): void;
}

/** What survives hibernation with the socket. REQ messages that do not fit are in the `subscription` table. */
export interface SavedConnection {
  readonly id: string;
  readonly challenge: string;
  readonly authenticated: readonly string[];
  /** REQ messages as they came. */
  readonly requests: readonly string[];
  /** Whether there are more in the table. */
  readonly spilled: boolean;
}

interface Open {
  readonly subscription: Subscription<Listener>;
  /** The REQ message as it came. */
  readonly request: string;
  /** Bytes of the attachment it takes, or null when it is in the table. */
  readonly attached: number | null;
}

export class Connection implements Listener {
  readonly id: string;
  readonly challenge: string;
  readonly authenticated: Set<string>;
  readonly open = new Map<string, Open>();
  /** Messages in. */
  readonly messages: Allowance;
  /** Bytes of stored events out. */
  readonly stored: Allowance;
  readonly #peer: Peer;
  readonly #output: Allowance;
  readonly #now: () => number;
  #closed = false;

  /** @param now Unix ms */
  constructor(peer: Peer, id: string, challenge: string, authenticated: Iterable<string>, now: () => number) {
    this.#peer = peer;
    this.#now = now;
    this.id = id;
    this.challenge = challenge;
    this.authenticated = new Set(authenticated);
    const at_ms = now();
    this.messages = new Allowance(RELAY_MESSAGES_BURST, RELAY_MESSAGES_PER_S, at_ms);
    this.stored = new Allowance(RELAY_MAX_STORED_OUTPUT_BYTES, RELAY_STORED_OUTPUT_BYTES_PER_S, at_ms);
    this.#output = new Allowance(RELAY_MAX_PENDING_OUTPUT_BYTES, RELAY_OUTPUT_BYTES_PER_S, at_ms);
  }

  get reader(): ReadonlySet<string> {
    return this.authenticated;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Characters of all REQ messages that are open. */
  get requestChars(): number {
    let chars = 0;
    for (const { request } of this.open.values()) chars += request.length;
    return chars;
  }

  /** Sends a message that answers one of the client's. */
  send(text: string): void {
    if (!this.#closed) this.#peer.send(text);
  }

  /** A live event. A client that does not keep up is closed: it can come back and ask for what it missed. */
  deliver(name: string, arrival: Arrival): void {
    if (this.#closed) return;
    const text = eventMessage(name, arrival.json);
    if (this.#output.spend(text.length, this.#now()) < 0)
      this.close(1008, 'rate-limited: events are read too slowly');
    else this.#peer.send(text);
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#peer.close(code, reason);
  }

  /** Whether a REQ message fits into what is kept with the socket, and how many bytes of it that takes. */
  attachable(request: string): number | null {
    // V8 writes text outside Latin-1 with two bytes a character.
    const bytes = Buffer.byteLength(request) === request.length ? request.length : 2 * request.length;
    let used = bytes;
    for (const { attached } of this.open.values()) used += attached ?? 0;
    return used <= RELAY_ATTACHMENT_BYTES ? bytes : null;
  }

  /** Keeps the present state with the socket. */
  save(): void {
    const requests: string[] = [];
    let spilled = false;
    for (const { request, attached } of this.open.values()) {
      if (attached === null) spilled = true;
      else requests.push(request);
    }
    const { id, challenge } = this;
    this.#peer.keep({ id, challenge, authenticated: [...this.authenticated], requests, spilled });
  }
}
