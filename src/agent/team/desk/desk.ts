/** The team runs of a session as work that lives beside its jobs (src/job/long-work.ts). */
import type { Assignment } from '../../../job/assignment.ts';
import type { Answered, LongWork, Moved } from '../../../job/long-work.ts';
import type { Words } from '../../../job/words.ts';
import type { JobBody } from '../../../protocol/model.ts';
import type { Sql } from '../../../store/sql.ts';
import { readFeedback } from '../feedback/read.ts';
import { nextTeamTick, openTeam, type TeamOpening } from '../machine.ts';
import type { TeamOrder } from '../request.ts';
import { answerTo } from './answer.ts';
import { mailCame, openMailbox } from './mailbox.ts';
import { Post, type PostPorts } from './post.ts';
import { type RunPorts, TeamRuns } from './runs.ts';
import { type Desk, NEW_DESK } from './state.ts';
import { TeamSteps } from './steps.ts';
import { TeamStore } from './store.ts';

export interface DeskPorts extends Omit<RunPorts, 'post'> {
  /** Reads what a request asks for. It was read once before, when the request was taken. */
  open(assignment: Assignment): Pick<TeamOpening, 'team' | 'task'> & Pick<TeamOrder, 'mail'>;
  /** Whether a request says itself that it wants a run: it names what that may cost, or it costs nothing. */
  isOrder(body: JobBody): boolean;
  /** Where the client reads direct messages; empty when that is unknown. */
  inbox(): Promise<readonly string[]>;
  /** What any run of this team may cost, msats: the client's words cannot raise it further. */
  readonly most_msats: number;
  /** Null where mail is not set up. */
  readonly mail: PostPorts | null;
  /** Uniform in [0, 1). */
  random(): number;
  /** Lets a promise outlive the call that made it. */
  defer(work: Promise<void>): void;
}

export class TeamDesk implements LongWork {
  readonly takesWords = true;
  readonly #ports: DeskPorts;
  readonly #runs: TeamRuns;
  readonly #post: Post | null;
  /** What is kept of the runs. */
  readonly store: TeamStore;
  /** For whoever does their work. */
  readonly steps: TeamSteps;

