/** The hostile script (hostile-script.ts) behind a real WebSocket server on a loopback port. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { NostrEvent } from '../../src/nostr/event.ts';
import { type HostileOptions, HostileScript } from './hostile-script.ts';

export interface HostileRelay {
  readonly url: string;
  readonly script: HostileScript;
  /** Connections made to it so far. */
  connected(): number;
  post(event: NostrEvent): void;
  stop(): Promise<void>;
}

export async function startHostileRelay(options: HostileOptions): Promise<HostileRelay> {
  const script = new HostileScript(options);
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  let connected = 0;
  sockets.on('connection', (socket) => {
    connected++;
    const peer = {
      say: (message: unknown) => socket.send(JSON.stringify(message)),
      sayRaw: (frame: unknown) =>
        socket.send(frame instanceof ArrayBuffer ? Buffer.from(frame) : String(frame)),
      hangUp: () => socket.terminate(),
    };
    script.opened(peer);
    socket.on('error', () => socket.terminate());
    socket.on('close', () => script.gone(peer));
    socket.on('message', (data) => {
      const message: unknown = JSON.parse(String(data));
      if (Array.isArray(message)) script.frame(message, peer);
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    script,
    connected: () => connected,
    post: (event) => script.post(event),
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
