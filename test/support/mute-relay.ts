/** A relay that takes every connection and every message, and never says a word. */
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

export interface MuteRelay {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts it on a free port of 127.0.0.1. */
export async function startMuteRelay(): Promise<MuteRelay> {
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  sockets.on('connection', (socket) => socket.on('error', () => socket.terminate()));
  await new Promise<void>((resolve, reject) => {
    sockets.once('error', reject);
    sockets.once('listening', () => resolve());
  });
  return {
    url: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
}
