/**
 * Outside relays for tests that cannot open ports (they run in workerd): this script runs them in a Node process of
 * its own, and a small HTTP door on loopback lets a test start them and see what they hold. It prints its URL.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NostrEvent } from '../../src/nostr/event.ts';
import type { Filter } from '../../src/nostr/filter.ts';
import { type HostileRelay, startHostileRelay } from './hostile-relay.ts';
import type { Misdeed } from './hostile-script.ts';
import type { LightningOrder } from './lightning/door.ts';
import { type OutsideRelay, startOutsideRelay } from './outside-relay.ts';
import { seeded } from './random.ts';

/** What a test may ask for. */
export type RelayOrder =
  | LightningOrder
  | { readonly do: 'outside'; readonly requiresAuth?: boolean; readonly cap?: number }
  | {
      readonly do: 'hostile';
      readonly misdeeds: readonly Misdeed[];
      readonly seed: number;
      readonly rate: number;
    }
  | { readonly do: 'post'; readonly url: string; readonly events: readonly NostrEvent[] }
  | { readonly do: 'stored'; readonly url: string; readonly filter: Filter }
  | { readonly do: 'connections'; readonly url: string }
  | { readonly do: 'cut' | 'stop' | 'start'; readonly url: string };

const outside = new Map<string, OutsideRelay>();
const hostile = new Map<string, HostileRelay>();

async function obey(order: RelayOrder): Promise<unknown> {
  if (isLightning(order)) {
    // LDK is large; only tests that ask for it load it.
    const { obeyLightning } = await import('./lightning/door.ts');
    return await obeyLightning(order);
  }
  if (order.do === 'outside') {
    const relay = await startOutsideRelay(order);
    outside.set(relay.url, relay);
    return relay.url;
  }
  if (order.do === 'hostile') {
    const { misdeeds, seed, rate } = order;
    const relay = await startHostileRelay({ random: seeded(seed), misdeeds, rate });
    hostile.set(relay.url, relay);
    return relay.url;
  }
  const enemy = hostile.get(order.url);
  if (order.do === 'connections' && enemy !== undefined) return enemy.connected();
  if (order.do === 'post' && enemy !== undefined) {
    for (const event of order.events) enemy.post(event);
    return null;
  }
  const relay = outside.get(order.url);
  if (relay === undefined) throw new Error(`no such relay: ${order.url}`);
  if (order.do === 'post') for (const event of order.events) await relay.post(event);
  else if (order.do === 'stored') return relay.stored(order.filter);
  else if (order.do === 'connections') return relay.connections();
  else if (order.do === 'cut') relay.cut();
  else if (order.do === 'stop') await relay.stop();
  else await relay.start();
  return null;
}

function isLightning(order: RelayOrder): order is LightningOrder {
  return order.do.startsWith('lightning ');
}

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => {
    obey(JSON.parse(body) as RelayOrder).then(
      (answer) => response.end(JSON.stringify(answer)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
// Ends with whoever started it, however that ended.
process.stdin.resume().on('end', () => process.exit(0));
