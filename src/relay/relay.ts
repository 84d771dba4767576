/**
 * The embedded relay (PROTOCOL §9): takes messages of clients and events of the marketplace, stores, answers, passes
 * on. Everything here is synchronous; sockets, alarms and other objects belong to the shell (workers/relay.ts).
 */
import { Buffer } from 'node:buffer';
import type { Clock } from '../clock.ts';
import { RELAY_MAX_MESSAGE_BYTES, RELAY_MESSAGES_BURST } from '../limits.ts';
import { type NostrEvent, type Refusal, type VerifiedEvent, verifyEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import { type AgentKinds, isEphemeral } from '../nostr/kinds.ts';
import {
  authMessage,
  closedMessage,
  eventJson,
  noticeMessage,
  okMessage,
  parseClientMessage,
} from '../nostr/messages.ts';
import type { Sql } from '../store/sql.ts';
import { authenticate } from './authenticate.ts';
import { Connection, type Peer, type SavedConnection } from './connection.ts';
import { EventQuery } from './event-query.ts';
import { EventStore, eventOf, type Origin } from './event-store.ts';
import { type JobSink, JobStream } from './job-stream.ts';
import type { Arrival, Listener } from './listener.ts';
import { MESSAGE_LIMITS } from './message-limits.ts';
import type { Policy } from './policy.ts';
import { Requests } from './requests.ts';
import type { Standing } from './standing.ts';
import { Subscriptions } from './subscriptions.ts';
import { mayRead } from './visibility.ts';

/** What the relay is told about where it stands, and whom it tells what it stored. */
export interface RelaySettings {
  /** Rules for events of strangers. */
  readonly policy: Policy;
  /** Its own URL, for NIP-42 and NIP-62. */
  readonly url: string;
  /** Whether other loopback names of the same port are the same relay (`npm start`). */
  readonly local: boolean;
  readonly kinds: AgentKinds;
  /** Called in the same turn in which an event was stored, before anything else can happen. */
  stored(seq: number, event: NostrEvent, origin: Origin): void;
  /** Called in the same turn in which an ephemeral event was passed on: it is kept nowhere. */
  passed?(event: NostrEvent): void;
}

/** What became of an event that the marketplace handed in. */
export interface Outcome {
  readonly id: string;
  readonly ok: boolean;
  readonly reason: string;
}

const NOT_STORED: Readonly<Record<Exclude<Standing, 'new'>, { ok: boolean; reason: Refusal }>> = {
  known: { ok: true, reason: 'duplicate: this event is stored already' },
  superseded: { ok: true, reason: 'duplicate: a newer version is stored' },
  deleted: { ok: false, reason: 'blocked: its author deleted this event' },
};

export class Relay {
  readonly store: EventStore;
  readonly #sql: Sql;
  readonly #query: EventQuery;
  readonly #subscriptions = new Subscriptions<Listener>();
  readonly #requests: Requests;
  readonly #settings: RelaySettings;
  readonly #clock: Clock;

  constructor(sql: Sql, clock: Clock, settings: RelaySettings) {
    this.#sql = sql;
    this.#clock = clock;
    this.#settings = settings;
    this.store = new EventStore(sql);
    this.#query = new EventQuery(sql);
    this.#requests = new Requests(sql, this.#query, this.#subscriptions, clock);
  }

  /** A client has connected. It is given its challenge at once (NIP-42). */
  open(peer: Peer, id: string, challenge: string): Connection {
    const connection = new Connection(peer, id, challenge, [], this.#clock);
    connection.save();
    connection.send(authMessage(challenge));
    return connection;
  }

  /** A client whose socket outlived our memory (hibernation). */
  restore(peer: Peer, saved: SavedConnection): Connection {
    const { id, challenge, authenticated } = saved;
    const connection = new Connection(peer, id, challenge, authenticated, this.#clock);
    this.#requests.restore(connection, saved);
    return connection;
  }

  /** A client has gone. */
  forget(connection: Connection): void {
    this.#requests.closeAll(connection);
  }

  /** Drops what sockets that are no longer there left behind. @param ids connections that still exist */
  sweep(ids: readonly string[]): void {
    this.#requests.sweep(ids);
  }

  /** One frame of a client. Every failure of the client is answered on its own connection; nothing is thrown for it. */
  receive(connection: Connection, frame: string | ArrayBuffer): void {
    if (typeof frame !== 'string') {
      if (this.#admit(connection, frame.byteLength))
        connection.send(noticeMessage('invalid: text frames only'));
      return;
    }
    const admitted = this.#admit(connection, frame.length);
    if (connection.closed) return;
    if (isOversized(frame)) {
      connection.send(noticeMessage(`invalid: a message may have ${RELAY_MAX_MESSAGE_BYTES} bytes`));
      return;
    }
    const message = parseClientMessage(frame, MESSAGE_LIMITS);
    switch (message.type) {
      case 'refused':
        connection.send(message.answer);
        break;
      case 'EVENT': {
        const { ok, reason } = admitted ? this.#submit(connection, message.event) : TOO_FAST;
        connection.send(okMessage(message.event.id, ok, reason));
        break;
      }
      case 'AUTH': {
        const refusal = admitted
          ? authenticate(connection, message.event, this.#settings, this.#clock())
          : TOO_FAST.reason;
        connection.send(okMessage(message.event.id, refusal === null, refusal ?? ''));
        break;
      }
      case 'CLOSE':
        this.#requests.close(connection, message.id);
        break;
      default:
        if (!admitted) connection.send(closedMessage(message.id, TOO_FAST.reason));
        else if (message.type === 'REQ') this.#requests.open(connection, message, frame);
        else this.#requests.count(connection, message);
    }
  }

  /** Counts a frame. Who goes on long after being refused is disconnected. */
  #admit(connection: Connection, length: number): boolean {
    // A frame costs by its size too, so that oversized ones are no way around the limit.
    const left = connection.messages.spend(1 + Math.floor(length / RELAY_MAX_MESSAGE_BYTES), this.#clock());
    if (left < -RELAY_MESSAGES_BURST) connection.close(1008, 'rate-limited: too many messages');
    return left >= 0;
  }

  #submit(connection: Connection, event: NostrEvent): { ok: boolean; reason: Refusal | '' } {
    const json = eventJson(event);
    const { authenticated } = connection;
    const refusal = this.#settings.policy.check({
      event,
      bytes: Buffer.byteLength(json),
      now_s: Math.floor(this.#clock() / 1_000),
      authenticated,
    });
    if (refusal !== null) return { ok: false, reason: refusal };
    const standing = isEphemeral(event.kind) ? 'new' : this.store.standing(event);
    if (standing !== 'new') return NOT_STORED[standing];
    const verified = verifyEvent(event);
    if (typeof verified === 'string') return { ok: false, reason: verified };
    this.#accept(verified, json, { ours: false, authenticated: [...authenticated] });
    return { ok: true, reason: '' };
  }

  /**
   * Takes events of the marketplace itself: no rule for strangers applies, and their signatures are not checked
   * again. All of them are stored in one transaction before any is passed on.
   */
  publish(events: readonly VerifiedEvent[]): Outcome[] {
    const origin: Origin = { ours: true, authenticated: [] };
    const arrivals: Arrival[] = [];
    const outcomes = this.#sql.transaction(() =>
      events.map((event) => {
        const standing = isEphemeral(event.kind) ? 'new' : this.store.standing(event);
        if (standing !== 'new') return { id: event.id, ...NOT_STORED[standing] };
        const json = eventJson(event);
        arrivals.push({ event, json, seq: this.#keep(event, json, origin), ours: true });
        return { id: event.id, ok: true, reason: '' };
      }),
    );
    for (const arrival of arrivals) this.#passOn(arrival, origin);
    return outcomes;
  }

  #accept(event: VerifiedEvent, json: string, origin: Origin): void {
    const seq = this.#sql.transaction(() => this.#keep(event, json, origin));
    this.#passOn({ event, json, seq, ours: origin.ours }, origin);
  }

  #keep(event: NostrEvent, json: string, origin: Origin): number | null {
    return isEphemeral(event.kind) ? null : this.store.insert(event, json, origin);
  }

  #passOn(arrival: Arrival, origin: Origin): void {
    const { event, seq } = arrival;
    this.#subscriptions.match(event, ({ owner, name }) => {
      if (mayRead(owner.reader, event)) owner.deliver(name, arrival);
    });
    if (seq !== null) this.#settings.stored(seq, event, origin);
    else this.#settings.passed?.(event);
  }

  /**
   * Stored events for the marketplace itself, newest first.
   *
   * @throws RangeError when a filter would read too much
   */
  query(filters: readonly Filter[], limit: number): NostrEvent[] {
    const refs = this.#query.find(filters, 'all', Math.floor(this.#clock() / 1_000), limit);
    if (typeof refs === 'string') throw new RangeError(refs);
    return this.#query.json(refs.slice(0, limit).map((ref) => ref.seq)).map(eventOf);
  }

  /**
   * Follows one job's events into `sink` until its end.
   *
   * @param live whether more may come; without it the sink ends after what is stored
   * @returns what stops it earlier
   */
  follow(jobId: string, afterSeq: number, live: boolean, sink: JobSink): () => void {
    const stream = new JobStream(jobId, this.store, this.#settings.kinds, sink);
    if (stream.replay(afterSeq)) return () => undefined;
    if (!live) {
      sink.end();
      return () => undefined;
    }
    const subscription = { owner: stream, name: jobId, filters: [{ '#e': [jobId] }] };
    this.#subscriptions.add(subscription);
    const stop = () => this.#subscriptions.remove(subscription);
    stream.onEnd = stop;
    return stop;
  }

  /** Subscriptions that are open now, of all clients and streams. */
  get subscriptions(): number {
    return this.#subscriptions.size;
  }
}

const TOO_FAST: { ok: boolean; reason: Refusal } = {
  ok: false,
  reason: 'rate-limited: too many messages, slow down',
};

function isOversized(text: string): boolean {
  // UTF-8 needs one to three bytes per UTF-16 unit, so most frames need no counting.
  if (text.length > RELAY_MAX_MESSAGE_BYTES) return true;
  return text.length * 3 > RELAY_MAX_MESSAGE_BYTES && Buffer.byteLength(text) > RELAY_MAX_MESSAGE_BYTES;
}
