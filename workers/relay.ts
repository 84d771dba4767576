/**
 * The embedded relay's durable object: it holds sockets, storage and alarm, and calls the rules in src/relay.
 * Sockets hibernate, so idle clients cost nothing; everything a connection is comes back from its attachment.
 */
import { DurableObject } from 'cloudflare:workers';
import { systemClock } from '../src/clock.ts';
import { embeddedRelayUrl } from '../src/config.ts';
import {
  RELAY_INDEX_DELAY_MS,
  RELAY_MARK_INTERVAL_MS,
  RELAY_PRUNE_BATCH,
  RELAY_PRUNE_INTERVAL_MS,
} from '../src/limits.ts';
import { alreadyVerified, type NostrEvent } from '../src/nostr/event.ts';
import type { Filter } from '../src/nostr/filter.ts';
import { toHex } from '../src/nostr/hex.ts';
import { parseClientMessage } from '../src/nostr/messages.ts';
import { BlockedAuthors } from '../src/relay/blocked.ts';
import type { Connection, Peer, SavedConnection } from '../src/relay/connection.ts';
import type { Origin, StoredEvent } from '../src/relay/event-store.ts';
import { expirationOf } from '../src/relay/event-tags.ts';
import { Handover } from '../src/relay/handover.ts';
import { IndexFeed, isIndexed } from '../src/relay/index-feed.ts';
import { relayPolicy } from '../src/relay/information.ts';
import { Mark } from '../src/relay/mark.ts';
import { MESSAGE_LIMITS } from '../src/relay/message-limits.ts';
import { Relay as Rules } from '../src/relay/relay.ts';
import { concerns, dispatch } from './dispatch.ts';
import { configOf, type Env } from './env.ts';
import { faultPoint } from './faults.ts';
import { jobEventStream } from './job-event-stream.ts';
import { freshListings, haveListings, isStale } from './listings.ts';
import { isMcp, orderMcp } from './mcp.ts';
import { EMBEDDED, type PublishOutcome, type RelayRpc } from './rpc.ts';
import { durableSql } from './sql.ts';
import { passToWallet } from './wallet-traffic.ts';

/** WebSocket close code (RFC 6455 §7.4.1). */
const NORMAL_CLOSURE = 1000;

