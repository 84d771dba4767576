/**
 * Brings stream deltas to the relays where the client listens, each relay at its own pace: one that is slow or dead
 * holds up neither the others nor the result. Best effort, because the result is complete without them.
 */
import { JOB_DELTA_BACKLOG } from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';

/** Sends events to one relay; resolves when it has answered, or never will. */
export type PublishDeltas = (target: string, events: readonly NostrEvent[]) => Promise<unknown>;

interface Lane {
  readonly target: string;
  /** What came while a call was out. */
  waiting: NostrEvent[];
  sending: Promise<void> | null;
}

export class DeltaSender {
  readonly #lanes: readonly Lane[];
  readonly #publish: PublishDeltas;
  readonly #failed: (target: string, error: unknown) => void;

  /** @param failed told of a call that failed; what it carried is not sent again */
  constructor(
    targets: readonly string[],
    publish: PublishDeltas,
    failed: (target: string, error: unknown) => void,
  ) {
    this.#lanes = targets.map((target) => ({ target, waiting: [], sending: null }));
    this.#publish = publish;
    this.#failed = failed;
  }

  /** Sends events to every relay, after those before them; what a relay is too slow for is dropped, oldest first. */
  send(events: readonly NostrEvent[]): void {
    for (const lane of this.#lanes) {
      lane.waiting.push(...events);
      if (lane.waiting.length > JOB_DELTA_BACKLOG) lane.waiting = lane.waiting.slice(-JOB_DELTA_BACKLOG);
      lane.sending ??= this.#drain(lane);
    }
  }

  /**
   * Resolves when everything was sent, or when `patience` is over.
   *
   * @param patience resolves when nobody wants to wait any longer
   */
  async finish(patience: Promise<void>): Promise<void> {
    await Promise.race([Promise.all(this.#lanes.map(({ sending }) => sending)), patience]);
  }

  async #drain(lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      const events = lane.waiting;
      lane.waiting = [];
      try {
        await this.#publish(lane.target, events);
      } catch (error) {
        this.#failed(lane.target, error);
      }
    }
    lane.sending = null;
  }
}
