/** Has the steps of a session's jobs done: in this very object, or by the runner. */
import { STEP_MAX_ATTEMPTS, STEP_RETRY_BASE_MS, STEP_RETRY_MAX_MS, WORK_NOW_MS } from '../limits.ts';
import type { JobOutput, Report } from '../protocol/model.ts';
import { type RetryPolicy, retryDelay } from '../retry.ts';
import type { Assignment } from './assignment.ts';
import type { Journal } from './journal.ts';
import type { Live } from './live.ts';
import type { Failed, SessionPorts } from './ports.ts';
import { assignmentOf, endingOf, failureOf } from './step.ts';
import type { Job, JobInput } from './types.ts';

const STEP_RETRY: RetryPolicy = {
  attempts: STEP_MAX_ATTEMPTS,
  baseMs: STEP_RETRY_BASE_MS,
  maxMs: STEP_RETRY_MAX_MS,
};

/** Who hears of a step: the session. */
export interface StepListener {
  alive(jobId: string, attempt: number, news: Report | null): boolean;
  ended(jobId: string, attempt: number, outcome: JobOutput | Failed): void;
}

type Ports = Pick<SessionPorts, 'work' | 'order' | 'fault' | 'random' | 'delay' | 'log'>;

export class Steps {
  readonly #ports: Ports;
  readonly #journal: Journal;
  readonly #listener: StepListener;

  constructor(ports: Ports, journal: Journal, listener: StepListener) {
    this.#ports = ports;
    this.#journal = journal;
    this.#listener = listener;
  }

  /** Whether this object does the work itself. */
  isHere(live: Live): boolean {
    // Inputs that have to be fetched make even quick work slow.
    return this.#ports.work !== null && live.body?.inputs.every((input) => input.type === 'job') === true;
  }

  /**
   * Begins the first attempt before the job is even stored, because most work done here takes a millisecond, and one
   * stored step then does for all. Nothing is promised before that: whoever delivered the request still has it.
   *
   * @returns how it ended; null when there is nothing to begin here, or it takes longer: then the job is stored, and
   *   {@link work} goes on with it
   */
  async tryNow(live: Live, { phase, attempt }: Job): Promise<JobOutput | Failed | null> {
    if (phase !== 'queued' || !this.isHere(live)) return null;
    live.working = this.#start(live, attempt);
    const outcome = await Promise.race([live.working, this.#ports.delay(WORK_NOW_MS).then(() => null)]);
    if (outcome !== null) live.working = null;
    return outcome;
  }

  /** Does an attempt here, or waits for the one begun, and says how it ended. */
  async work(live: Live, attempt: number): Promise<void> {
    const pause_ms = live.working === null ? this.#pause_ms(attempt) : 0;
    if (pause_ms > 0) {
      await this.#ports.delay(pause_ms);
      const { job } = live.record;
      if (job.phase !== 'running' || job.attempt !== attempt) return;
    }
    live.working ??= this.#start(live, attempt);
    const outcome = await live.working;
    live.working = null;
    this.#listener.ended(live.record.job.id, attempt, outcome);
  }

  async #start(live: Live, attempt: number): Promise<JobOutput | Failed> {
    const { id } = live.record.job;
    const abort = new AbortController();
    live.abort = abort;
    await this.#ports.fault('K6', id);
    try {
      if (this.#ports.work === null) throw new Error('this work is for the runner');
      const output = await this.#ports.work(this.assignment(live), abort.signal, (news) => {
        this.#listener.alive(id, attempt, news);
      });
      await this.#ports.fault('K7', id);
      return output;
    } catch (error) {
      return failureOf(error, (fault) => this.#ports.log('the agent failed', id, fault));
    } finally {
      if (live.abort === abort) live.abort = null;
    }
  }

  /** Orders an attempt from the runner. */
  async order(live: Live, attempt: number): Promise<void> {
    const { id } = live.record.job;
    try {
      await this.#ports.order(id, attempt, this.#pause_ms(attempt));
    } catch (error) {
      // The order is repeated when its lease is over.
      this.#ports.log('ordering a step failed', id, error);
    }
  }

  /** How long the next attempt waits: whoever failed a moment ago is not asked again at once. */
  #pause_ms(attempt: number): number {
    return attempt <= 1 ? 0 : (retryDelay(STEP_RETRY, attempt - 1, this.#ports.random()) ?? 0);
  }

  /** How an attempt ended, for the machine. What it told of the conversation in short is kept, whatever becomes of the job. */
  ending(live: Live, attempt: number, outcome: JobOutput | Failed): JobInput<'output' | 'stepFailed'> {
    if ('condensed' in outcome) this.#journal.condense(outcome.condensed);
    return endingOf(attempt, outcome, { money: live.record.money, prove: live.verified !== null });
  }

  /** The work on a job. @throws Error for a job without body */
  assignment(live: Live): Assignment {
    return assignmentOf(live, live.request.envelope.session === null ? [] : this.#journal.history());
  }
}
