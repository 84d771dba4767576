/** The relay's rules over Node's SQLite with a clock of the test's own, and clients that record what they are sent. */

import { type EventTemplate, type NostrEvent, signEvent } from '../../src/nostr/event.ts';
import { DEFAULT_AGENT_KINDS } from '../../src/nostr/kinds.ts';
import type { Connection, SavedConnection } from '../../src/relay/connection.ts';
import type { Origin } from '../../src/relay/event-store.ts';
import { socketPolicy } from '../../src/relay/policies.ts';
import { Relay } from '../../src/relay/relay.ts';
import type { Sql } from '../../src/store/sql.ts';
import { nodeSql } from '../support/node-sql.ts';

export const START_S = 1_750_000_000;
export const URL_OF_RELAY = 'ws://relay.test';

/** A key that is always the same for the same number. */
export function secret(n: number): Uint8Array {
  const key = new Uint8Array(32).fill(1);
  new DataView(key.buffer).setUint32(28, n);
  return key;
}

/** A signed event; the same template gives the same event. */
export function signed(n: number, template: Partial<EventTemplate> = {}): NostrEvent {
  return signEvent(
    { kind: 1, created_at: START_S, tags: [], content: '', ...template },
    secret(n),
    new Uint8Array(32),
  );
}

export type Message = [string, ...unknown[]];

export interface Client {
  readonly connection: Connection;
  /** Everything sent to it since the last call. */
  take(): Message[];
  /** Sends messages and gives back what came in answer. */
  say(...messages: unknown[]): Message[];
  /** Sends one frame as it is. */
  raw(frame: string | ArrayBuffer): Message[];
  saved(): SavedConnection;
  readonly closed: { code: number; reason: string } | undefined;
}

export interface Rig {
  readonly relay: Relay;
  readonly sql: Sql;
  readonly stored: { seq: number; event: NostrEvent; origin: Origin }[];
  now_ms: number;
  client(id?: string): Client;
  /** A client whose socket outlived the object. */
  wake(saved: SavedConnection): Client;
}

export interface RigOptions {
  readonly sql?: Sql;
  readonly minPow?: number;
  readonly blocked?: readonly string[];
}

export function rig(options: RigOptions = {}): Rig {
  const sql = options.sql ?? nodeSql();
  const stored: Rig['stored'] = [];
  const relay = new Relay(sql, () => self.now_ms, {
    policy: socketPolicy({
      blocked: new Set(options.blocked),
      minPow: options.minPow ?? 0,
      relayUrl: URL_OF_RELAY,
    }),
    url: URL_OF_RELAY,
    local: false,
    kinds: DEFAULT_AGENT_KINDS,
    stored: (seq, event, origin) => stored.push({ seq, event, origin }),
  });
  let clients = 0;
  const self: Rig = {
    relay,
    sql,
    stored,
    now_ms: START_S * 1_000,
    client: (id = `client-${++clients}`) =>
      clientOf(relay, (peer) => relay.open(peer, id, `challenge of ${id}`)),
    wake: (saved) => clientOf(relay, (peer) => relay.restore(peer, saved)),
  };
  return self;
}

function clientOf(relay: Relay, connect: (peer: Parameters<Relay['open']>[0]) => Connection): Client {
  let inbox: Message[] = [];
  let saved: SavedConnection | undefined;
  let closed: { code: number; reason: string } | undefined;
  const connection = connect({
    send: (text) => inbox.push(JSON.parse(text)),
    close: (code, reason) => {
      closed = { code, reason };
    },
    keep: (state) => {
      // As the platform does it: a copy, made at once, of at most 16 KiB.
      saved = structuredClone(state);
    },
  });
  const take = () => {
    const taken = inbox;
    inbox = [];
    return taken;
  };
  const raw = (frame: string | ArrayBuffer) => {
    take();
    relay.receive(connection, frame);
    return take();
  };
  return {
    connection,
    take,
    raw,
    say: (...messages) => messages.flatMap((message) => raw(JSON.stringify(message))),
    saved: () => {
      if (saved === undefined) throw new Error('nothing was kept with the socket');
      return saved;
    },
    get closed() {
      return closed;
    },
  };
}
