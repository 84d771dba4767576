/**
 * A world around one session, driven by one seed: relays, record, runner and clock are simulated, the session and
 * its journal are the real ones. The process may die at every fault point and between any two events; what it had
 * in memory is gone then, what it had stored is not.
 */
import type { OpenCheck } from '../../src/checks/check.ts';
import { JobError } from '../../src/errors.ts';
import type { LongWork } from '../../src/job/long-work.ts';
import type { SessionPorts } from '../../src/job/ports.ts';
import { Session } from '../../src/job/session.ts';
import { type NostrEvent, type Rumor, signAs } from '../../src/nostr/event.ts';
import { deriveKeys } from '../../src/nostr/keys.ts';
import { DEFAULT_AGENT_KINDS, KIND } from '../../src/nostr/kinds.ts';
import { type Msats, msats } from '../../src/payment/msats.ts';
import { dialectNamed, dialectOf } from '../../src/protocol/dialects.ts';
import type { JobOutput, Request } from '../../src/protocol/model.ts';
import { FREE } from '../../src/protocol/prices.ts';
import type { JobRecord } from '../../src/store/job-record.ts';
import type { Sql } from '../../src/store/sql.ts';
import { NO_CHECKS } from '../support/checks.ts';
import { nodeSql } from '../support/node-sql.ts';
import { seeded } from '../support/random.ts';
import { PRICE, type Purse } from './purse.ts';
import { KIND_VERDICT, type Verifying } from './verifying.ts';

export const CLIENT = deriveKeys('11'.repeat(32), 'client');
export const AGENT = deriveKeys('11'.repeat(32), 'agent');

export interface Trouble {
  /** Chance that the process dies at a fault point. */
  readonly crash: number;
  /** Chance that a call to a relay, to the record or to the queue is lost, or its answer. */
  readonly loss: number;
  /** Chance that an attempt of the work fails. */
  readonly failure: number;
}

export const CALM: Trouble = { crash: 0, loss: 0, failure: 0 };

interface Timer {
  readonly at_ms: number;
  readonly run: () => void;
  readonly life: number;
}

export class World {
  readonly random: () => number;
  trouble: Trouble;
  now_ms = 1_700_000_000_000;
  /** Events by relay, then by id. */
  readonly relays = new Map<string, Map<string, NostrEvent>>();
  readonly record = new Map<string, JobRecord>();
  /** How often something that the tests want to see happened. */
  readonly happened: Record<string, number> = {};
  readonly logged: string[] = [];
  readonly #sql = nodeSql();
  readonly #slow: boolean;
  readonly #longWork: LongWork | null;
  #life = 0;
  #session: Session;
  #alarm_ms: number | null = null;
  #timers: Timer[] = [];

  /** Requests that can no longer be read. */
  readonly unreadable = new Set<string>();
  readonly verifying: Verifying | null;
  /** Null where work is free. */
  readonly purse: Purse | null;

  /** Every request of the client, those it sent again included. */
  readonly asked: NostrEvent[] = [];
  #wraps = 0;
  readonly #firsts = new Map<string, string>();
  readonly #read_ = new Set<string>();

  /**
   * @param purse makes the money around the session, on the world's clock
   * @param longWork what lives beside the jobs
   * @param verifying the checks of its jobs; null where they have none
   */
  constructor(
    seed: number,
    trouble: Trouble,
    slow: boolean,
    purse: ((now: () => number) => Purse) | null = null,
    longWork: LongWork | null = null,
    verifying: Verifying | null = null,
  ) {
    this.verifying = verifying;
    this.#longWork = longWork;
    this.purse = purse?.(() => this.now_ms) ?? null;
    this.random = seeded(seed);
    this.trouble = trouble;
    this.#slow = slow;
    this.#session = this.#start();
  }

  /** The session as it lives now. */
  get session(): Session {
    return this.#session;
  }

  /** A signed request of the client. @param age_s how long ago it was written */
  request(tags: string[][], kind = 5302, age_s = 0): NostrEvent {
    const template = {
      kind,
      created_at: Math.floor(this.now_ms / 1000) - age_s,
      tags: [['p', AGENT.publicKey], ...tags],
      content: '',
    };
    const event = signAs(template, CLIENT, new Uint8Array(32));
    this.asked.push(event);
    return event;
  }

