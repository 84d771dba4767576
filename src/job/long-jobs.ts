/**
 * The jobs of a session whose work lives beside them (long-work.ts): begins that work, brings it what happens, and
 * stores each of its changes together with what it means for the job.
 */
import { msats } from '../payment/msats.ts';
import type { Assignment } from './assignment.ts';
import type { Inbox } from './inbox.ts';
import { type Live, RECOVERY_MS } from './live.ts';
import type { LiveJobs } from './live-jobs.ts';
import type { LongWork, Moved, WorkEnding } from './long-work.ts';
import { advance } from './machine.ts';
import { costOf, quoteOf } from './money.ts';
import { type Came, newJob } from './opening.ts';
import type { Failed, SessionPorts } from './ports.ts';
import { spentOnly } from './spent.ts';
import { failureOf } from './step.ts';
import type { Taken } from './taking.ts';
import type { Till } from './till.ts';
import { isFinal, type JobEffect, type JobInput, type Transition } from './types.ts';
import { type Heard, type Words, wordsAnswer, wordsOf } from './words.ts';

type Ports = Pick<SessionPorts, 'clock' | 'timeLimit_ms' | 'namedTargets' | 'defer' | 'fault' | 'log'>;

/** Stores a transition of a job; `also` is written with it. */
export type Commit = (live: Live, transition: Transition, also: () => void) => void;

export class LongJobs {
  readonly #ports: Ports;
  readonly #work: LongWork;
  readonly #lives: Pick<LiveJobs, 'all' | 'get' | 'appoint' | 'settle' | 'write'>;
  readonly #till: Till | null;
  readonly #commit: Commit;
  readonly #raising = new Set<string>();
  /** When a raise that could not be booked is tried again, by job, Unix ms. */
  readonly #raiseAgain = new Map<string, number>();

  constructor(
    ports: Ports,
    work: LongWork,
    lives: Pick<LiveJobs, 'all' | 'get' | 'appoint' | 'settle' | 'write'>,
    till: Till | null,
    commit: Commit,
  ) {
    this.#ports = ports;
    this.#work = work;
    this.#lives = lives;
    this.#till = till;
    this.#commit = commit;
  }

