/** The customer of the development money, over a real socket into the relay of the test's own worker. */
import { env } from 'cloudflare:workers';
import { devWalletUri } from '../../src/payment/dev-wallet/keys.ts';
import { SocketTransport } from '../../src/payment/nwc/socket-transport.ts';
import { configOf } from '../../workers/env.ts';
import { type Customer, customerOf, REAL_TIME } from '../support/nwc-customer.ts';

export function customerHere(): Customer {
  return customerOf(
    devWalletUri(configOf(env), 'customer') ?? '',
    (uri, take) =>
      new SocketTransport(uri, { ...REAL_TIME, dial: dialRelay, signAuth: () => undefined }, take),
  );
}

function dialRelay(
  _url: string,
  handlers: { open(): void; frame(data: unknown): void; closed(reason: string): void },
) {
  let socket: WebSocket | undefined;
  env.RELAY.getByName('main')
    .fetch(new Request('http://relay.test/', { headers: { upgrade: 'websocket' } }))
    .then((response) => {
      socket = response.webSocket ?? undefined;
      socket?.addEventListener('message', ({ data }) => handlers.frame(data));
      socket?.addEventListener('close', () => handlers.closed('closed'));
      socket?.accept();
      handlers.open();
    })
    .catch((error: unknown) => handlers.closed(String(error)));
  return { send: (text: string) => socket?.send(text), close: () => socket?.close() };
}
