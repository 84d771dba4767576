/** Lets jobs go on that waited for another: for its turn in the conversation, its result, or its answer come again. */
import { pollChained } from './chained.ts';
import type { Live } from './live.ts';
import type { LiveJobs } from './live-jobs.ts';
import type { SessionPorts } from './ports.ts';
import { endingOfFirst } from './resent.ts';
import type { JobInput } from './types.ts';
import { chainedJobs, turnsOver } from './waiting.ts';

type Ports = Pick<SessionPorts, 'chained' | 'defer' | 'log'>;
type News = JobInput<'ready' | 'unready' | 'sameAs' | 'lapse' | 'cancel'>;

export class Waiters {
  readonly #ports: Ports;
  readonly #lives: Pick<LiveJobs, 'map' | 'unfinished' | 'get'>;
  readonly #tell: (live: Live, news: News) => void;

  /** @param tell feeds the machine of a job */
  constructor(
    ports: Ports,
    lives: Pick<LiveJobs, 'map' | 'unfinished' | 'get'>,
    tell: (live: Live, news: News) => void,
  ) {
    this.#ports = ports;
    this.#lives = lives;
    this.#tell = tell;
  }

  /** A job has come that has to wait; what it waits for may be over, or keep back only what is not paid for. */
  opened(live: Live): void {
    this.#ports.defer(this.poll(live));
    this.release();
  }

  /** Lets go on whoever waited for a turn that is over, or for the result of a job of this very session. */
  release(): void {
    for (const live of [...this.#lives.unfinished]) {
      const ending = endingOfFirst(live, this.#lives.map);
      if (ending !== null) this.#tell(live, ending);
      for (const key of turnsOver(live, this.#lives.map)) this.#tell(live, { type: 'ready', key });
      if (chainedJobs(live).some((id) => this.#lives.get(id) !== undefined))
        this.#ports.defer(this.poll(live));
    }
  }

  /** Looks whether the jobs whose results this one waits for have them. */
  async poll(live: Live): Promise<void> {
    await pollChained(this.#ports, live, (input) => this.#tell(live, input));
  }
}
