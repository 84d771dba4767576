/**
 * The check of a verified job (PROTOCOL §6): tried out before anything is asked of the client, and judging every answer
 * before the money moves. What the sandbox says comes back as inputs of the job machine.
 */
import { JobError } from '../errors.ts';
import type { Live } from './live.ts';
import type { LiveJobs } from './live-jobs.ts';
import { needsCheckout } from './money.ts';
import type { SessionPorts } from './ports.ts';
import type { Till } from './till.ts';
import { awaitsCheck, CHECK, isFinal, type JobInput } from './types.ts';
import type { Waiters } from './waiters.ts';

type Ports = Pick<SessionPorts, 'checks' | 'defer' | 'fault' | 'log'>;
type News = JobInput<'ready' | 'unready' | 'proved' | 'disproved'>;

export class Proving {
  readonly #ports: Ports;
  readonly #tell: (live: Live, news: News) => void;
  readonly #till: Pick<Till, 'tick'> | null;
  readonly #waiters: Pick<Waiters, 'release'>;
  readonly #lives: Pick<LiveJobs, 'get'>;
  readonly #busy = new Set<string>();

  /** @param tell feeds the machine of a job */
  constructor(
    ports: Ports,
    lives: Pick<LiveJobs, 'get'>,
    till: Pick<Till, 'tick'> | null,
    waiters: Pick<Waiters, 'release'>,
    tell: (live: Live, news: News) => void,
  ) {
    this.#ports = ports;
    this.#lives = lives;
    this.#till = till;
    this.#waiters = waiters;
    this.#tell = tell;
  }

  /** Has a check tried out, or an answer judged, where that is what a job waits for. Repeat-safe. */
  look(live: Live): void {
    const { id } = live.record.job;
    if (!awaitsCheck(live.record.job) || this.#busy.has(id)) return;
    this.#busy.add(id);
    this.#ports.defer(this.#work(live));
  }

  async #work(live: Live): Promise<void> {
    const { id } = live.record.job;
    let news: News | null = null;
    try {
      news = live.record.job.phase === 'proving' ? await this.#judge(live) : await this.#tryOut(live);
      await this.#ports.fault('V1', id);
    } catch (error) {
      // The sandbox is away; it is asked again when the session next wakes.
      this.#ports.log('a check could not be run', id, error);
    } finally {
      this.#busy.delete(id);
    }
    if (news === null || this.#lives.get(id) !== live) return;
    this.#tell(live, news);
    // Its client may be asked for money now, and others may have their turn.
    if (!isFinal(live.record.job.phase)) this.#till?.tick(live);
    this.#waiters.release();
  }

  async #tryOut({ verified }: Live): Promise<News | null> {
    if (verified === null) return { type: 'ready', key: CHECK };
    const found = await this.#ports.checks.validate(verified.open);
    if (found.ok) return { type: 'ready', key: CHECK };
    const { problem, message } = found;
    return unready(
      new JobError('BAD_REQUEST', `The check is of no use: ${message}`, { path: PATH, problem }),
    );
  }

  async #judge({ verified, record: { job, money } }: Live): Promise<News | null> {
    if (job.done === null) return null;
    if (verified === null)
      return unready(new JobError('AGENT_ERROR', 'The check of this job is not there any more'));
    const proof = await this.#ports.checks.judge(verified.open, job.done.output.content);
    if (proof.passed) return { type: 'proved', proof, checkout: money !== null && needsCheckout(money) };
    // Nothing is held against an answer that the check itself could not judge.
    if (proof.code === 'broken')
      return unready(new JobError('BAD_REQUEST', `The check broke: ${proof.detail}`, { path: PATH }));
    const again = job.timeLimit_ms !== null && job.refused.length + 1 < verified.answers;
    return { type: 'disproved', proof, again };
  }
}

const PATH = '$.contract.verify';

function unready({ failure }: JobError): News {
  return { type: 'unready', failure };
}
