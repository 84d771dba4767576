/** Several relays as one: asked together, published to together. */
import type { PublishOutcome } from '../link/status.ts';
import type { NostrEvent, VerifiedEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import { parseRelayUrl } from '../nostr/relay-url.ts';
import { ClientError } from './failure.ts';
import type { ClientPorts } from './ports.ts';
import { ClientRelay, type Listener, type RelayAnswer } from './relay.ts';

/** What each relay said to an event. */
export interface Published {
  readonly taken: readonly string[];
  readonly refused: readonly { readonly relay: string; readonly reason: string }[];
}

export class ClientRelays {
  readonly #relays: readonly ClientRelay[];

  /** @throws ClientError USAGE for what is no relay URL, or when there is none */
  constructor(urls: readonly string[], ports: ClientPorts) {
    const normal = urls.map((url) => {
      const parsed = parseRelayUrl(url);
      if (parsed === null)
        throw new ClientError('USAGE', `${url} is no relay: write it as wss://relay.example`);
      return parsed;
    });
    if (normal.length === 0) throw new ClientError('USAGE', 'no relay is named');
    this.#relays = [...new Set(normal)].map((url) => new ClientRelay(url, ports));
  }

  get urls(): string[] {
    return this.#relays.map(({ url }) => url);
  }

  /** Listens at all of them. One event may come from several. */
  subscribe(filters: readonly Filter[], listener: Listener): () => void {
    const stops = this.#relays.map((relay) => relay.subscribe(filters, listener));
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** What each of them has stored. */
  async ask(filters: readonly Filter[], timeout_ms?: number): Promise<RelayAnswer[]> {
    return await Promise.all(this.#relays.map((relay) => relay.query(filters, timeout_ms)));
  }

  /** Their stored events, each once. @throws ClientError RELAY when none of them answered */
  async query(filters: readonly Filter[], timeout_ms?: number): Promise<VerifiedEvent[]> {
    const answers = await this.ask(filters, timeout_ms);
    const events = new Map(answers.flatMap((answer) => answer.events.map((event) => [event.id, event])));
    if (events.size === 0 && !answers.some(({ reached }) => reached))
      throw new ClientError('RELAY', answers.map(({ relay, reason }) => `${relay}: ${reason}`).join('; '));
    return [...events.values()];
  }

  /** Publishes everywhere. @throws ClientError RELAY when nobody took it, with what each said */
  async publish(event: NostrEvent): Promise<Published> {
    const outcomes = await Promise.all(
      this.#relays.map(async (relay) => ({ relay: relay.url, outcome: await relay.publish(event) })),
    );
    const isTaken = ({ ok, reason }: PublishOutcome) => ok || reason.startsWith('duplicate:');
    const refused = outcomes
      .filter(({ outcome }) => !isTaken(outcome))
      .map(({ relay, outcome }) => ({ relay, reason: outcome.reason }));
    const taken = outcomes.filter(({ outcome }) => isTaken(outcome)).map(({ relay }) => relay);
    if (taken.length === 0)
      throw new ClientError('RELAY', refused.map(({ relay, reason }) => `${relay}: ${reason}`).join('; '));
    return { taken, refused };
  }

  close(): void {
    for (const relay of this.#relays) relay.close();
  }
}
