/**
 * The jobs of a session whose work lives beside them (long-work.ts): begins that work, brings it what happens, and
 * stores each of its changes together with what it means for the job.
 */
import type { NostrEvent } from '../nostr/event.ts';
import { msats } from '../payment/msats.ts';
import type { Cost, JobOutput } from '../protocol/model.ts';
import type { Assignment } from './assignment.ts';
import type { Inbox } from './inbox.ts';
import type { Live } from './live.ts';
import type { LiveJobs } from './live-jobs.ts';
import type { LongWork, Moved, WorkEnding } from './long-work.ts';
import { advance, openDone } from './machine.ts';
import { costOf, quoteOf } from './money.ts';
import { newJob } from './opening.ts';
import type { SessionPorts } from './ports.ts';
import { endingOf } from './step.ts';
import type { Taken } from './taking.ts';
import type { Till } from './till.ts';
import { isFinal, type JobEffect, type JobInput, type Transition } from './types.ts';
import { type Heard, type Words, wordsAnswer, wordsOf } from './words.ts';

type Ports = Pick<SessionPorts, 'clock' | 'timeLimit_ms' | 'namedTargets' | 'defer' | 'log'>;

/** Stores a transition of a job; `also` is written with it. */
export type Commit = (live: Live, transition: Transition, also: () => void) => void;

export class LongJobs {
  readonly #ports: Ports;
  readonly #work: LongWork;
  readonly #lives: Pick<LiveJobs, 'all' | 'get' | 'appoint' | 'settle'>;
  readonly #till: Till | null;
  readonly #commit: Commit;
  readonly #raising = new Set<string>();

  constructor(
    ports: Ports,
    work: LongWork,
    lives: Pick<LiveJobs, 'all' | 'get' | 'appoint' | 'settle'>,
    till: Till | null,
    commit: Commit,
  ) {
    this.#ports = ports;
    this.#work = work;
    this.#lives = lives;
    this.#till = till;
    this.#commit = commit;
  }