  /** A request in a gift wrap; what seals it is left out. */
  wrapped(request: NostrEvent): NostrEvent {
    const { created_at } = request;
    const tags = [['nonce', String(this.#wraps++)]];
    const template = { kind: KIND.giftWrap, created_at, tags, content: JSON.stringify(request) };
    return signAs(template, CLIENT, new Uint8Array(32));
  }

  /** The request that this one repeats, carrying its invoice; itself for any other. */
  firstOf(id: string): string {
    return this.#firsts.get(id) ?? id;
  }

  /** Delivers a request as a relay does: again and again until it is taken. */
  deliver(event: NostrEvent): void {
    this.#after(Math.floor(this.random() * 50), () => void this.#deliver(event));
    if (this.chance(0.3)) this.#after(Math.floor(this.random() * 9_000), () => void this.#deliver(event));
  }

  async #deliver(event: NostrEvent): Promise<void> {
    const life = this.#life;
    const again = () => this.#outside(500, () => void this.#deliver(event));
    // The deliverer outlives the session's process: it hears nothing, and tries again.
    let answered = false;
    this.#outside(2_000, () => answered || life === this.#life || again());
    try {
      await this.#session.open(event, 'wss://origin.test', []);
      answered = true;
    } catch (error) {
      // Refused for now, because something it needs could not be reached: the deliverer comes again.
      if (!(error instanceof Dead)) again();
    }
  }

  /** A zap on an event of a job arrives; the account tells the session until it has heard. */
  zap(jobId: string, amount: Msats, after_ms: number): void {
    this.#outside(after_ms, () => {
      this.purse?.zap(amount);
      this.count('zapped');
      void this.#credited(jobId);
    });
  }

  /** The wallet's word of a payment arrives. */
  hear(jobId: string, bolt11: string): void {
    const transaction = this.purse?.lookup(this.purse.hashOf(bolt11)) ?? null;
    if (transaction !== null)
      this.#outside(0, () => void this.#session.walletChanged(jobId, transaction).catch(onlyTheDead));
  }

