/** Where the client of a session reads (NIP-65), remembered for a while: a session has one client, who seldom moves. */
import { READ_RELAYS_KEEP_MS } from '../limits.ts';
import type { Live } from './live.ts';
import type { SessionPorts } from './ports.ts';

type Ports = Pick<SessionPorts, 'readRelays' | 'clock' | 'log'>;

export class Inbox {
  readonly #ports: Ports;
  #relays: readonly string[] | null = null;
  #foundAt_ms = 0;
  #finding: Promise<readonly string[]> | null = null;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** What is remembered; null when it has to be found out. */
  known(now_ms: number): readonly string[] | null {
    return now_ms < this.#foundAt_ms + READ_RELAYS_KEEP_MS ? this.#relays : null;
  }

  /** Asks, once for all who want to know at the same time; empty when nobody could say. */
  async find({ request, record }: Live): Promise<readonly string[]> {
    try {
      const known = this.known(this.#ports.clock());
      if (known !== null) return known;
      this.#finding ??= this.#ask(request.envelope.client, record.via);
      return await this.#finding;
    } catch (error) {
      // The answers still go where the request came from.
      this.#ports.log('looking up read relays failed', record.job.id, error);
      return [];
    }
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