export class Relay extends DurableObject<Env> implements RelayRpc {
  readonly #rules: Rules;
  readonly #blocked: BlockedAuthors;
  readonly #connections = new Map<WebSocket, Connection>();
  readonly #dispatched: Mark;
  readonly #indexed: Mark;
  readonly #handover: Handover;
  readonly #feed: IndexFeed;
  #feedTimer: ReturnType<typeof setTimeout> | undefined;
  /** Unix ms of the alarm that is set, or null when none is known to be. */
  #alarmAt_ms: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const config = configOf(env);
    const sql = durableSql(ctx.storage);
    this.#rules = new Rules(sql, systemClock, {
      policy: relayPolicy(config, { has: (pubkey) => this.#blocked.has(pubkey) }),
      url: embeddedRelayUrl(config),
      local: config.local,
      kinds: config.kinds,
      stored: (seq, event, origin) => this.#stored(seq, event, origin),
      passed: (event) => this.#passed(event),
    });
    const { store } = this.#rules;
    this.#blocked = new BlockedAuthors(sql, config.blocked);
    this.#dispatched = new Mark(sql, 'dispatch');
    this.#indexed = new Mark(sql, 'index');
    this.#handover = new Handover(
      store,
      this.#dispatched,
      {
        wants: (event) => concerns(env, event),
        take: (stored) => this.#dispatch(stored),
        failed: (stored, error, givenUp) => this.#dispatchFailed(stored, error, givenUp),
      },
      systemClock,
      Math.random,
    );
    this.#feed = new IndexFeed(store, this.#indexed, (events) => env.INDEX.getByName('main').ingest(events));
    for (const socket of ctx.getWebSockets()) this.#restore(socket);
    this.#rules.sweep([...this.#connections.values()].map(({ id }) => id));
    // Whose it is can only be told when the listed agents are known.
    if (haveListings(env)) this.#resume();
    else
      void ctx.blockConcurrencyWhile(async () => {
        await freshListings(env);
        this.#resume();
      });
  }

  /** Whatever was accepted before a crash and not handed on is handed on now. */
  #resume(): void {
    for (const work of this.#handover.resume()) this.ctx.waitUntil(work);
    if (this.#dispatched.open > 0 || this.#feed.behind) this.#wakeBy(systemClock() + RELAY_MARK_INTERVAL_MS);
  }

  // ── Sockets ──

  /** Takes a WebSocket upgrade. */
  override fetch(request: Request): Response {
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
      return new Response('This is a Nostr relay: connect by WebSocket.\n', {
        status: 426,
        headers: { upgrade: 'websocket' },
      });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const challenge = toHex(crypto.getRandomValues(new Uint8Array(16)));
    this.#connections.set(server, this.#rules.open(peerOf(server), crypto.randomUUID(), challenge));
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    if (this.env.FAULT_URL !== undefined) await this.#beforeInsert(message);
    this.#rules.receive(connection, message);
    // Not waited for: whoever lists an agent has this object told (listingsChanged).
    if (isStale(this.env)) this.ctx.waitUntil(freshListings(this.env));
  }

  override webSocketClose(socket: WebSocket): void {
    this.#gone(socket);
    // The runtime does not answer a client's close by itself here; unanswered, the client waits out its own timeout.
    // The client's own code is not repeated: some codes that arrive may not be sent (RFC 6455 §7.4.1).
    socket.close(NORMAL_CLOSURE);
  }

  override webSocketError(socket: WebSocket): void {
    this.#gone(socket);
  }

  #gone(socket: WebSocket): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    this.#connections.delete(socket);
    this.#rules.forget(connection);
  }

  #restore(socket: WebSocket): void {
    const saved: SavedConnection | null = socket.deserializeAttachment();
    if (saved !== null) this.#connections.set(socket, this.#rules.restore(peerOf(socket), saved));
  }

  // ── Other objects ──

  publish(events: readonly NostrEvent[]): Promise<PublishOutcome[]> {
    return Promise.resolve(this.#rules.publish(events.map(alreadyVerified)));
  }

  query(filters: readonly Filter[], limit: number): Promise<NostrEvent[]> {
    return Promise.resolve(this.#rules.query(filters, limit));
  }

  find(id: string): Promise<NostrEvent | null> {
    return Promise.resolve(this.#rules.store.find(id)?.event ?? null);
  }

  withdraw(ids: readonly string[]): Promise<void> {
    this.#rules.store.withdraw(ids);
    this.#wakeBy(systemClock() + RELAY_PRUNE_INTERVAL_MS);
    return Promise.resolve();
  }

  jobEvents(jobId: string, afterSeq: number, live: boolean): Promise<ReadableStream<Uint8Array>> {
    return Promise.resolve(jobEventStream((sink) => this.#rules.follow(jobId, afterSeq, live, sink)));
  }

  keepOut(pubkeys: readonly string[]): Promise<void> {
    this.#blocked.replace(pubkeys);
    return Promise.resolve();
  }

  listingsChanged(): Promise<void> {
    return freshListings(this.env, 0);
  }

  stats(): Promise<{ readonly [name: string]: number }> {
    return Promise.resolve({
      connections: this.#connections.size,
      subscriptions: this.#rules.subscriptions,
      events: this.#rules.store.count(),
      last_seq: this.#rules.store.lastSeq,
      dispatch_open: this.#dispatched.open,
      dispatch_mark: this.#dispatched.value,
      index_mark: this.#indexed.value,
    });
  }

  // ── Handing on ──

  /** Runs in the turn of the insert, so the alarm that guards the event is committed with it. */
  #stored(seq: number, event: NostrEvent, origin: Origin): void {
    const begun = this.#handover.take({ seq, event, ...origin });
    for (const work of begun) this.ctx.waitUntil(work);
    if (isIndexed(event)) this.#feedSoon();
    if (begun.length > 0 || isIndexed(event)) this.#wakeBy(systemClock() + RELAY_MARK_INTERVAL_MS);
    const expiresAt_s = expirationOf(event);
    if (expiresAt_s !== null)
      this.#wakeBy(Math.max(expiresAt_s * 1_000, systemClock() + RELAY_PRUNE_INTERVAL_MS));
  }

  /** Best effort like every ephemeral event: what matters of a wallet is looked up (NIP-47), and who calls a tool asks again. */
  #passed(event: NostrEvent): void {
    const work =
      passToWallet(this.env, event) ?? (isMcp(this.env, event) ? orderMcp(this.env, event, EMBEDDED) : null);
    if (work === null) return;
    this.ctx.waitUntil(
      work.catch((error: unknown) =>
        console.error(JSON.stringify({ message: 'event not handed on', id: event.id, error: String(error) })),
      ),
    );
  }

  async #dispatch({ event, authenticated }: StoredEvent): Promise<void> {
    if (this.env.FAULT_URL !== undefined) await faultPoint(this.env, 'K1', event.id);
    await dispatch(this.env, { event, via: EMBEDDED, authenticated });
  }

  #dispatchFailed({ event }: StoredEvent, error: unknown, givenUp: boolean): void {
    console.error(
      JSON.stringify({
        message: givenUp ? 'event given up' : 'event not handed on yet',
        id: event.id,
        kind: event.kind,
        error: String(error),
      }),
    );
    this.#wakeBy(systemClock() + RELAY_MARK_INTERVAL_MS);
  }

  #feedSoon(): void {
    this.#feedTimer ??= setTimeout(() => {
      this.#feedTimer = undefined;
      this.ctx.waitUntil(this.#feedNow());
    }, RELAY_INDEX_DELAY_MS);
  }

  async #feedNow(): Promise<void> {
    try {
      await this.#feed.run();
    } catch (error) {
      // The mark stands where it stood, and the alarm tries again.
      console.error(JSON.stringify({ message: 'search index not fed', error: String(error) }));
    }
  }

  async #beforeInsert(message: string | ArrayBuffer): Promise<void> {
    if (typeof message !== 'string') return;
    const parsed = parseClientMessage(message, MESSAGE_LIMITS);
    if (parsed.type === 'EVENT' && concerns(this.env, parsed.event))
      await faultPoint(this.env, 'K0', parsed.event.id);
  }

  // ── Alarm ──

  /** Makes sure that the alarm rings by then. One row when it has to be set, none when it rings earlier anyway. */
  #wakeBy(at_ms: number): void {
    if (this.#alarmAt_ms !== null && this.#alarmAt_ms <= at_ms) return;
    this.#alarmAt_ms = at_ms;
    this.ctx.waitUntil(this.ctx.storage.setAlarm(at_ms));
  }

  override async alarm(): Promise<void> {
    this.#alarmAt_ms = null;
    try {
      for (const work of this.#handover.retry()) this.ctx.waitUntil(work);
      await this.#feedNow();
      const now_ms = systemClock();
      const { removed, next_s } = this.#rules.store.prune(Math.floor(now_ms / 1_000), RELAY_PRUNE_BATCH);
      this.#dispatched.save();
      this.#indexed.save();
      if (this.#dispatched.open > 0 || this.#feed.behind)
        this.#wakeBy(Math.max(this.#handover.nextRetry_ms ?? 0, now_ms + RELAY_MARK_INTERVAL_MS));
      if (removed === RELAY_PRUNE_BATCH) this.#wakeBy(now_ms);
      else if (next_s !== null) this.#wakeBy(Math.max(next_s * 1_000, now_ms + RELAY_PRUNE_INTERVAL_MS));
    } catch (error) {
      // After six throws the platform would give the alarm up for good (PLATFORM).
      console.error(JSON.stringify({ message: 'relay alarm failed', error: String(error) }));
      this.#wakeBy(systemClock() + RELAY_MARK_INTERVAL_MS);
    }
  }
}

function peerOf(socket: WebSocket): Peer {
  return {
    send(text) {
      // A socket that is closing takes no more; its client asks again when it is back.
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: (code, reason) => socket.close(code, reason),
    keep: (state) => socket.serializeAttachment(state),
  };
}
