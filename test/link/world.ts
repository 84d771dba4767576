/** A world of simulated time, relays and sessions for tests of the links. One seed decides everything. */
import type { After, Dial, LinkDelivery, LinkPorts, Socket, SocketHandlers } from '../../src/link/ports.ts';
import { type EventTemplate, type NostrEvent, signEvent, type VerifiedEvent } from '../../src/nostr/event.ts';
import { type Filter, matchesAny, matchesFilter } from '../../src/nostr/filter.ts';
import { authTemplate, checkAuth } from '../../src/nostr/nip42.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';

interface Timer {
  readonly at_ms: number;
  readonly serial: number;
  readonly work: () => void;
}

/** A simulated clock with timers. Nothing in the tests waits for real time. */
export class SimClock {
  now_ms = 1_800_000_000_000;
  #timers: Timer[] = [];
  #serial = 0;

  get now_s(): number {
    return Math.floor(this.now_ms / 1_000);
  }

  readonly after: After = (delay_ms, work) => {
    const timer = { at_ms: this.now_ms + delay_ms, serial: this.#serial++, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Lets time pass, running each timer at its moment and everything it sets off before the next. */
  async pass(duration_ms: number): Promise<void> {
    const end_ms = this.now_ms + duration_ms;
    for (;;) {
      await settle();
      const next = this.#timers.reduce<Timer | undefined>(
        (first, timer) =>
          timer.at_ms <= end_ms &&
          (first === undefined ||
            timer.at_ms < first.at_ms ||
            (timer.at_ms === first.at_ms && timer.serial < first.serial))
            ? timer
            : first,
        undefined,
      );
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.now_ms = Math.max(this.now_ms, next.at_ms);
      next.work();
    }
    this.now_ms = end_ms;
    await settle();
  }
}

/** Runs every promise that can go on without time passing. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A key pair whose secret is one repeated byte. */
export function keysOf(byte: number): { secretKey: Uint8Array; publicKey: string } {
  const secretKey = new Uint8Array(32).fill(byte);
  return { secretKey, publicKey: publicKeyOf(secretKey) };
}

export const AGENT = keysOf(1);
export const CLIENT = keysOf(2);

/** An event signed with a fixed nonce, so that a seed gives the same ids and signatures every time. */
export function signed(template: Partial<EventTemplate>, secretKey = CLIENT.secretKey): VerifiedEvent {
  return signEvent(
    { kind: 1, created_at: 0, tags: [], content: '', ...template },
    secretKey,
    new Uint8Array(32).fill(7),
  );
}

/** What a simulated relay does with one connection; the real relays of the black-box tests are elsewhere. */
export interface RelayScript {
  /** Called for each client frame. `say` sends a frame to the client, `hangUp` drops the connection. */
  frame(message: readonly unknown[], peer: Peer): void;
  opened?(peer: Peer): void;
  gone?(peer: Peer): void;
}

export interface Peer {
  say(message: unknown): void;
  sayRaw(frame: unknown): void;
  hangUp(reason?: string): void;
}

/** Connects dialled URLs to scripts, with a latency, and without any frame after either side is gone. */
export class SimNet {
  readonly #clock: SimClock;
  readonly #relays = new Map<string, RelayScript>();
  readonly #latency_ms: () => number;
  readonly dialled: string[] = [];
  readonly down = new Set<string>();

  constructor(clock: SimClock, latency_ms: () => number = () => 5) {
    this.#clock = clock;
    this.#latency_ms = latency_ms;
  }

  add(url: string, relay: RelayScript): void {
    this.#relays.set(url, relay);
  }

  dial: Dial = (url, handlers) => this.#connect(url, handlers);

  #connect(url: string, handlers: SocketHandlers): Socket {
    this.dialled.push(url);
    let over = false;
    // Frames keep their order, as on a TCP stream.
    let busyUntil_ms = this.#clock.now_ms;
    const later = (work: () => void) => {
      busyUntil_ms = Math.max(busyUntil_ms, this.#clock.now_ms + this.#latency_ms());
      this.#clock.after(busyUntil_ms - this.#clock.now_ms, () => {
        if (!over) work();
      });
    };
    const relay = this.#relays.get(url);
    const end = (reason: string) => {
      if (over) return;
      over = true;
      relay?.gone?.(peer);
      handlers.closed(reason);
    };
    const peer: Peer = {
      say: (message) => later(() => handlers.frame(JSON.stringify(message))),
      sayRaw: (frame) => later(() => handlers.frame(frame)),
      hangUp: (reason = 'the relay hung up') => end(reason),
    };
    later(() => {
      if (relay === undefined || this.down.has(url)) return end('connection refused');
      handlers.open();
      relay.opened?.(peer);
    });
    return {
      send: (text) =>
        later(() => {
          const message: unknown = JSON.parse(text);
          if (Array.isArray(message)) relay?.frame(message, peer);
        }),
      close: () => {
        if (over) return;
        over = true;
        relay?.gone?.(peer);
      },
    };
  }
}

export interface HonestOptions {
  /** Most stored events one filter returns. */
  readonly cap?: number;
  /** Whether a live event is withheld from one subscriber, which then finds it only by asking again. */
  readonly losesLive?: () => boolean;
  /** Requires NIP-42 before it answers anything. */
  readonly requiresAuth?: boolean;
  readonly clock?: SimClock;
}

/** A relay that keeps NIP-01: what it has accepted it returns to whoever asks. */
export class HonestRelay implements RelayScript {
  readonly url: string;
  readonly stored = new Map<string, NostrEvent>();
  /** Every message from clients, for assertions. */
  readonly heard: (readonly unknown[])[] = [];
  readonly #options: HonestOptions;
  readonly #subscriptions = new Map<Peer, Map<string, readonly Filter[]>>();
  readonly #proved = new Map<Peer, Set<string>>();

