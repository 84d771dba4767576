/**
 * Sends what the outboxes of a session's jobs promise. One call at a time per relay, and everything that is due for
 * that relay in one call: events of a job arrive in order, and a burst of jobs shares its calls.
 */
import type { Live } from './live.ts';
import { answered, type OutboxEntry } from './outbox.ts';
import type { SessionPorts } from './ports.ts';

type Ports = Pick<SessionPorts, 'clock' | 'random' | 'publish' | 'defer' | 'fault' | 'log'>;

export class Publisher {
  readonly #ports: Ports;
  readonly #lives: ReadonlyMap<string, Live>;
  readonly #changed: (live: Live) => void;
  readonly #busy = new Set<string>();

  /** @param changed called after an outbox changed because a relay answered */
  constructor(ports: Ports, lives: ReadonlyMap<string, Live>, changed: (live: Live) => void) {
    this.#ports = ports;
    this.#lives = lives;
    this.#changed = changed;
  }

  /** Starts sending whatever is due. Repeat-safe. */
  pump(): void {
    const now = this.#ports.clock();
    for (const live of this.#lives.values()) {
      for (const entry of live.record.outbox) {
        for (const owed of entry.owed) {
          if (owed.nextAt_ms <= now && !this.#busy.has(owed.target)) {
            this.#busy.add(owed.target);
            this.#ports.defer(this.#drain(owed.target));
          }
        }
      }
    }
  }

  async #drain(target: string): Promise<void> {
    try {
      for (;;) {
        const due = this.#due(target);
        if (due.length === 0) return;
        await this.#send(target, due);
      }
    } finally {
      this.#busy.delete(target);
    }
  }

  #due(target: string): { live: Live; entry: OutboxEntry }[] {
    const now = this.#ports.clock();
    const due: { live: Live; entry: OutboxEntry }[] = [];
    for (const live of this.#lives.values()) {
      for (const entry of live.record.outbox) {
        if (entry.owed.some((owed) => owed.target === target && owed.nextAt_ms <= now))
          due.push({ live, entry });
      }
    }
    return due;
  }

  async #send(target: string, due: readonly { live: Live; entry: OutboxEntry }[]): Promise<void> {
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
