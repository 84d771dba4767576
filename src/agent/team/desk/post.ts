/** Sends the mails of a session's runs, one after the other for each run, and tries again what could not be sent. */
import type { Clock } from '../../../clock.ts';
import { MAIL_SEND_ATTEMPTS, MAIL_SEND_BASE_MS, MAIL_SEND_MAX_MS } from '../../../limits.ts';
import { type RetryPolicy, retryDelay } from '../../../retry.ts';
import type { TeamReport } from '../report/types.ts';
import { type Letter, letterDone, letterFailed, type Mailbox } from './mailbox.ts';
import type { TeamRuns } from './runs.ts';

/** The ways of mail; null for a deployment without. Each may be called again after a crash. */
export interface PostPorts {
  /** Asks an address whether it wants reports, unless it must not be asked. Its Message-ID; null when none was sent. */
  invite(jobId: string, address: string): Promise<string | null>;
  /** @param thread Message-ID of the invitation; null when that is not known */
  report(jobId: string, address: string, report: TeamReport, thread: string | null): Promise<void>;
  /** Keeps what an address has said to being asked. */
  remember(address: string, answer: 'yes' | 'no'): Promise<void>;
}

const POLICY: RetryPolicy = {
  attempts: MAIL_SEND_ATTEMPTS,
  baseMs: MAIL_SEND_BASE_MS,
  maxMs: MAIL_SEND_MAX_MS,
};

export class Post {
  readonly #ports: PostPorts;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #runs: TeamRuns;
  readonly #log: (what: string, jobId: string, error: unknown) => void;
  readonly #busy = new Set<string>();

  constructor(
    ports: PostPorts,
    clock: Clock,
    random: () => number,
    runs: TeamRuns,
    log: (what: string, jobId: string, error: unknown) => void,
  ) {
    this.#ports = ports;
    this.#clock = clock;
    this.#random = random;
    this.#runs = runs;
    this.#log = log;
  }

  /** Sends what is due of a run. Never rejects. @returns whether anything was there to send */
  async send(jobId: string): Promise<boolean> {
    if (this.#busy.has(jobId)) return false;
    this.#busy.add(jobId);
    let any = false;
    try {
      for (let box = this.#due(jobId); box !== null; box = this.#due(jobId)) {
        any = true;
        await this.#sendFirst(jobId, box);
      }
    } finally {
      this.#busy.delete(jobId);
    }
    return any;
  }

  #due(jobId: string): Mailbox | null {
    const mailbox = this.#runs.find(jobId)?.desk.mailbox ?? null;
    if (mailbox === null || mailbox.letters.length === 0) return null;
    return mailbox.retryAt_ms === null || mailbox.retryAt_ms <= this.#clock() ? mailbox : null;
  }

  async #sendFirst(jobId: string, mailbox: Mailbox): Promise<void> {
    const [letter] = mailbox.letters;
    if (letter === undefined) return;
    let messageId: string | null = null;
    try {
      messageId = await this.#perform(jobId, letter, mailbox);
    } catch (error) {
      this.#log(`a mail (${letter.type}) was not sent`, jobId, error);
      const delay_ms = retryDelay(POLICY, mailbox.failures + 1, this.#random());
      if (delay_ms !== undefined) {
        this.#runs.mail(jobId, (now) => letterFailed(now, this.#clock() + delay_ms));
        return;
      }
      // Given up: what comes later may still get through.
    }
    this.#runs.mail(jobId, (now) => letterDone(now, letter, messageId));
  }

  async #perform(jobId: string, letter: Letter, { correspondence, latest }: Mailbox): Promise<string | null> {
    const { address, firstMessageId } = correspondence;
    switch (letter.type) {
      case 'invitation':
        return await this.#ports.invite(jobId, address);
      case 'answer':
        await this.#ports.remember(address, letter.answer);
        return null;
      case 'report':
        if (latest !== null) await this.#ports.report(jobId, address, latest, firstMessageId);
        return null;
    }
  }
}
