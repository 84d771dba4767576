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
import { awaitsCheck, CHECK, isFinal, type JobInput, type Transition } from './types.ts';
import { passedOn } from './verdicts.ts';
import type { Waiters } from './waiters.ts';

type Ports = Pick<SessionPorts, 'checks' | 'broker' | 'names' | 'defer' | 'fault' | 'log'>;
type News = JobInput<'ready' | 'unready' | 'proved' | 'disproved'>;

export class Proving {
  readonly #ports: Ports;
  readonly #tell: (live: Live, news: News) => void;
  readonly #till: Pick<Till, 'tick'> | null;
  readonly #waiters: Pick<Waiters, 'release'>;
  readonly #lives: Pick<LiveJobs, 'get'>;
  readonly #commit: (live: Live, transition: Transition) => void;
  readonly #busy = new Set<string>();

  /** @param tell feeds the machine of a job. @param commit stores what became of one that has ended */
  constructor(
    ports: Ports,
    lives: Pick<LiveJobs, 'get'>,
    till: Pick<Till, 'tick'> | null,
    waiters: Pick<Waiters, 'release'>,
    tell: (live: Live, news: News) => void,
    commit: (live: Live, transition: Transition) => void,
  ) {
    this.#ports = ports;
    this.#lives = lives;
    this.#till = till;
    this.#waiters = waiters;
    this.#tell = tell;
    this.#commit = commit;
  }

  /** Has a check tried out, or an answer judged, where that is what a job waits for. Repeat-safe. */
  look(live: Live): void {
    const { job, passOn } = live.record;
    if (this.#busy.has(job.id)) return;
    if (awaitsCheck(job)) this.#begin(live, this.#work(live));
    // The next agent's job is paid with what comes back from this one.
    else if (passOn && live.record.money?.closed !== false) this.#begin(live, this.#passOn(live));
  }

  #begin({ record: { job } }: Live, work: Promise<void>): void {
    this.#busy.add(job.id);
    this.#ports.defer(work.finally(() => this.#busy.delete(job.id)));
  }

  async #passOn(live: Live): Promise<void> {
    const { job, request, via } = live.record;
    try {
      const request_ = { event: request, via };
      const next = await this.#ports.broker.nextAgent(job.id, request_, this.#ports.names.agent);
      await this.#ports.fault('V2', job.id);
      if (!live.record.passOn || this.#lives.get(job.id) !== live) {
        // Its client called it off meanwhile, when nobody knew yet who would have it.
        if (next.type === 'agent') await this.#ports.broker.callOff(job.id, live.request.envelope.client);
        return;
      }
      live.record = { ...live.record, passOn: false };
      this.#commit(live, passedOn(live.record.job, next.type === 'agent' ? next.agent : null));
    } catch (error) {
      // It is asked again when the session next wakes.
      this.#ports.log('a job could not be passed on', job.id, error);
    }
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
    }
    // News may bring the next look, so this one is over first.
    this.#busy.delete(id);
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

  async #judge({ verified, request, record: { job, money, turn } }: Live): Promise<News | null> {
    if (job.done === null) return null;
    if (verified === null)
      return unready(new JobError('AGENT_ERROR', 'The check of this job is not there any more'));
    const proof = await this.#ports.checks.judge(verified.open, job.done.output.content);
    if (proof.passed) return { type: 'proved', proof, checkout: money !== null && needsCheckout(money) };
    // Nothing is held against an answer that the check itself could not judge.
    if (proof.code === 'broken')
      return unready(new JobError('BAD_REQUEST', `The check broke: ${proof.detail}`, { path: PATH }));
    if (job.timeLimit_ms !== null && job.refused.length + 1 < verified.answers)
      return { type: 'disproved', proof, next: 'answer' };
    const open = request.envelope.agents.length === 0;
    return { type: 'disproved', proof, next: open && turn + 1 < verified.agents ? 'agent' : 'end' };
  }
}

const PATH = '$.contract.verify';

function unready({ failure }: JobError): News {
  return { type: 'unready', failure };
}
