/**
 * A real relay nobody here wrote (`@nostr-relay/core`) on a loopback port, with an event store of ours in memory.
 * It can be stopped and started on the same port: the store outlives the process it stands for.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { NostrEvent } from '../../src/nostr/event.ts';
import { type Filter, matchesFilter, parseFilter } from '../../src/nostr/filter.ts';
import { isAddressable, isReplaceable } from '../../src/nostr/kinds.ts';
import {
  type Event,
  EventRepository,
  LogLevel,
  type Filter as PeerFilter,
} from '../peers/node_modules/@nostr-relay/common/dist/index.js';
import { NostrRelay } from '../peers/node_modules/@nostr-relay/core/dist/index.js';

export interface OutsideRelayOptions {
  /** Answers nobody who has not authenticated (NIP-42). */
  readonly requiresAuth?: boolean;
  /** Most stored events one filter returns. */
  readonly cap?: number;
}

export interface OutsideRelay {
  readonly url: string;
  readonly port: number;
  /** Everything stored, in the order it arrived. */
  stored(filter?: Filter): NostrEvent[];
  /** Open client connections. */
  connections(): number;
  /** Posts an event as a client does; throws with the relay's reason when it refuses. */
  post(event: NostrEvent): Promise<void>;
  /** Resolves with the first stored events that match once there are `count` of them; rejects after `timeout_ms`. */
  waitFor(filter: Filter, count?: number, timeout_ms?: number): Promise<NostrEvent[]>;
  /** Drops every connection without a closing handshake. */
  cut(): void;
  /** Goes down: connections are cut and new ones refused, until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts a relay on a free port of 127.0.0.1. Stop it at the end of the test. */
export async function startOutsideRelay(options: OutsideRelayOptions = {}): Promise<OutsideRelay> {
  const store = new MemoryStore(options.cap ?? 500);
  let running = await listen(0, store, options);
  const port = (running.http.address() as AddressInfo).port;
  const relay: OutsideRelay = {
    url: `ws://127.0.0.1:${port}`,
    port,
    stored: (filter = {}) => store.events().filter((event) => matchesFilter(filter, event)),
    connections: () => running.sockets.clients.size,
    async post(event) {
      const { success, message } = await running.core.handleEvent(mutable(event));
      if (!success) throw new Error(`the outside relay refused the event: ${message}`);
    },
    async waitFor(filter, count = 1, timeout_ms = 15_000) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const check = () => {
        if (relay.stored(filter).length >= count) resolve();
      };
      store.listeners.add(check);
      const timer = setTimeout(
        () =>
          reject(
            new Error(
              `only ${relay.stored(filter).length} of ${count} events came: ${JSON.stringify(filter)}`,
            ),
          ),
        timeout_ms,
      );
      check();
      try {
        await promise;
      } finally {
        clearTimeout(timer);
        store.listeners.delete(check);
      }
      return relay.stored(filter);
    },
    cut: () => {
      for (const socket of running.sockets.clients) socket.terminate();
    },
    async stop() {
      relay.cut();
      running.sockets.close();
      // Some clients ask for NIP-11 over HTTP, which nobody here answers.
      running.http.closeAllConnections();
      await new Promise<void>((resolve) => running.http.close(() => resolve()));
    },
    async start() {
      running = await listen(port, store, options);
    },
  };
  return relay;
}

interface Running {
  readonly http: Server;
  readonly sockets: WebSocketServer;
  readonly core: NostrRelay;
}

async function listen(port: number, store: MemoryStore, options: OutsideRelayOptions): Promise<Running> {
  const core = new NostrRelay(store, {
    logLevel: LogLevel.ERROR,
    // Its cache of filter results would hide what arrived within the last second from who asks again.
    filterResultCacheTtl: 0,
    ...(options.requiresAuth ? { hostname: '127.0.0.1' } : {}),
  });
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket) => {
    core.handleConnection(socket);
    socket.on('error', () => socket.terminate());
    socket.on('close', () => core.handleDisconnect(socket));
    socket.on('message', (data) => {
      const message: unknown = JSON.parse(String(data));
      if (!Array.isArray(message) || refused(core, socket, message, options)) return;
      // What the relay does with a message it cannot read is its affair; the test fails for want of an answer.
      core.handleMessage(socket, message as Parameters<NostrRelay['handleMessage']>[1]).catch(console.error);
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, '127.0.0.1', resolve);
  });
  return { http, sockets, core };
}

/** The library offers challenges but lets anybody read; this door refuses who has not answered one. */
function refused(
  core: NostrRelay,
  socket: WebSocket,
  message: unknown[],
  options: OutsideRelayOptions,
): boolean {
  if (options.requiresAuth !== true || core.isAuthorized(socket)) return false;
  const [type, first] = message;
  if (type === 'REQ') socket.send(JSON.stringify(['CLOSED', first, 'auth-required: for members only']));
  else if (type === 'EVENT') {
    const { id } = first as NostrEvent;
    socket.send(JSON.stringify(['OK', id, false, 'auth-required: for members only']));
  } else return false;
  return true;
}

function mutable(event: NostrEvent): Event {
  return { ...event, tags: event.tags.map((tag) => [...tag]) };
}

/** NIP-01's storage rules over a map. */
class MemoryStore extends EventRepository {
  readonly listeners = new Set<() => void>();
  readonly #events = new Map<string, Event>();
  readonly #cap: number;

  constructor(cap: number) {
    super();
    this.#cap = cap;
  }

  events(): Event[] {
    return [...this.#events.values()];
  }

  override isSearchSupported(): boolean {
    return false;
  }

  override upsert(event: Event): { isDuplicate: boolean } {
    const key = keyOf(event);
    const known = this.#events.get(key);
    if (known !== undefined && (known.id === event.id || known.created_at > event.created_at))
      return { isDuplicate: true };
    this.#events.set(key, event);
    for (const listener of this.listeners) listener();
    return { isDuplicate: false };
  }

  override find(filter: PeerFilter): Event[] {
    const wanted = filterOf(filter);
    return this.events()
      .filter((event) => matchesFilter(wanted, event))
      .sort((a, b) => b.created_at - a.created_at || a.id.localeCompare(b.id))
      .slice(0, Math.min(filter.limit ?? this.#cap, this.#cap));
  }

  /** Stored and passed on like any other event; what it deletes is of no interest to these tests. */
  override async deleteByDeletionRequest(event: Event): Promise<void> {
    this.upsert(event);
  }

  override async destroy(): Promise<void> {
    this.#events.clear();
  }
}

/** The library's filter as ours; a test relay that misread one would pass for a bug of the links. */
function filterOf(filter: PeerFilter): Filter {
  const parsed = parseFilter(JSON.parse(JSON.stringify(filter)), { values: 1_000, valueChars: 1_024 });
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

function keyOf(event: Event): string {
  if (isReplaceable(event.kind)) return `${event.kind}:${event.pubkey}`;
  if (isAddressable(event.kind))
    return `${event.kind}:${event.pubkey}:${event.tags.find((tag) => tag[0] === 'd')?.[1] ?? ''}`;
  return event.id;
}
