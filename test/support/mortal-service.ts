/** A service that is killed at fault points and lives again on the same state. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FaultHarness, startFaultHarness } from './fault-harness.ts';
import { type Service, startService } from './service.ts';

/** Somebody on the way to a point, to be held there. */
export interface Held {
  readonly point: string;
  /** The job that is to reach it; else whatever comes first. */
  readonly about?: string;
  /** Sets out for the point. What comes of it is lost with the service. */
  readonly act: () => Promise<unknown>;
}

export class MortalService {
  /** Its folder, which lasts until {@link stop}. */
  readonly home: string;
  readonly #harness: FaultHarness;
  readonly #env: Readonly<Record<string, string>>;
  #service: Service;

  private constructor(
    home: string,
    harness: FaultHarness,
    env: Readonly<Record<string, string>>,
    service: Service,
  ) {
    this.home = home;
    this.#harness = harness;
    this.#env = env;
    this.#service = service;
  }

  /** @param env configuration variables */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<MortalService> {
    const home = mkdtempSync(join(tmpdir(), 'errand-mortal-'));
    const harness = await startFaultHarness();
    const all = { ...env, FAULT_URL: harness.url };
    return new MortalService(home, harness, all, await startService({ persistTo: home, env: all }));
  }

  /** Its present life: address and keys may be others after a kill. */
  get now(): Service {
    return this.#service;
  }

  /** Brings one after the other to its point and holds it there; then kills every process at once, and starts again. */
  async killedTogether(held: readonly Held[]): Promise<void> {
    for (const { point, about, act } of held) {
      const reached = this.#harness.arm(point, 0, about);
      act().catch(() => undefined);
      await reached;
    }
    await this.#service.kill();
    this.#service = await startService({ persistTo: this.home, env: this.#env });
  }

  /** Runs `act` until the point is reached, kills every process at once, and starts again. */
  async killedAt(point: string, act: () => Promise<unknown>): Promise<void> {
    await this.killedAtEach([point], act);
  }

  /** The same at each of the points in turn: the next one is watched before it starts again. */
  async killedAtEach(points: readonly string[], act: () => Promise<unknown>): Promise<void> {
    const [first, ...others] = points;
    if (first === undefined) return;
    let reached = this.#harness.arm(first);
    // Whatever the client was doing fails with its connection.
    act().catch(() => undefined);
    for (const next of [...others, null]) {
      await reached;
      await this.#service.kill();
      if (next !== null) reached = this.#harness.arm(next);
      this.#service = await startService({ persistTo: this.home, env: this.#env });
    }
  }

  async stop(): Promise<void> {
    await this.#service.stop();
    this.#harness.close();
    rmSync(this.home, { recursive: true, force: true });
  }
}
