/** Keeps the marketplace's record (D1) up to date: one write for all jobs that changed within a short time. */
import { PROJECT_WINDOW_MS } from '../limits.ts';
import { type Live, toJobRecord } from './live.ts';
import type { SessionPorts } from './ports.ts';

type Ports = Pick<SessionPorts, 'project' | 'defer' | 'delay' | 'log' | 'names' | 'fault'>;

export class Projector {
  readonly #ports: Ports;
  readonly #behind = new Set<Live>();
  readonly #projected: (lives: readonly Live[]) => void;
  #scheduled = false;

  /** @param projected called after the record took something */
  constructor(ports: Ports, projected: (lives: readonly Live[]) => void) {
    this.#ports = ports;
    this.#projected = projected;
  }

  /** Writes this job with whatever else is behind by the end of the window. What fails is given again by the caller. */
  soon(live: Live): void {
    this.#behind.add(live);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#ports.defer(this.#later());
  }

  async #later(): Promise<void> {
    await this.#ports.delay(PROJECT_WINDOW_MS);
    this.#scheduled = false;
    const behind = [...this.#behind].filter((live) => live.record.unprojected);
    this.#behind.clear();
    if (behind.length === 0) return;
    const records = behind.map((live) => toJobRecord(live, this.#ports.names));
    const about = records[0]?.id ?? '';
    await this.#ports.fault('K12', about);
    try {
      await this.#ports.project(records);
    } catch (error) {
      this.#ports.log('writing the record failed', about, error);
      return;
    }
    for (const [index, live] of behind.entries()) {
      // What changed while the write was out is still behind.
      if (live.record.job.revision === records[index]?.revision)
        live.record = { ...live.record, unprojected: false };
    }
    this.#projected(behind);
  }
}