  /**
   * Begins the work on a job, unless it is begun. What cannot be begun fails, and its money goes back: the operator may
   * have changed the agent since the request was taken.
   *
   * @param assignment made only where the work begins; may throw
   */
  begin(live: Live, assignment: () => Assignment): void {
    const { job } = live.record;
    if (this.#work.has(job.id)) return;
    const moved = this.#begun(live, assignment);
    if ('failure' in moved) this.#commit(live, this.#ended(live, { type: 'failed', ...moved }), NOTHING);
    else this.#store(live, moved);
  }

  #begun(live: Live, assignment: () => Assignment): Moved | Pick<Failed, 'failure'> {
    const { id } = live.record.job;
    try {
      return this.#work.begin(id, assignment(), fundsOf(live));
    } catch (error) {
      this.#work.finish(id);
      const { failure } = failureOf(error, (fault) => this.#ports.log('the work was not begun', id, fault));
      return { failure };
    }
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
      // The money may have been raised, and the memory lost before the work was told.
      if (live.record.money !== null) this.move(id, () => this.#work.funded(id, fundsOf(live)));
      this.#appoint(live);
      this.#raise(live);
    } else this.begin(live, assignment);
  }

  /**
   * A request of a conversation whose run is under way is words to that run, and is answered at once with what they do.
   * Words that could only be for a run, and come when it has ended, are no job either: nobody wants to pay for those.
   *
   * @returns the request as a job and all that is to be stored of it; null when it is a job like others
   */
  answered(
    taken: Taken,
    came: Came,
    inbox: Inbox,
  ): { readonly live: Live; readonly done: Transition } | null {
    const { request, body } = taken;
    if (!this.#work.takesWords) return null;
    const running = this.#newest();
    // One that names an invoice is the request of a job come again (resent.ts).
    if (request.envelope.session === null || body === null || body.bolt11 !== null) return null;
    const words = wordsOf(request, body);
    const content = running === undefined ? this.#work.refuse(words, body) : this.#hear(running, words);
    if (content === null) return null;
    const again = running?.record.job.id ?? request.envelope.id;
    const free = {
      ...{ request, body: { ...body, inputs: [] }, verified: null, failure: null },
      ...{ money: null, again },
    };
    const { live, opened } = newJob(this.#ports, free, came, [], inbox);
    // Nobody works on it: it is answered like a request that is another one come again.
    const output = wordsAnswer(content);
    const done = { type: 'sameAs', output, cost: costOf(null, output) } as const;
    return { live, done: advance(opened.job, done, this.#ports.clock()) };
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

  /** The run that words are for which name none. */
  #newest(): Live | undefined {
    const running = this.#lives.all().filter(isUnderWay);
    return running.sort((a, b) => b.record.job.openedAt_ms - a.record.job.openedAt_ms)[0];
  }

  /** What to answer to a client's words. */
  #hear(live: Live, words: Words): string {
    const { moved, answer } = this.#work.hear(live.record.job.id, words);
    if (moved !== null) this.#store(live, moved);
    return answer;
  }

  /** @param jobId null for the newest that is under way */
  steer(jobId: string | null, words: Words): Heard {
    const live = jobId === null ? this.#newest() : this.#lives.get(jobId);
    if (live === undefined || !isUnderWay(live)) return 'nobody';
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
    const effects = [...told, ...sent, ...(ended?.effects ?? [])];
    try {
      // Most steps tell nobody anything: the job, with all it has told so far, is not written again for them.
      if (ended === null && effects.length === 0) this.#lives.write(moved.write);
      else this.#commit(live, { job: ended?.job ?? job, effects }, moved.write);
    } catch (error) {
      // What was not stored must not stay in memory: everything after it would build on it.
      this.#work.finish(job.id);
      throw error;
    }
    this.#appoint(live);
    this.#ports.defer(this.#perform(job.id, moved));
    if (isUnderWay(live)) this.#raise(live);
  }

  async #perform(jobId: string, moved: Moved): Promise<void> {
    await this.#ports.fault('T2', jobId);
    await moved.perform();
  }

  #ended(live: Live, ending: WorkEnding): Transition {
    const { job, money } = live.record;
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
            prove: live.verified !== null,
            checkout: false,
          };
        case 'failed':
          return { type: 'stepFailed', attempt, failure: ending.failure, retry: false };
        case 'calledOff':
          return {
            type: 'calledOff',
            cost: costOf(money, spentOnly(ending.spent_msats, ending.passedOn_msats)),
          };
      }
    };
    const ended = advance(job, input(), now_ms);
    const passedOn_msats = ending.type === 'failed' ? (ending.passedOn_msats ?? 0) : 0;
    if (passedOn_msats === 0) return ended;
    const cost = costOf(money, spentOnly(passedOn_msats, passedOn_msats));
    return { job: ended.job, effects: [{ type: 'charge', cost }, ...ended.effects] };
  }

  /** More money is wanted than there is: taken from the client's credit, now or when it has grown. */
  #raise(live: Live): void {
    const { job, money } = live.record;
    if (money === null || this.#till === null || this.#raising.has(job.id)) return;
    const wanted = msats(this.#work.wanted_msats(job.id));
    // Also when less is wanted by now: a time in the past would wake the session for ever.
    this.#raiseAgain.delete(job.id);
    if (wanted <= quoteOf(money).max) return;
    this.#raising.add(job.id);
    this.#ports.defer(this.#raiseTo(live, this.#till, wanted));
  }

  async #raiseTo(live: Live, till: Till, wanted: ReturnType<typeof msats>): Promise<void> {
    const { id } = live.record.job;
    try {
      await till.raise(live, wanted);
      // Also when there is too little: an earlier raise, whose answer was lost, is known now.
      this.move(id, () => this.#work.funded(id, fundsOf(live)));
    } catch (error) {
      this.#ports.log('raising what a job may cost failed', id, error);
      // Soon, before the work ends for lack of money that is there.
      this.#raiseAgain.set(id, this.#ports.clock() + RECOVERY_MS);
      this.#appoint(live);
    } finally {
      this.#raising.delete(id);
    }
  }

  #appoint(live: Live): void {
    const { id } = live.record.job;
    if (!isUnderWay(live)) this.#raiseAgain.delete(id);
    const times = [
      this.#work.has(id) ? this.#work.nextTick(id) : null,
      this.#raiseAgain.get(id) ?? null,
    ].filter((time) => time !== null);
    live.workWake_ms = times.length === 0 ? null : Math.min(...times);
    this.#lives.appoint(live);
    if (live.workWake_ms === null) this.#lives.settle([live]);
  }
}

const NOTHING = (): void => undefined;

/** What there is for a job, msats; 0 for one without a price. */
function fundsOf({ record: { money } }: Live): number {
  return money === null ? 0 : Number(quoteOf(money).max);
}

function isUnderWay({ record: { job } }: Live): boolean {
  return job.phase === 'running';
}
