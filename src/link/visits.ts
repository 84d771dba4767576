/** Connections to relays nobody follows: opened for an answer, kept a moment for the next one, bounded in number. */
import { LINK_MAX_IDENTITIES, LINK_VISIT_COOLDOWN_MS, LINK_VISIT_IDLE_MS, LINK_VISITS } from '../limits.ts';
import { Connection } from './connection.ts';
import type { LinkPorts } from './ports.ts';
import { Recent } from './recent.ts';
import { newCounters } from './status.ts';

interface Visit {
  readonly connection: Connection;
  /** Calls that use it now. */
  users: number;
  stopIdleTimer: (() => void) | undefined;
}

/** Relays remembered as unreachable. */
const REMEMBERED_FAILURES = 1_000;

export class Visits {
  readonly #ports: LinkPorts;
  readonly #agents: () => readonly string[];
  readonly #visits = new Map<string, Visit>();
  /** When a relay was last found unreachable, Unix ms: a dead one that many requests name must not hold our slots. */
  readonly #unreachable = new Recent<number>(REMEMBERED_FAILURES);

  /** @param agents keys a relay may ask us to prove when we read from it */
  constructor(ports: LinkPorts, agents: () => readonly string[]) {
    this.#ports = ports;
    this.#agents = agents;
  }

  get size(): number {
    return this.#visits.size;
  }

  /**
   * Uses a connection to `url` (already permitted), or answers `refused` with the reason there is none.
   */
  async use<T>(
    url: string,
    work: (connection: Connection) => Promise<T>,
    refused: (reason: string) => T,
  ): Promise<T> {
    const visit = this.#visits.get(url) ?? this.#open(url);
    if (typeof visit === 'string') return refused(visit);
    visit.users++;
    visit.stopIdleTimer?.();
    try {
      return await work(visit.connection);
    } finally {
      visit.users--;
      if (visit.users === 0)
        visit.stopIdleTimer = this.#ports.after(LINK_VISIT_IDLE_MS, () => visit.connection.close('idle'));
    }
  }

  closeAll(): void {
    for (const { connection } of [...this.#visits.values()]) connection.close('stopped');
  }

  #open(url: string): Visit | string {
    const failedAt_ms = this.#unreachable.get(url);
    if (failedAt_ms !== undefined && this.#ports.now() - failedAt_ms < LINK_VISIT_COOLDOWN_MS)
      return 'error: the relay could not be reached a moment ago';
    if (this.#visits.size >= LINK_VISITS && !this.#closeIdle())
      return 'error: too many connections are open, try again later';
    let opened = false;
    const connection: Connection = new Connection({
      url,
      ports: this.#ports,
      counters: newCounters(),
      identities: () => {
        // Only who has something to say there introduces itself; a reader has nobody else to be.
        const authors = connection.publishingAuthors;
        return authors.length > 0 ? authors : this.#agents().slice(0, LINK_MAX_IDENTITIES);
      },
      opened: () => {
        opened = true;
      },
      closed: () => {
        if (!opened) this.#unreachable.set(url, this.#ports.now());
        this.#visits.delete(url);
      },
    });
    const visit: Visit = { connection, users: 0, stopIdleTimer: undefined };
    this.#visits.set(url, visit);
    return visit;
  }

  #closeIdle(): boolean {
    for (const { connection, users } of this.#visits.values()) {
      if (users > 0) continue;
      connection.close('its place is needed');
      return true;
    }
    return false;
  }
}
