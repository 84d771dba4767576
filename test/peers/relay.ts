/**
 * An outside relay that nobody here wrote: @nostr-relay/core over `ws`, with its events in memory. In the caller's
 * process by {@link startRelay}, or in its own: `node test/peers/relay.ts`, which sends its URL to its parent.
 */
import {
  type Event,
  EventRepository,
  type EventRepositoryUpsertResult,
  EventUtils,
  type Filter,
  type IncomingMessage,
} from '@nostr-relay/common';
import { NostrRelay } from '@nostr-relay/core';
import { isAddressableKind, isReplaceableKind } from 'nostr-tools/kinds';
import { WebSocketServer } from 'ws';

class MemoryRepository extends EventRepository {
  readonly #events = new Map<string, Event>();
  /** Newest id per replaceable address. */
  readonly #current = new Map<string, string>();

  isSearchSupported(): boolean {
    return false;
  }

  upsert(event: Event): EventRepositoryUpsertResult {
    if (this.#events.has(event.id)) return { isDuplicate: true };
    const address = addressOf(event);
    if (address !== undefined) {
      const old = this.#events.get(this.#current.get(address) ?? '');
      if (old !== undefined && old.created_at > event.created_at) return { isDuplicate: true };
      if (old !== undefined) this.#events.delete(old.id);
      this.#current.set(address, event.id);
    }
    this.#events.set(event.id, event);
    return { isDuplicate: false };
  }

  find(filter: Filter): Event[] {
    const found = [...this.#events.values()].filter((event) => EventUtils.isMatchingFilter(event, filter));
    return found.toSorted((a, b) => b.created_at - a.created_at).slice(0, filter.limit ?? 5_000);
  }

  destroy(): Promise<void> {
    this.#events.clear();
    return Promise.resolve();
  }
}

function addressOf(event: Event): string | undefined {
  if (isReplaceableKind(event.kind)) return `${event.kind}:${event.pubkey}`;
  if (!isAddressableKind(event.kind)) return undefined;
  return `${event.kind}:${event.pubkey}:${event.tags.find(([name]) => name === 'd')?.[1] ?? ''}`;
}

export interface OutsideRelay {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a relay on loopback. @param port 0 takes a free one */
export async function startRelay(port = 0): Promise<OutsideRelay> {
  const relay = new NostrRelay(new MemoryRepository(), { hostname: '127.0.0.1' });
  const server = new WebSocketServer({ host: '127.0.0.1', port, perMessageDeflate: false });
  server.on('connection', (socket) => {
    relay.handleConnection(socket);
    socket.on('close', () => relay.handleDisconnect(socket));
    socket.on('message', (data) => {
      const message: unknown = JSON.parse(String(data));
      if (!isMessage(message)) return;
      relay
        .handleMessage(socket, message)
        .catch((error: unknown) => socket.send(JSON.stringify(['NOTICE', `error: ${String(error)}`])));
    });
  });
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `ws://127.0.0.1:${bound}`,
    async stop() {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
      await relay.destroy();
    },
  };
}

/** Our clients speak well-formed NIP-01; the relay's own validator package is left out. */
function isMessage(value: unknown): value is IncomingMessage {
  return Array.isArray(value) && typeof value[0] === 'string' && value.length > 1;
}

if (process.argv[1] === import.meta.filename) {
  const { url } = await startRelay(Number(process.argv[2] ?? 0));
  process.on('disconnect', () => process.exit(0));
  if (process.send === undefined) process.stdout.write(`${url}\n`);
  else process.send(url);
}
