/** Asking a relay once for what it has stored. */
import { LINK_QUERY_MAX_EVENTS } from '../limits.ts';
import { type VerifiedEvent, verifyEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import type { Connection } from './connection.ts';
import type { After } from './ports.ts';

/**
 * Stored events of one connection until EOSE, CLOSED or the time is over: verified, inside the filters, each once,
 * at most LINK_QUERY_MAX_EVENTS. What arrived until then is the answer, however it ended; it never rejects.
 *
 * @param id subscription id, unique on the connection
 */
export function runQuery(
  connection: Connection,
  after: After,
  id: string,
  filters: readonly Filter[],
  timeout_ms: number,
): Promise<VerifiedEvent[]> {
  const { promise, resolve } = Promise.withResolvers<VerifiedEvent[]>();
  const found = new Map<string, VerifiedEvent>();
  const end = () => {
    stopTimer();
    connection.unsubscribe(id);
    resolve([...found.values()]);
  };
  const stopTimer = after(timeout_ms, end);
  connection.subscribe({
    id,
    filters,
    event(event) {
      if (found.has(event.id)) return;
      const verified = verifyEvent(event);
      if (typeof verified === 'string') {
        connection.strike('forged event');
        return;
      }
      found.set(event.id, verified);
      if (found.size >= LINK_QUERY_MAX_EVENTS) end();
    },
    eose: end,
    closed: end,
    lost: end,
  });
  return promise;
}
