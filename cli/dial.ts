/** Outbound WebSockets under Node 20, which has no `WebSocket` of its own; by `ws`, which also says what went wrong. */
import WebSocket from 'ws';
import type { Dial } from '../src/link/ports.ts';

export const nodeDial: Dial = (url, handlers) => {
  const socket = new WebSocket(url);
  let over = false;
  const closed = (reason: string) => {
    if (over) return;
    over = true;
    handlers.closed(reason);
  };
  socket.on('open', () => handlers.open());
  socket.on('message', (data, isBinary) => handlers.frame(isBinary ? data : String(data)));
  socket.on('close', (code) => closed(`closed with ${code}`));
  socket.on('error', (error) => closed(error.message));
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close() {
      over = true;
      socket.terminate();
    },
  };
};