  constructor(url: string, options: HonestOptions = {}) {
    this.url = url;
    this.#options = options;
  }

  get peers(): Peer[] {
    return [...this.#subscriptions.keys()];
  }

  opened(peer: Peer): void {
    this.#subscriptions.set(peer, new Map());
    this.#proved.set(peer, new Set());
    if (this.#options.requiresAuth) peer.say(['AUTH', this.#challenge(peer)]);
  }

  gone(peer: Peer): void {
    this.#subscriptions.delete(peer);
    this.#proved.delete(peer);
  }

  /** A client somewhere posts an event here. */
  post(event: NostrEvent): void {
    if (this.stored.has(event.id)) return;
    this.stored.set(event.id, event);
    for (const [peer, subscriptions] of this.#subscriptions) {
      for (const [id, filters] of subscriptions) {
        if (matchesAny(filters, event) && this.#options.losesLive?.() !== true)
          peer.say(['EVENT', id, event]);
      }
    }
  }

  frame(message: readonly unknown[], peer: Peer): void {
    this.heard.push(message);
    const [type, first, ...rest] = message;
    const authorised = this.#options.requiresAuth !== true || (this.#proved.get(peer)?.size ?? 0) > 0;
    if (type === 'REQ' && typeof first === 'string') {
      if (authorised) this.#request(peer, first, rest as readonly Filter[]);
      else peer.say(['CLOSED', first, 'auth-required: who are you']);
    } else if (type === 'CLOSE' && typeof first === 'string') {
      this.#subscriptions.get(peer)?.delete(first);
    } else if (type === 'EVENT') {
      const event = first as NostrEvent;
      const known = this.stored.has(event.id);
      if (authorised) this.post(event);
      peer.say(
        authorised
          ? ['OK', event.id, true, known ? 'duplicate: have it' : '']
          : ['OK', event.id, false, 'auth-required: who are you'],
      );
    } else if (type === 'AUTH') {
      this.#authenticate(peer, first as NostrEvent);
    }
  }

  #request(peer: Peer, id: string, filters: readonly Filter[]): void {
    for (const event of this.#find(filters)) peer.say(['EVENT', id, event]);
    peer.say(['EOSE', id]);
    this.#subscriptions.get(peer)?.set(id, filters);
  }

  #authenticate(peer: Peer, event: NostrEvent): void {
    const checked = checkAuth(event, this.#challenge(peer), this.url, this.#options.clock?.now_s ?? 0);
    if (typeof checked !== 'string') this.#proved.get(peer)?.add(event.pubkey);
    peer.say(['OK', event.id, typeof checked !== 'string', typeof checked === 'string' ? checked : '']);
  }

  #find(filters: readonly Filter[]): NostrEvent[] {
    const found = filters.flatMap((filter) =>
      [...this.stored.values()]
        .filter((event) => matchesFilter(filter, event))
        .sort((a, b) => b.created_at - a.created_at || a.id.localeCompare(b.id))
        .slice(0, Math.min(filter.limit ?? Number.POSITIVE_INFINITY, this.#options.cap ?? 500)),
    );
    return [...new Map(found.map((event) => [event.id, event])).values()];
  }

  #challenge(peer: Peer): string {
    return `challenge-${this.url}-${this.peers.indexOf(peer)}`;
  }
}

/** Ports over a simulated world; a test overrides what it looks at. `alive` ends an incarnation of the object. */
export function simPorts(
  clock: SimClock,
  net: SimNet,
  random: () => number,
  overrides: Partial<LinkPorts> = {},
  alive: () => boolean = () => true,
): LinkPorts {
  return {
    now: () => clock.now_ms,
    random,
    after: (delay_ms, work) =>
      clock.after(delay_ms, () => {
        if (alive()) work();
      }),
    dial: (url, handlers) =>
      net.dial(url, {
        open: () => alive() && handlers.open(),
        frame: (data) => alive() && handlers.frame(data),
        closed: (reason) => alive() && handlers.closed(reason),
      }),
    background: (work) => {
      work.catch((error: unknown) => {
        if (alive()) backgroundErrors.push(error);
      });
    },
    signAuth: (pubkey, relayUrl, challenge) =>
      pubkey === AGENT.publicKey
        ? signed(authTemplate(challenge, relayUrl, clock.now_s), AGENT.secretKey)
        : undefined,
    concerns: (event) => {
      const addressed = event.tags.filter((tag) => tag[0] === 'p').map((tag) => tag[1]);
      return addressed.length === 0 || addressed.includes(AGENT.publicKey);
    },
    dispatch: async () => undefined,
    ingest: async () => undefined,
    permit: (url) => url,
    ...overrides,
  };
}

/** Rejections of background work; tests that provoke none expect none. */
export const backgroundErrors: unknown[] = [];

/**
 * Sessions as they are: durable, and one job per request id however often it is delivered (promise 2). `ran`
 * counts how often each id was begun.
 */
export class FakeSessions {
  readonly ran = new Map<string, number>();
  readonly cancelled = new Set<string>();
  deliveries = 0;

  take({ event }: LinkDelivery): void {
    this.deliveries++;
    if (event.kind === 5) {
      for (const tag of event.tags) if (tag[0] === 'e' && tag[1] !== undefined) this.cancelled.add(tag[1]);
      return;
    }
    // INSERT OR IGNORE.
    if (!this.ran.has(event.id)) this.ran.set(event.id, 1);
  }
}
