/** Outbound WebSockets for the links, by the platform's fetch upgrade. */
import type { Dial, SocketHandlers } from '../src/link/ports.ts';

/** Normal closure, the one code every relay accepts from a client (RFC 6455). */
const CLOSE_NORMAL = 1000;

/**
 * Dials through `fetch`: unlike `new WebSocket` it follows no redirect when told so, and it can be given up while
 * it connects.
 *
 * @param background keeps the object awake while a socket opens
 * @param send makes the request; by default it goes out to the network
 */
export function fetchDialer(background: (work: Promise<unknown>) => void, send: Send = outside): Dial {
  return (url, handlers) => {
    const abort = new AbortController();
    let socket: WebSocket | undefined;
    let over = false;
    const closed = (reason: string) => {
      if (over) return;
      over = true;
      handlers.closed(reason);
    };
    background(
      open(url, abort.signal, send).then(
        (opened) => {
          if (over) {
            opened.accept();
            opened.close(CLOSE_NORMAL);
            return;
          }
          socket = opened;
          listen(opened, handlers, closed);
        },
        (error: unknown) => closed(error instanceof Error ? error.message : String(error)),
      ),
    );
    return {
      send(text) {
        if (socket?.readyState === WebSocket.OPEN) socket.send(text);
      },
      close() {
        over = true;
        if (socket === undefined) abort.abort(new Error('given up'));
        else if (socket.readyState === WebSocket.OPEN) socket.close(CLOSE_NORMAL);
      },
    };
  };
}

/** Makes one HTTP request. */
export type Send = (url: string, init: RequestInit) => Promise<Response>;

const outside: Send = (url, init) => fetch(url, init);

async function open(url: string, signal: AbortSignal, send: Send): Promise<WebSocket> {
  const response = await send(url.replace(/^ws/, 'http'), {
    headers: { Upgrade: 'websocket' },
    redirect: 'manual',
    signal,
  });
  if (response.webSocket === null) {
    await response.body?.cancel();
    throw new Error(`the relay answered HTTP ${response.status} instead of a WebSocket`);
  }
  return response.webSocket;
}

function listen(socket: WebSocket, handlers: SocketHandlers, closed: (reason: string) => void): void {
  socket.addEventListener('message', ({ data }) => handlers.frame(data));
  socket.addEventListener('close', ({ code, reason }) => {
    // Our half of the closing handshake, where the runtime has not answered by itself.
    if (socket.readyState === WebSocket.CLOSING) socket.close(CLOSE_NORMAL);
    closed(`closed with ${code} ${reason}`.trimEnd());
  });
  socket.addEventListener('error', ({ message }) => closed(message || 'socket error'));
  socket.accept();
  handlers.open();
}
