/**
 * Sends what the outboxes of a session's jobs promise. One call at a time per relay, and everything that is due for
 * that relay in one call: events of a job arrive in order, and a burst of jobs shares its calls.
 */
import { answered, type OutboxEntry } from '../link/outbox.ts';
import type { Live } from './live.ts';
import type { SessionPorts } from './ports.ts';

type Ports = Pick<SessionPorts, 'clock' | 'random' | 'publish' | 'defer' | 'fault' | 'log'>;

/** What one relay is to be sent, by event id, in the order it was promised. */
type Queue = Map<string, Live>;

export class Publisher {
  readonly #ports: Ports;
  readonly #changed: (live: Live) => void;
  /** A queue is there for as long as its relay is being sent to; it holds what is under way, too. */
  readonly #queues = new Map<string, Queue>();

  /** @param changed called after an outbox changed because a relay answered */
  constructor(ports: Ports, changed: (live: Live) => void) {
    this.#ports = ports;
    this.#changed = changed;
  }

  /** Starts sending whatever is due of a job. Repeat-safe. */
  send(live: Live): void {
    const now = this.#ports.clock();
    for (const entry of live.record.outbox) {
      for (const owed of entry.owed)
        if (owed.nextAt_ms <= now) this.#enqueue(owed.target, entry.event.id, live);
    }
  }

  #enqueue(target: string, eventId: string, live: Live): void {
    const queue = this.#queues.get(target);
    if (queue !== undefined) {
      queue.set(eventId, live);
      return;
    }
    const fresh: Queue = new Map([[eventId, live]]);
    this.#queues.set(target, fresh);
    this.#ports.defer(this.#drain(target, fresh));
  }

  async #drain(target: string, queue: Queue): Promise<void> {
    try {
      while (queue.size > 0) {
        // Whoever promised this event may have more to promise in the same turn; it then goes in the same call.
        await undefined;
        await this.#sendAll(target, queue);
      }
    } finally {
      this.#queues.delete(target);
    }
  }

  async #sendAll(target: string, queue: Queue): Promise<void> {
    const due: { live: Live; entry: OutboxEntry }[] = [];
    for (const [id, live] of queue) {
      const entry = live.record.outbox.find((item) => item.event.id === id);
      if (entry === undefined) queue.delete(id);
      else due.push({ live, entry });
    }
    const about = due[0]?.live.record.job.id ?? '';
    const results = new Map<string, { ok: boolean; reason: string }>();
    await this.#ports.fault('K8', about);
    try {
      const events = due.map(({ entry }) => entry.event);
      for (const outcome of await this.#ports.publish(target, events)) results.set(outcome.id, outcome);
    } catch (error) {
      // The relay, or the way to it, failed: every event of this call is owed again, later.
      this.#ports.log(`publishing to ${target} failed`, about, error);
    }
    await this.#ports.fault('K10', about);
    const now = this.#ports.clock();
    const touched = new Set<Live>();
    for (const { live, entry } of due) {
      const { id } = entry.event;
      queue.delete(id);
      // The outbox may have grown while the call was out, so the current one is changed and not a copy put back.
      const outbox = live.record.outbox.map((item) =>
        item.event.id === id
          ? answered(item, target, results.get(id) ?? null, now, this.#ports.random())
          : item,
      );
      live.record = { ...live.record, outbox };
      touched.add(live);
    }
    for (const live of touched) this.#changed(live);
  }
}
