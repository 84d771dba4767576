/** What a client needs of the world: sockets, timers, chance. */
import type { Dial, LinkPorts } from '../link/ports.ts';
import type { NostrEvent } from '../nostr/event.ts';

export interface ClientPorts extends Pick<LinkPorts, 'now' | 'after' | 'dial' | 'random'> {
  /** Keys to prove to relays that ask (NIP-42), where they are held here; a signer that has to be waited for cannot. */
  readonly auth?: {
    readonly pubkey: string;
    sign(relayUrl: string, challenge: string): NostrEvent;
  };
}

/** The ports of a browser, of Node from 22 on and of workerd; older ones bring a `dial` of their own. */
export function webPorts(dial: Dial = webDial): ClientPorts {
  return {
    now: Date.now,
    random: Math.random,
    dial,
    after(delay_ms, work) {
      const timer = setTimeout(work, delay_ms);
      return () => clearTimeout(timer);
    },
  };
}

/** Outbound sockets by the standard `WebSocket`. */
export const webDial: Dial = (url, handlers) => {
  const socket = new WebSocket(url);
  let over = false;
  const closed = (reason: string) => {
    if (over) return;
    over = true;
    handlers.closed(reason);
  };
  socket.addEventListener('open', () => handlers.open());
  socket.addEventListener('message', ({ data }) => handlers.frame(data));
  socket.addEventListener('close', ({ code }) => closed(`closed with ${code}`));
  // Browsers do not say what went wrong.
  socket.addEventListener('error', () => closed('the connection failed'));
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close() {
      over = true;
      socket.close();
    },
  };
};