  /** All that the session has stored, as one text. */
  stored(): string {
    const tables = this.#sql.all("SELECT name FROM sqlite_master WHERE type = 'table'");
    return JSON.stringify(tables.map(({ name }) => this.#sql.all(`SELECT * FROM ${String(name)}`)));
  }

  /** All that is stored, told or logged, as one text. */
  everything(): string {
    const events = [...this.relays.values()].map((relay) => [...relay.values()]);
    return JSON.stringify([this.stored(), events, [...this.record.values()], this.logged]);
  }

  /** Another provider claims that a job was zapped. */
  claim(jobId: string, amount: Msats, trust: Msats, after_ms: number): void {
    this.#outside(after_ms, () => this.#session.zapped(jobId, amount, trust));
  }

  async #credited(jobId: string): Promise<void> {
    const again = () => this.#outside(500, () => void this.#credited(jobId));
    const life = this.#life;
    let answered = false;
    this.#outside(2_000, () => answered || life === this.#life || again());
    try {
      await this.#session.credited(jobId);
      answered = true;
    } catch (error) {
      if (!(error instanceof Dead)) again();
    }
  }

  cancel(id: string, after_ms = Math.floor(this.random() * 300)): void {
    // Whoever brings the client's wish brings it again until it is taken.
    const bring = () =>
      void this.#session.cancel(id).catch((error: unknown) => {
        if (!(error instanceof Dead)) this.#outside(500, bring);
      });
    this.#outside(after_ms, bring);
  }

  /** Calls a job off at this very moment. */
  async cancelNow(id: string): Promise<void> {
    await this.#session.cancel(id);
  }

  /** What the session says of a job that the record may not know yet. */
  shown(id: string): JobRecord | null {
    return this.#session.record(id);
  }

  chance(p: number): boolean {
    return this.random() < p;
  }

  /** Lets time pass until nothing is appointed any more, or for `steps` events. Returns whether all is quiet. */
  async run(steps: number): Promise<boolean> {
    for (let i = 0; i < steps; i++) {
      await settled();
      const next = this.#next();
      if (next === null) return true;
      this.now_ms = Math.max(this.now_ms, next.at_ms);
      try {
        next.run();
      } catch (error) {
        onlyTheDead(error);
      }
    }
    await settled();
    return false;
  }

  #next(): Timer | null {
    this.#timers = this.#timers.filter((timer) => timer.life === this.#life || timer.life === OUTSIDE);
    const candidates = [...this.#timers];
    if (this.#alarm_ms !== null && this.#alarm_ms < this.now_ms + 3_600_000 * 3) {
      candidates.push({ at_ms: this.#alarm_ms, life: OUTSIDE, run: () => this.#ring() });
    }
    const next = candidates.reduce<Timer | null>((a, b) => (a === null || b.at_ms < a.at_ms ? b : a), null);
    this.#timers = this.#timers.filter((timer) => timer !== next);
    return next;
  }

  #ring(): void {
    const life = this.#life;
    const kept_ms = this.#alarm_ms;
    this.#alarm_ms = null;
    this.#session.alarm().catch(onlyTheDead);
    // An alarm that was interrupted is rung again by the platform.
    this.#outside(1_000, () => {
      if (life !== this.#life && this.#alarm_ms === null) this.#alarm_ms = kept_ms;
    });
  }

  crash(): void {
    this.count('crash');
    this.#life++;
    this.#session = this.#start();
  }

  count(what: string): void {
    this.happened[what] = (this.happened[what] ?? 0) + 1;
  }

  #start(): Session {
    const life = this.#life;
    const alive = () => life === this.#life;
    /** Does `act` for the outside, unless this process is dead; its answer may be lost, or the call itself. */
    const call = async <T>(act: () => T): Promise<T> => {
      if (!alive()) return await NEVER;
      if (this.chance(this.trouble.loss / 2)) throw new Error('the call was lost');
      const answer = act();
      await Promise.resolve();
      if (!alive()) return await NEVER;
      if (this.chance(this.trouble.loss / 2)) throw new Error('the answer was lost');
      return answer;
    };
    const ports: SessionPorts = {
      clock: () => this.now_ms,
      random: this.random,
      timeLimit_ms: 600_000,
      names: { session: 's', agent: 'sim', client: CLIENT.publicKey },
      quote: () =>
        this.purse === null
          ? null
          : { max: PRICE, fixed: true, prices: { ...FREE, perJob_msats: Number(PRICE) } },
      money: this.purse?.ports(call) ?? null,
      ...this.#checkPorts(call),
      read: (event) => {
        if (this.unreadable.has(event.id)) throw new Error('a request of another version');
        const request = readRequest(event);
        // Where there are others for it, a request names nobody.
        return this.verifying?.others === true
          ? { ...request, envelope: { ...request.envelope, agents: [] } }
          : request;
      },
      body: (request) => {
        const body = dialectNamed(request.envelope.dialect, DEFAULT_AGENT_KINDS).body(
          request.event,
          request.envelope,
          String,
        );
        if (body.parameters.refuse === 'yes') throw new JobError('INVALID_PARAMETER', 'refused');
        return body;
      },
      answer: (report, request, now_s) => {
        if (!alive()) return [];
        const dialect = dialectNamed(request.envelope.dialect, DEFAULT_AGENT_KINDS);
        return dialect.render(report, request, now_s).map((template) => signAs(template, AGENT));
      },
      admit: async () => (alive() ? null : await NEVER),
      namedTargets: (request) => request.envelope.relays,
      readRelays: () => call(() => ['wss://inbox.test']),
      work: this.#slow
        ? null
        : (assignment) => {
            this.#mustBePaid(assignment.envelope.id);
            return this.#work(assignment.history.length, call);
          },
      longWork: this.#longWork,
      order: (jobId, attempt) => call(() => this.#runner(jobId, attempt)),
      chained: async () => ({ type: 'pending' }),
      publish: (target, events) => call(() => this.#publish(target, events)),
      withdraw: async () => undefined,
      retraction: async () => null,
      project: (records) =>
        call(() => {
          for (const record of records) {
            const known = this.record.get(record.id);
            if (known === undefined || known.revision < record.revision) this.record.set(record.id, record);
          }
        }),
      wakeAt: (at_ms) => {
        if (alive()) this.#alarm_ms = at_ms;
      },
      forget: () => this.count('forgotten'),
      clearAll: () => this.count('cleared'),
      defer: (work) => {
        work.catch(onlyTheDead);
      },
      delay: (ms) =>
        new Promise((resolve) => this.#timers.push({ at_ms: this.now_ms + ms, life, run: resolve })),
      fault: async (point) => {
        if (!alive()) return await NEVER;
        if (!this.chance(this.trouble.crash)) return;
        this.count(`crash at ${point}`);
        this.crash();
        return await NEVER;
      },
      log: (what, jobId, error) => {
        this.count(what);
        this.logged.push(`${what} ${jobId} ${String(error)}`);
      },
    };
    return new Session(this.#cut(alive), ports);
  }

  #checkPorts(call: <T>(act: () => T) => Promise<T>): typeof NO_CHECKS {
    const { verifying } = this;
    if (verifying === null) return NO_CHECKS;
    const jobOf = ({ check }: OpenCheck) => check.message ?? '';
    return {
      broker: {
        nextAgent: (job) => call(() => verifying.nextAgent(job)),
        callOff: (job) => call(() => void verifying.given.delete(job)),
      },
      verified: (request) => verifying.termsOf(request),
      checks: {
        validate: (open) => call(() => verifying.validate(jobOf(open))),
        judge: (open, result) => call(() => verifying.judge(jobOf(open), result)),
      },
      verdict: ({ proof }, { envelope }, now_s) => {
        const tags = [
          ['e', envelope.id],
          ['verified', String(proof.passed)],
        ];
        return signAs({ kind: KIND_VERDICT, created_at: now_s, tags, content: '' }, AGENT);
      },
    };
  }

  /** The stored state, out of reach for a process that is dead: whatever still runs of it ends here. */
  #cut(alive: () => boolean): Sql {
    const check = () => {
      if (!alive()) throw new Dead();
    };
    return {
      all: (query, ...parameters) => {
        check();
        return this.#sql.all(query, ...parameters);
      },
      run: (query, ...parameters) => {
        check();
        if (query.startsWith('UPDATE jobs')) this.count('job written');
        return this.#sql.run(query, ...parameters);
      },
      transaction: (work) => {
        check();
        return this.#sql.transaction(work);
      },
    };
  }

  async #work(turns: number, call: <T>(act: () => T) => Promise<T>): Promise<JobOutput> {
    this.count('work');
    if (this.chance(this.trouble.failure)) throw new JobError('SERVICE_UNAVAILABLE', 'away for a moment');
    await call(() => undefined);
    return outputOf(`after ${turns} messages${this.#mark()}`);
  }

  /** Answers that are judged have to differ. */
  #mark(): string {
    return this.verifying === null ? '' : ` ${this.random()}`;
  }

  /** A runner somewhere else: begins, reports, ends, or dies without a word. Knows nothing of the session's life. */
  #runner(jobId: string, attempt: number): void {
    const times = this.chance(this.trouble.loss) ? 2 : 1;
    for (let i = 0; i < times; i++) {
      this.#outside(Math.floor(this.random() * 200), () => {
        const step = this.#session.begin(jobId, attempt);
        if (step === null) return;
        this.#mustBePaid(jobId);
        this.count('step');
        if (step.previews && this.purse?.books.has(`reserve:${jobId}`) === false) this.count('shown unpaid');
        if (this.chance(this.trouble.failure)) return;
        this.#outside(1_000, () =>
          this.#session.alive(jobId, attempt, { type: 'progress', done: 1, total: 2, note: '' }),
        );
        const ends = () =>
          this.#session.ended(
            jobId,
            attempt,
            outputOf(`turns ${step.assignment.history.length}${this.#mark()}`),
          );
        this.#outside(2_000, ends);
        if (this.chance(this.trouble.loss)) this.#outside(2_500, ends);
      });
    }
  }

  #publish(target: string, events: readonly NostrEvent[]) {
    const relay = this.relays.get(target) ?? new Map<string, NostrEvent>();
    this.relays.set(target, relay);
    return events.map(({ id, ...rest }) => {
      if (this.chance(this.trouble.loss)) return { id, ok: false, reason: 'rate-limited: slow down' };
      if (!relay.has(id)) this.#read({ id, ...rest });
      relay.set(id, { id, ...rest });
      return { id, ok: true, reason: '' };
    });
  }

  /** The customer sees an event: a demand for payment it may follow, or a result, which must have been paid for. */
  #read(event: NostrEvent): void {
    const { purse } = this;
    if (purse === null || this.#read_.has(event.id)) return;
    this.#read_.add(event.id);
    const jobId = event.tags.find(([name]) => name === 'e')?.[1] ?? '';
    const [, , invoice] = event.tags.find(([name]) => name === 'amount') ?? [];
    this.#readProof(event, jobId, invoice);
    if (event.kind === 6302 && invoice === undefined && this.firstOf(jobId) === jobId) {
      // Whoever reads a result without an invoice has paid for it, or owes it.
      const { books } = purse;
      if (!books.has(`reserve:${jobId}`) && !books.has(`lend:${jobId}`)) this.count('told unpaid');
    }
    if (invoice === undefined || purse.refusesToPay || this.chance(0.2)) return;
    this.#outside(Math.floor(this.random() ** 3 * 1_000_000), () => {
      if (this.chance(0.15)) {
        this.zap(jobId, this.chance(0.5) ? PRICE : msats(PRICE / 2n), 0);
        if (this.chance(0.5)) return;
      }
      this.#pay(purse, jobId, invoice);
    });
  }

  /** Nobody is asked for money before their check was tried out, and no result of such a job leaves without a proof. */
  #readProof({ id, kind, tags }: NostrEvent, jobId: string, invoice: string | undefined): void {
    const { verifying } = this;
    if (verifying === null) return;
    // A request that came again is answered with its first, or is a job of its own.
    const jobs = [jobId, this.firstOf(jobId)];
    if (invoice !== undefined && !jobs.some((job) => verifying.usable.has(job)))
      this.count('asked before the check');
    if (kind === 6302 && !jobs.some((job) => verifying.passed.has(job))) this.count('told unproved');
    if (kind === 6302 && tags.every(([name, yes]) => name !== 'verified' || yes !== 'true'))
      this.count('told without its proof');
    if (kind === KIND_VERDICT) verifying.told.set(jobId, (verifying.told.get(jobId) ?? new Set()).add(id));
  }

  #pay(purse: Purse, jobId: string, invoice: string): void {
    if (!purse.pay(invoice)) return;
    this.count('paid');
    if (this.chance(0.2)) this.#sendAgain(jobId, invoice);
    // The wallet's word may not come; then the session has to ask.
    const transaction = purse.lookup(purse.hashOf(invoice));
    if (transaction === null) return;
    const news = () => void this.#session.walletChanged(jobId, transaction).catch(orAgain);
    // Whoever brings the wallet's word brings it until it is taken.
    const orAgain = (error: unknown) => {
      if (!(error instanceof Dead)) this.#outside(1_000, news);
    };
    if (this.chance(0.5)) news();
    // An old word may come again, long after other things have happened.
    if (this.chance(0.2)) this.#outside(Math.floor(this.random() * 900_000), news);
  }

  /** Some clients do not wait: they send their request anew, with the invoice they paid. */
  #sendAgain(jobId: string, invoice: string): void {
    const first = this.asked.find(({ id }) => id === jobId);
    const [, ...tags] = first?.tags ?? [];
    if (first === undefined || tags.some(([name]) => name === 'bolt11')) return;
    this.count('sent again');
    const again = this.request([...tags.map((tag) => [...tag]), ['bolt11', invoice]]);
    this.#firsts.set(again.id, jobId);
    this.deliver(again);
  }

  #mustBePaid(jobId: string): void {
    if (this.purse !== null && !this.purse.holdsFor(jobId)) this.count('worked unpaid');
  }

  #after(ms: number, run: () => void): void {
    this.#outside(ms, run);
  }

  #outside(ms: number, run: () => void): void {
    this.#timers.push({ at_ms: this.now_ms + ms, life: OUTSIDE, run });
  }
}

class Dead extends Error {}

/** A process may only fail by being dead. */
function onlyTheDead(error: unknown): void {
  if (!(error instanceof Dead)) throw error;
}

const OUTSIDE = -1;
const NEVER = new Promise<never>(() => undefined);

function outputOf(content: string): JobOutput {
  return {
    content,
    finishReason: 'stop',
    model: 'sim',
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  };
}

function readRequest(event: Rumor): Request {
  if (event.kind === KIND.giftWrap) return readRequest(JSON.parse(event.content));
  const dialect = dialectOf(event.kind, DEFAULT_AGENT_KINDS);
  if (dialect === null) throw new Error('not a request');
  return { event, envelope: dialect.envelope(event) };
}

/** Everything that runs without waiting for time has run. */
async function settled(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}
