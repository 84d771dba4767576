/** REQ, COUNT and CLOSE: stored events now, live ones as they come (NIP-01, NIP-45). */
import type { Clock } from '../clock.ts';
import {
  RELAY_MAX_COUNT,
  RELAY_MAX_RESULT_BYTES,
  RELAY_MAX_SUBSCRIPTION_CHARS,
  RELAY_MAX_SUBSCRIPTIONS,
  RELAY_READS_PER_MESSAGE,
} from '../limits.ts';
import type { Refusal } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import {
  closedMessage,
  countMessage,
  eoseMessage,
  eventMessage,
  parseClientMessage,
} from '../nostr/messages.ts';
import type { Sql } from '../store/sql.ts';
import type { Connection, SavedConnection } from './connection.ts';
import type { EventQuery } from './event-query.ts';
import type { Listener } from './listener.ts';
import type { EventRef } from './merged-lists.ts';
import { MESSAGE_LIMITS } from './message-limits.ts';
import type { Subscriptions } from './subscriptions.ts';
import { refuseReading } from './visibility.ts';

/** Events read from storage at a time while a REQ is answered. */
const READ_CHUNK = 50;

interface Asked {
  readonly id: string;
  readonly filters: readonly Filter[];
}

/** What clients ask for. */
export class Requests {
  readonly #sql: Sql;
  readonly #query: EventQuery;
  readonly #subscriptions: Subscriptions<Listener>;
  readonly #clock: Clock;

  constructor(sql: Sql, query: EventQuery, subscriptions: Subscriptions<Listener>, clock: Clock) {
    this.#sql = sql;
    this.#query = query;
    this.#subscriptions = subscriptions;
    this.#clock = clock;
  }

  /** REQ: stored events, EOSE, then live ones. A second REQ of the same name replaces the first. */
  open(connection: Connection, asked: Asked, request: string): void {
    const { id, filters } = asked;
    this.close(connection, id);
    const refs = this.#refuse(connection, asked, request) ?? this.#find(connection, filters);
    if (typeof refs === 'string') {
      connection.send(closedMessage(id, refs));
      return;
    }
    this.#sendStored(connection, id, refs);
    connection.send(eoseMessage(id));
    this.#remember(connection, asked, request);
    connection.save();
  }

  /** COUNT: exact up to a bound, and said to be approximate beyond it. */
  count(connection: Connection, { id, filters }: Asked): void {
    const refusal = refuseReading(connection.reader, filters);
    const counted = filters.map(({ limit: _ignored, ...filter }): Filter => filter);
    const refs = refusal ?? this.#find(connection, counted, RELAY_MAX_COUNT);
    if (typeof refs === 'string') connection.send(closedMessage(id, refs));
    else connection.send(countMessage(id, refs.length, refs.length >= RELAY_MAX_COUNT));
  }

  /** CLOSE. An unknown name is no failure (NIP-01 knows no answer to it). */
  close(connection: Connection, name: string): void {
    const open = connection.open.get(name);
    if (open === undefined) return;
    connection.open.delete(name);
    this.#subscriptions.remove(open.subscription);
    if (open.attached === null)
      this.#sql.run('DELETE FROM subscription WHERE socket = ? AND name = ?', connection.id, name);
    connection.save();
  }

  /** The connection is gone. */
  closeAll(connection: Connection): void {
    let spilled = false;
    for (const { subscription, attached } of connection.open.values()) {
      this.#subscriptions.remove(subscription);
      spilled ||= attached === null;
    }
    connection.open.clear();
    if (spilled) this.#sql.run('DELETE FROM subscription WHERE socket = ?', connection.id);
  }

  /** Brings back the subscriptions of a connection after hibernation. Nothing is sent: the client knows nothing of it. */
  restore(connection: Connection, saved: SavedConnection): void {
    const table = saved.spilled
      ? this.#sql.all<{ req: string }>('SELECT req FROM subscription WHERE socket = ?', saved.id)
      : [];
    const add = (request: string, inTable: boolean) => {
      const asked = parseClientMessage(request, MESSAGE_LIMITS);
      // It was accepted once; a limit lowered by a new version may refuse it now, and then it is gone.
      if (asked.type === 'REQ')
        this.#listen(connection, asked, request, inTable ? null : connection.attachable(request));
    };
    for (const request of saved.requests) add(request, false);
    for (const { req } of table) add(req, true);
  }

  /** Drops subscriptions in the table whose socket is gone: a killed process runs no close handler. */
  sweep(ids: readonly string[]): void {
    this.#sql.run(
      'DELETE FROM subscription WHERE socket NOT IN (SELECT value FROM json_each(?))',
      JSON.stringify(ids),
    );
  }

  #refuse(connection: Connection, { filters }: Asked, request: string): Refusal | null {
    if (connection.open.size >= RELAY_MAX_SUBSCRIPTIONS)
      return `restricted: at most ${RELAY_MAX_SUBSCRIPTIONS} subscriptions, close one first`;
    if (connection.requestChars + request.length > RELAY_MAX_SUBSCRIPTION_CHARS)
      return `restricted: all subscriptions together may have ${RELAY_MAX_SUBSCRIPTION_CHARS} characters`;
    return refuseReading(connection.reader, filters);
  }

  #find(connection: Connection, filters: readonly Filter[], limit?: number): EventRef[] | Refusal {
    if (connection.stored.spend(0, this.#clock()) < 0)
      return 'rate-limited: read what you were sent, then ask again';
    const before = this.#query.reads;
    const refs = this.#query.find(filters, connection.reader, Math.floor(this.#clock() / 1_000), limit);
    // Wide filters count as several messages, so that they are no cheaper to send than narrow ones are to serve.
    connection.messages.spend((this.#query.reads - before) / RELAY_READS_PER_MESSAGE, this.#clock());
    return refs;
  }

  /** Sends stored events chunk by chunk, and fewer than asked when they are large: NIP-01 lets a relay return fewer. */
  #sendStored(connection: Connection, name: string, refs: readonly EventRef[]): void {
    let bytes = 0;
    for (let start = 0; start < refs.length && bytes < RELAY_MAX_RESULT_BYTES; start += READ_CHUNK) {
      for (const json of this.#query.json(refs.slice(start, start + READ_CHUNK).map((ref) => ref.seq))) {
        bytes += json.length;
        if (bytes > RELAY_MAX_RESULT_BYTES) break;
        connection.send(eventMessage(name, json));
      }
    }
    connection.stored.spend(bytes, this.#clock());
  }

  #remember(connection: Connection, asked: Asked, request: string): void {
    const attached = connection.attachable(request);
    this.#listen(connection, asked, request, attached);
    if (attached === null) {
      this.#sql.run(
        'INSERT OR REPLACE INTO subscription (socket, name, req) VALUES (?, ?, ?)',
        connection.id,
        asked.id,
        request,
      );
    }
  }

  #listen(connection: Connection, { id, filters }: Asked, request: string, attached: number | null): void {
    const subscription = { owner: connection, name: id, filters };
    this.#subscriptions.add(subscription);
    connection.open.set(id, { subscription, request, attached });
  }
}
