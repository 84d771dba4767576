/** Where the client of a session reads (NIP-65), remembered for a while: a session has one client, who seldom moves. */
import { READ_RELAYS_KEEP_MS } from '../limits.ts';
import type { SessionPorts } from './ports.ts';

export class Inbox {
  readonly #ports: Pick<SessionPorts, 'readRelays' | 'clock'>;
  #relays: readonly string[] | null = null;
  #foundAt_ms = 0;
  #finding: Promise<readonly string[]> | null = null;

  constructor(ports: Pick<SessionPorts, 'readRelays' | 'clock'>) {
    this.#ports = ports;
  }

  /** What is remembered; null when it has to be found out. */
  known(now_ms: number): readonly string[] | null {
    return now_ms < this.#foundAt_ms + READ_RELAYS_KEEP_MS ? this.#relays : null;
  }

  /** Asks, once for all who want to know at the same time. @throws whatever the question failed with */
  async find(client: string, via: string): Promise<readonly string[]> {
    const known = this.known(this.#ports.clock());
    if (known !== null) return known;
    this.#finding ??= this.#ask(client, via);
    return await this.#finding;
  }

  async #ask(client: string, via: string): Promise<readonly string[]> {
    try {
      this.#relays = await this.#ports.readRelays(client, via);
      this.#foundAt_ms = this.#ports.clock();
      return this.#relays;
    } finally {
      this.#finding = null;
    }
  }
}