  constructor(sql: Sql, ports: DeskPorts) {
    this.#ports = ports;
    this.store = new TeamStore(sql);
    this.#runs = new TeamRuns({ ...ports, post: (jobId) => this.#send(jobId) }, this.store);
    const log = (what: string, jobId: string, error: unknown) => ports.log(what, jobId, error);
    this.#post = ports.mail && new Post(ports.mail, ports.clock, ports.random, this.#runs, log);
    this.steps = new TeamSteps(ports.clock, this.#runs, this.store);
  }

  has(jobId: string): boolean {
    return this.#runs.find(jobId) !== null;
  }

  begin(jobId: string, assignment: Assignment, funded_msats: number): Moved {
    const { team, task, mail } = this.#ports.open(assignment);
    const transition = openTeam({ id: jobId, team, task, funded_msats }, this.#ports.clock());
    const mailbox = mail === null || this.#post === null ? null : openMailbox(mail);
    return this.#runs.moved(jobId, transition, { ...NEW_DESK, mailbox }, () => this.#findInbox(jobId));
  }

  hear(jobId: string, { source, sentAt_ms, text }: Words): Answered {
    const before = this.#runs.at(jobId).run;
    const moved = this.#runs.input(jobId, { type: 'message', source, sentAt_ms, text });
    return { moved, answer: answerTo(before, this.#runs.at(jobId).run) };
  }

  hearMail(jobId: string, address: string, words: Words): Answered | null {
    const { run, desk } = this.#runs.at(jobId);
    if (desk.mailbox === null) return null;
    const { source, sentAt_ms, text } = words;
    const { mailbox, heard } = mailCame(desk.mailbox, { from: address, source, text });
    if (heard.type === 'refused') return null;
    const changed = { ...desk, mailbox };
    if (heard.type === 'noted') {
      return { moved: this.#runs.moved(jobId, { run, effects: [], entries: [] }, changed), answer: '' };
    }
    const input = { type: 'message', source, sentAt_ms, text: heard.text } as const;
    return { moved: this.#runs.input(jobId, input, changed), answer: '' };
  }

  refuse({ text }: Words, body: JobBody): string | null {
    const { commands, feedback } = readFeedback(text);
    if (commands.length > 0 && feedback.length === 0) return NOBODY;
    // Words that came a moment late must not be paid for as a run of their own.
    return this.store.isUsed() && !this.#ports.isOrder(body) ? ANOTHER : null;
  }

  callOff(jobId: string): Moved | null {
    const { desk } = this.#runs.at(jobId);
    const source = `deletion of ${jobId}`;
    const sentAt_ms = this.#ports.clock();
    const order = { type: 'order', source, sentAt_ms, commands: [{ type: 'cancel' }] } as const;
    return this.#runs.input(jobId, order, { ...desk, silent: true });
  }

  tick(jobId: string): Moved | null {
    this.#ports.defer(this.#send(jobId));
    return this.#runs.input(jobId, { type: 'tick' });
  }

  funded(jobId: string, msats: number): Moved | null {
    return this.#runs.input(jobId, { type: 'funded', msats });
  }

  wanted_msats(jobId: string): number {
    return Math.min(this.#ports.most_msats, this.#runs.at(jobId).run.wanted_msats);
  }

  recover(jobId: string): void {
    const { desk } = this.#runs.at(jobId);
    this.#runs.grace(jobId);
    if (desk.inbox === null) this.#ports.defer(this.#findInbox(jobId));
  }

  nextTick(jobId: string): number | null {
    const { run, desk } = this.#runs.at(jobId);
    const now_ms = this.#ports.clock();
    // Without ways of mail (any more) its letters lie where they are, and wake nobody.
    const letter_ms = this.#post === null ? null : letterAt(desk, now_ms);
    const times = [nextTeamTick(run, now_ms), letter_ms].filter((time) => time !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  finish(jobId: string): void {
    this.#runs.forget(jobId);
  }

  erase(jobId: string): void {
    this.#runs.forget(jobId);
    this.store.erase(jobId);
  }

  prune(before_ms: number): boolean {
    return this.store.prune(before_ms);
  }

  async #send(jobId: string): Promise<void> {
    // An ended run is done with when its last mail has left.
    if (this.#post !== null && (await this.#post.send(jobId))) this.#ports.move(jobId, () => null);
  }

  /** Finds out where the client reads direct messages, and lets go of those that waited for it. Never rejects. */
  async #findInbox(jobId: string): Promise<void> {
    let relays: readonly string[] = [];
    try {
      relays = await this.#ports.inbox();
    } catch (error) {
      // They go where the job's answers go.
      this.#ports.log('looking up where direct messages are read failed', jobId, error);
    }
    this.#ports.move(jobId, () => this.#runs.inboxKnown(jobId, relays.length === 0 ? null : relays));
  }
}

const ANOTHER =
  'The run of this conversation has ended, and nothing was begun. For another run say what it may cost (budget_sats).';
const NOBODY = 'No run of this conversation is under way that could take this order. Nothing was begun.';

/** How soon mails are looked at again that may be on their way, ms: their sender's memory may have been lost. */
const MAIL_LOOK_MS = 30_000;

function letterAt({ mailbox }: Desk, now_ms: number): number | null {
  if (mailbox === null || mailbox.letters.length === 0) return null;
  const { retryAt_ms } = mailbox;
  // One that is due is being tried: as a time in the past it would wake the session again and again until that is over.
  return retryAt_ms !== null && retryAt_ms > now_ms ? retryAt_ms : now_ms + MAIL_LOOK_MS;
}