  /** Begins the work on a job, unless it is begun. */
  begin(live: Live, assignment: Assignment): void {
    const { job, money } = live.record;
    if (this.#work.has(job.id)) return;
    const funded = money === null ? 0 : Number(quoteOf(money).max);
    this.#store(live, this.#work.begin(job.id, assignment, funded));
  }

  /** After the memory was lost. */
  recover(live: Live, assignment: () => Assignment): void {
    const { id } = live.record.job;
    if (!isUnderWay(live)) {
      this.#appoint(live);
      return;
    }
    if (this.#work.has(id)) {
      this.#work.recover(id);
      this.#appoint(live);
    } else this.begin(live, assignment());
  }

  /**
   * A request of a conversation whose run is under way is words to that run, and is answered at once with what they do.
   *
   * @returns the request as a job and all that is to be stored of it; null when it is a job like others
   */
  answered(
    taken: Taken,
    event: NostrEvent,
    via: string,
    inbox: Inbox,
  ): { readonly live: Live; readonly done: Transition } | null {
    const { request, body } = taken;
    const running = this.#lives.all().find(isUnderWay);
    // One that names an invoice is the request of a job come again (resent.ts).
    const isWords = request.envelope.session !== null && body !== null && body.bolt11 === null;
    if (!isWords || running === undefined) return null;
    const content = this.#hear(running, wordsOf(request, body));
    const free = { request, body: { ...body, inputs: [] }, failure: null, money: null, again: null };
    const { live, opened } = newJob(this.#ports, free, event, via, [], inbox);
    const done = endingOf(opened.job.attempt, wordsAnswer(content), null);
    const answered = openDone(opened, done, this.#ports.clock());
    // No work was begun for it: it is no job of the agent's reputation.
    return { live, done: { ...answered, job: { ...answered.job, startedAt_ms: null } } };
  }

  /** One change of the work on a job, made by whoever works on it; whether there was any. */
  move(jobId: string, how: () => Moved | null): boolean {
    const live = this.#lives.get(jobId);
    if (live === undefined) return false;
    if (!isUnderWay(live)) {
      this.#appoint(live);
      return false;
    }
    const moved = how();
    if (moved !== null) this.#store(live, moved);
    return moved !== null;
  }

  /** What to answer to a client's words. */
  #hear(live: Live, words: Words): string {
    const { moved, answer } = this.#work.hear(live.record.job.id, words);
    if (moved !== null) this.#store(live, moved);
    return answer;
  }

  /** @param jobId null for the newest that is under way */
  steer(jobId: string | null, words: Words): Heard {
    const running = this.#lives.all().filter(isUnderWay);
    const live =
      jobId === null
        ? running.sort((a, b) => b.record.job.openedAt_ms - a.record.job.openedAt_ms)[0]
        : running.find(({ record }) => record.job.id === jobId);
    if (live === undefined) return 'nobody';
    this.#hear(live, words);
    return 'taken';
  }

  steerByMail(jobId: string, address: string, words: Words): Heard {
    const live = this.#lives.get(jobId);
    if (live === undefined || !isUnderWay(live)) return 'nobody';
    const answered = this.#work.hearMail(jobId, address, words);
    if (answered === null) return 'nobody';
    if (answered.moved !== null) this.#store(live, answered.moved);
    return 'taken';
  }

  /** The client calls a job off; whether it is this work that ends it. */
  callOff(live: Live): boolean {
    if (!isUnderWay(live) || !this.#work.has(live.record.job.id)) return false;
    this.move(live.record.job.id, () => this.#work.callOff(live.record.job.id));
    return true;
  }

  /** Time has passed, or the client's credit has grown. */
  tick(live: Live): void {
    const { id } = live.record.job;
    // What has ended may still have something to bring to its client.
    if (isFinal(live.record.job.phase) && this.#work.has(id)) this.#work.tick(id);
    this.move(id, () => this.#work.tick(id));
    this.#appoint(live);
    if (isUnderWay(live)) this.#raise(live);
  }

  #store(live: Live, moved: Moved): void {
    const { job } = live.record;
    const told: JobEffect[] = moved.reports.map(({ key, report }) => ({ type: 'report', key, report }));
    const sent: JobEffect[] = moved.sends.map(({ event, targets }) => ({ type: 'send', event, targets }));
    const ended = moved.ending === null ? null : this.#ended(live, moved.ending);
    this.#commit(
      live,
      { job: ended?.job ?? job, effects: [...told, ...sent, ...(ended?.effects ?? [])] },
      moved.write,
    );
    this.#appoint(live);
    this.#ports.defer(moved.perform());
    if (isUnderWay(live)) this.#raise(live);
  }

  #ended({ record: { job, money } }: Live, ending: WorkEnding): Transition {
    const now_ms = this.#ports.clock();
    const { attempt } = job;
    const input = (): JobInput => {
      switch (ending.type) {
        case 'output':
          return {
            type: 'output',
            attempt,
            output: ending.output,
            cost: costOf(money, ending.output),
            checkout: false,
          };
        case 'failed':
          return { type: 'stepFailed', attempt, failure: ending.failure, retry: false };
        case 'calledOff':
          return { type: 'calledOff', cost: costOf(money, spentOnly(ending.spent_msats)) };
      }
    };
    return advance(job, input(), now_ms);
  }

  /** More money is wanted than there is: taken from the client's credit, now or when it has grown. */
  #raise(live: Live): void {
    const { job, money } = live.record;
    if (money === null || this.#till === null || this.#raising.has(job.id)) return;
    const wanted = msats(this.#work.wanted_msats(job.id));
    if (wanted <= quoteOf(money).max) return;
    this.#raising.add(job.id);
    this.#ports.defer(this.#raiseTo(live, this.#till, wanted));
  }

  async #raiseTo(live: Live, till: Till, wanted: ReturnType<typeof msats>): Promise<void> {
    const { id } = live.record.job;
    try {
      if (!(await till.raise(live, wanted))) return;
      const { money } = live.record;
      if (money !== null) this.move(id, () => this.#work.funded(id, Number(quoteOf(money).max)));
    } catch (error) {
      this.#ports.log('raising what a job may cost failed', id, error);
    } finally {
      this.#raising.delete(id);
    }
  }

  #appoint(live: Live): void {
    const { id } = live.record.job;
    live.workWake_ms = this.#work.has(id) ? this.#work.nextTick(id) : null;
    this.#lives.appoint(live);
    if (live.workWake_ms === null) this.#lives.settle([live]);
  }
}

function isUnderWay({ record: { job } }: Live): boolean {
  return job.phase === 'running';
}

/** What was called off has no output, but its meter. */
function spentOnly(spent_msats: number): JobOutput {
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const breakdown: Cost['breakdown'] = [{ item: 'until it was called off', cost_msats: spent_msats }];
  return { content: '', finishReason: 'stop', model: '', usage, metered: { msats: spent_msats, breakdown } };
}
