/**
 * A world around one session of a team, driven by one seed: relays, runners, mail, the client and the clock are simulated;
 * the session, its desk, their tables and the client's books are the real ones. The process may die at every fault
 * point and before, within and after every write; what it had in memory is gone then, what it had stored is not.
 */
import type { TeamBrief } from '../../../../src/agent/team/desk/brief.ts';
import { TeamDesk } from '../../../../src/agent/team/desk/desk.ts';
import type { StepReport } from '../../../../src/agent/team/desk/steps.ts';
import { namesBudget, readTeamOrder } from '../../../../src/agent/team/request.ts';
import type { TraceEntry } from '../../../../src/agent/team/trace.ts';
import type { SessionPorts } from '../../../../src/job/ports.ts';
import { Session } from '../../../../src/job/session.ts';
import type { Words } from '../../../../src/job/words.ts';
import { type NostrEvent, signAs } from '../../../../src/nostr/event.ts';
import { deriveKeys } from '../../../../src/nostr/keys.ts';
import { DEFAULT_AGENT_KINDS } from '../../../../src/nostr/kinds.ts';
import { msats } from '../../../../src/payment/msats.ts';
import { dialectNamed } from '../../../../src/protocol/dialects.ts';
import type { JobRecord } from '../../../../src/store/job-record.ts';
import type { Sql } from '../../../../src/store/sql.ts';
import { Purse } from '../../../job/purse.ts';
import { NO_CHECKS } from '../../../support/checks.ts';
import { nodeSql } from '../../../support/node-sql.ts';
import { seeded } from '../../../support/random.ts';
import { DEFINITION, PRICES, Staff } from './staff.ts';

export const CLIENT = deriveKeys('11'.repeat(32), 'client');
export const AGENT = deriveKeys('11'.repeat(32), 'team');
export const MAIL = 'reader@mail.test';
const DM_RELAY = 'wss://dm.test';
const DM_KIND = 1059;

export interface Trouble {
  /** Chance that the process dies at a fault point or at a write. */
  readonly crash: number;
  /** Chance that a call is lost, or its answer; that a runner dies, or reports again, late, or of what it was not asked. */
  readonly loss: number;
}
export const CALM: Trouble = { crash: 0, loss: 0 };

/** Who does the team's work. */
export interface Worker {
  work(brief: TeamBrief): StepReport | Promise<StepReport>;
}

/** What the session did that must never be. */
export type Fault = string;

interface Timer {
  readonly at_ms: number;
  readonly life: number;
  readonly run: () => void | Promise<void>;
}

export class TeamWorld {
  readonly random: () => number;
  readonly purse: Purse;
  readonly relays = new Map<string, Map<string, NostrEvent>>();
  readonly record = new Map<string, JobRecord>();
  readonly mails: string[] = [];
  readonly faults: Fault[] = [];
  readonly happened: Record<string, number> = {};
  readonly alarms: number[] = [];
  trouble: Trouble;
  /** The team as its file has it at present. */
  definition = DEFINITION;
  /** Asked before and after every write: whether the process dies then. */
  diesAt: (() => boolean) | null = null;
  /** Mails of reports wait for it. */
  mailGate: Promise<void> = Promise.resolve();
  now_ms = 1_700_000_000_000;
  /** Signed on behalf of the team: the job it is of, and the kind. */
  readonly signed: { readonly job: string | null; readonly kind: number }[] = [];
  /** What is changed of the desk for the sake of a test: a mutant. */
  readonly #mutate: (desk: TeamDesk) => void;
  readonly #asked = new Set<string>();
  readonly #erased = new Map<string, number>();
  readonly #sql = nodeSql();
  readonly #worker: Worker;
  /** Work under way that waits for nothing simulated. */
  readonly #working = new Set<Promise<void>>();
  #life = 0;
  #wraps = 0;
  #process: { readonly life: number; readonly desk: TeamDesk; readonly session: Session } | null = null;
  #alarm_ms: number | null = null;
  #timers: Timer[] = [];

  constructor(
    seed: number,
    trouble: Trouble,
    worker: Worker = new Staff(seed, 0),
    mutate: (desk: TeamDesk) => void = () => undefined,
  ) {
    this.random = seeded(seed);
    this.trouble = trouble;
    this.#mutate = mutate;
    this.#worker = worker;
    const now = () => this.now_ms;
    this.purse = new Purse(CLIENT.publicKey, ['bolt11_prepaid', 'credit'], now, {
      trust: msats(0),
      traps: false,
    });
  }

  // ── The client ──

  /** A signed request. @param tags besides the agent, the conversation and the words */
  request(words: string, parameters: object = {}, tags: string[][] = []): NostrEvent {
    const body = JSON.stringify({ messages: [{ role: 'user', content: words }], parameters });
    const created_at = Math.floor(this.now_ms / 1_000);
    const all = [['p', AGENT.publicKey], ['t', 'talk'], ['request', body], ...tags];
    return signAs({ kind: 7001, created_at, tags: all, content: '' }, CLIENT, new Uint8Array(32));
  }

  deliver(event: NostrEvent, after_ms = 0): NostrEvent {
    this.#asked.add(event.id);
    this.#bring(after_ms, () => this.#session.open(event, 'wss://origin.test', []));
    return event;
  }

  say(jobId: string | null, words: Words, after_ms: number): void {
    this.#bring(after_ms, () => void this.#session.long?.steer(jobId, words));
  }

  mail(jobId: string, words: Words, after_ms: number): void {
    this.#bring(after_ms, () => void this.#session.long?.steerByMail(jobId, MAIL, words));
  }

  zap(jobId: string, sats: number, after_ms: number): void {
    this.#outside(after_ms, () => {
      this.purse.zap(msats(sats * 1_000));
      this.#bring(0, () => this.#session.credited(jobId));
    });
  }

  /** @param taken is called when the session has taken it */
  cancel(jobId: string, after_ms: number, taken: () => void = () => undefined): void {
    this.#bring(after_ms, async () => {
      this.#erased.set(jobId, this.spent(jobId));
      await this.#session.cancel(jobId);
      taken();
    });
  }

  /** Whoever brings something outlives the session's process, and brings it again until it is taken. */
  #bring(after_ms: number, act: () => void | Promise<void>): void {
    this.#outside(after_ms, async () => {
      const life = this.#life;
      let over = false;
      const again = () => {
        if (!over) this.#bring(500, act);
        over = true;
      };
      this.#outside(2_000, () => {
        if (life !== this.#life) again();
      });
      try {
        await act();
        if (life === this.#life) over = true;
      } catch {
        again();
      }
    });
  }

  // ── What can be seen ──

  /** Requests that were delivered. */
  get asked(): string[] {
    return [...this.#asked];
  }

  /** The run of a job as it is stored. */
  run(jobId: string) {
    return this.#desk.store.load(jobId)?.run ?? null;
  }

  /** The text of a version of a job's run. */
  text(jobId: string, version: string): string | null {
    return this.#desk.store.text(jobId, version);
  }

  /** What the run of a job has cost, also when it was erased since, msats. */
  spent(jobId: string): number {
    return this.run(jobId)?.outcome?.spent.msats ?? this.#erased.get(jobId) ?? 0;
  }

  entries(jobId: string) {
    return this.#desk.store.record(jobId);
  }

  /** The same with the texts of versions. */
  wholeEntries(jobId: string): TraceEntry[] {
    const entries: TraceEntry[] = [];
    for (let page = this.#desk.store.page(jobId, 0); page !== null; ) {
      entries.push(...page.entries);
      page = page.more ? this.#desk.store.page(jobId, entries.length) : null;
    }
    return entries;
  }

  /** All that the session has stored, as one text. */
  stored(): string {
    const tables = this.#sql.all("SELECT name FROM sqlite_master WHERE type = 'table'");
    return JSON.stringify(tables.map(({ name }) => this.#sql.all(`SELECT * FROM ${String(name)}`)));
  }

  /** Events of the team that some relay has, each once. */
  told(): NostrEvent[] {
    const all = [...this.relays.values()].flatMap((relay) => [...relay.values()]);
    return [...new Map(all.map((event) => [event.id, event])).values()];
  }

  get messages(): string[] {
    return this.told().flatMap(({ kind, content }) => (kind === DM_KIND ? [content] : []));
  }

  chance(p: number): boolean {
    return this.random() < p;
  }

  count(what: string): void {
    this.happened[what] = (this.happened[what] ?? 0) + 1;
  }

  // ── Time ──

  /** Lets time pass for `steps` events, or until nothing happens for three hours. @returns whether all is quiet */
  async pass(steps: number): Promise<boolean> {
    for (let i = 0; i < steps; i++) {
      await settled();
      await Promise.all(this.#working);
      const next = this.#next();
      if (next === null) return true;
      this.now_ms = Math.max(this.now_ms, next.at_ms);
      Promise.resolve(orDead(next.run)).catch(onlyTheDead);
    }
    await settled();
    return false;
  }

  #next(): Timer | null {
    const candidates = this.#timers.filter(({ life }) => life === this.#life || life === OUTSIDE);
    this.#timers = [...candidates];
    if (this.#alarm_ms !== null && this.#alarm_ms < this.now_ms + 3 * 3_600_000)
      candidates.push({ at_ms: this.#alarm_ms, life: OUTSIDE, run: () => this.#ring() });
    const next = candidates.reduce<Timer | null>((a, b) => (a === null || b.at_ms < a.at_ms ? b : a), null);
    this.#timers = this.#timers.filter((timer) => timer !== next);
    return next;
  }

  async #ring(): Promise<void> {
    const kept_ms = this.#alarm_ms;
    const life = this.#life;
    this.#alarm_ms = null;
    // An alarm that was interrupted is rung again by the platform.
    this.#outside(1_000, () => {
      if (life !== this.#life) this.#alarm_ms ??= kept_ms;
    });
    await this.#session.alarm();
  }

  #delay(life: number, ms: number): Promise<void> {
    return new Promise((resolve) => this.#timers.push({ at_ms: this.now_ms + ms, life, run: resolve }));
  }

  #outside(after_ms: number, run: () => void | Promise<void>): void {
    this.#timers.push({ at_ms: this.now_ms + after_ms, life: OUTSIDE, run });
  }

  // ── The process ──

  crash(): void {
    this.count('crash');
    this.#life++;
  }

  get #desk(): TeamDesk {
    return this.#living().desk;
  }

  get #session(): Session {
    return this.#living().session;
  }

  /** It starts when somebody calls it. */
  #living() {
    if (this.#process?.life !== this.#life) this.#process = this.#start();
    return this.#process;
  }

  #dieIfItIsTime(): void {
    if (this.diesAt?.() !== true) return;
    this.diesAt = null;
    this.crash();
    throw new Dead();
  }

  #die(where: string): void {
    if (!this.chance(this.trouble.crash)) return;
    this.count(`died ${where}`);
    this.crash();
    throw new Dead();
  }

  #start(): { readonly life: number; readonly desk: TeamDesk; readonly session: Session } {
    const life = this.#life;
    const alive = () => life === this.#life;
    const call = async <T>(act: () => T): Promise<T> => {
      if (!alive()) return await NEVER;
      if (this.chance(this.trouble.loss / 2)) throw new Error('the call was lost');
      const answer = act();
      await Promise.resolve();
      if (!alive()) return await NEVER;
      if (this.chance(this.trouble.loss / 2)) throw new Error('the answer was lost');
      return answer;
    };
    const sql = this.#cut(alive);
    const defer = (work: Promise<void>) => void work.catch(onlyTheDead);
    const log = (what: string, _: string, error: unknown) => {
      if (alive() && !(error instanceof Dead)) this.count(what);
    };
    const desk = new TeamDesk(sql, {
      clock: () => this.now_ms,
      open: ({ body, history }) => readTeamOrder(this.definition, PRICES, body, history),
      order: (jobId, number, attempt) => call(() => this.#ordered(jobId, number, attempt)),
      directMessage: (content) => {
        if (alive()) this.signed.push({ job: null, kind: DM_KIND });
        // No gift wrap is like another: two runs may say the same in one second.
        const tags = [['wrap', String(this.#wraps++)]];
        const template = { kind: DM_KIND, created_at: Math.floor(this.now_ms / 1_000), tags, content };
        return signAs(template, AGENT, new Uint8Array(32));
      },
      isOrder: (body) => namesBudget(this.definition, body),
      inbox: async () => {
        await this.#delay(life, this.random() * 20_000);
        return await call(() => [DM_RELAY]);
      },
      move: (jobId, how) => {
        if (!alive()) throw new Dead();
        this.#session.long?.move(jobId, how);
      },
      random: this.random,
      defer,
      mail: {
        invite: (jobId) =>
          call(() => {
            this.mails.push('invitation');
            return `<${jobId}@mail.test>`;
          }),
        report: async (_, __, { number }) => {
          await this.mailGate;
          await call(() => void this.mails.push(`report ${number}`));
        },
        remember: (_, answer) => call(() => void this.mails.push(`remembered ${answer}`)),
      },
      most_msats: this.definition.budget.most_msats,
      urlOf: (jobId, sha256) => `https://errand.test/jobs/${jobId}/artifact/${sha256}`,
      log,
    });
    this.#mutate(desk);
    return { life, desk, session: new Session(sql, this.#ports(desk, alive, call, defer, log)) };
  }

  #ports(
    desk: TeamDesk,
    alive: () => boolean,
    call: <T>(act: () => T) => Promise<T>,
    defer: (work: Promise<void>) => void,
    log: SessionPorts['log'],
  ): SessionPorts {
    const life = this.#life;
    const dialect = dialectNamed('agent', DEFAULT_AGENT_KINDS);
    return {
      clock: () => this.now_ms,
      random: this.random,
      timeLimit_ms: null,
      names: { session: 's', agent: 'team', client: CLIENT.publicKey },
      quote: (body) => ({
        max: readTeamOrder(DEFINITION, PRICES, body).budget,
        fixed: false,
        prices: PRICES,
      }),
      money: this.purse.ports(call),
      ...NO_CHECKS,
      read: (event) => ({ event, envelope: dialect.envelope(event) }),
      body: (request) => dialect.body(request.event, request.envelope, String),
      answer: (report, request, now_s) => {
        if (!alive()) return [];
        const events = dialect.render(report, request, now_s).map((template) => signAs(template, AGENT));
        for (const { kind } of events) this.signed.push({ job: request.envelope.id, kind });
        return events;
      },
      admit: async () => (alive() ? null : await NEVER),
      namedTargets: () => [],
      readRelays: () => call(() => ['wss://inbox.test']),
      work: null,
      longWork: desk,
      order: async () => {
        throw new Error('a team does not work in steps of its job');
      },
      chained: async () => ({ type: 'pending' }),
      publish: (target, events) => call(() => this.#publish(target, events)),
      withdraw: async () => undefined,
      retraction: async () => null,
      project: (records) =>
        call(() => {
          for (const one of records) {
            if ((this.record.get(one.id)?.revision ?? 0) < one.revision) this.record.set(one.id, one);
          }
        }),
      wakeAt: (at_ms) => {
        if (!alive()) return;
        this.#alarm_ms = at_ms;
        this.alarms.push(at_ms);
      },
      forget: () => undefined,
      clearAll: () => this.count('cleared'),
      defer,
      delay: (ms) => this.#delay(life, ms),
      fault: async (point) => {
        if (!alive()) return await NEVER;
        this.#die(`at ${point}`);
      },
      log,
    };
  }

  /** The stored state, out of reach for a process that is dead, which may die of every write. */
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
        if (/^(INSERT|UPDATE|DELETE)/.test(query.trimStart())) this.#die('before a write');
        return this.#sql.run(query, ...parameters);
      },
      transaction: (work) => {
        check();
        this.#dieIfItIsTime();
        const value = this.#sql.transaction(work);
        this.#dieIfItIsTime();
        this.#die('after a write');
        return value;
      },
    };
  }

  #publish(target: string, events: readonly NostrEvent[]) {
    const relay = this.relays.get(target) ?? new Map<string, NostrEvent>();
    this.relays.set(target, relay);
    return events.map((event) => {
      if (this.chance(this.trouble.loss))
        return { id: event.id, ok: false, reason: 'rate-limited: slow down' };
      relay.set(event.id, event);
      return { id: event.id, ok: true, reason: '' };
    });
  }

  // ── Runners ──

  #ordered(jobId: string, number: number, attempt: number): void {
    this.#check(jobId);
    const times = this.chance(this.trouble.loss) ? 2 : 1;
    for (let i = 0; i < times; i++)
      this.#outside(this.random() * 300, () => this.#drive(jobId, number, attempt));
  }

  /** What is ordered is paid for, and fits. */
  #check(jobId: string): void {
    const run = this.run(jobId);
    if (run === null) return void this.faults.push('ordered what is not stored');
    const planned = run.wave.reduce((sum, { quote }) => sum + quote.msats, run.spent.msats);
    if (planned > run.funded_msats) this.faults.push(`ordered for ${planned} of ${run.funded_msats}`);
    if (this.purse.books.balance(`job:${jobId}`) < planned) this.faults.push('ordered unpaid');
    if (run.phase === 'working' && run.paused && run.wave.every(({ orders }) => orders === 0))
      this.faults.push('ordered while paused');
  }

  #drive(jobId: string, number: number, attempt: number): void {
    const { steps } = this.#desk;
    const brief = steps.brief(jobId, number, attempt);
    if (brief === null) return;
    this.count('step');
    if (this.chance(this.trouble.loss)) return void this.count('runner died');
    const takes_ms = 1_000 + this.random() * 40_000;
    for (let at_ms = 5_000; at_ms < takes_ms; at_ms += 5_000)
      this.#outside(at_ms, () => void this.#desk.steps.beat(jobId, number, attempt));
    const working = this.#work(jobId, brief, takes_ms).finally(() => this.#working.delete(working));
    this.#working.add(working);
  }

  async #work(jobId: string, brief: TeamBrief, takes_ms: number): Promise<void> {
    const { number, attempt } = brief;
    const report = await this.#worker.work(brief);
    const hands = (at: number, after_ms: number) =>
      this.#bring(after_ms, () => {
        this.#session.long?.move(jobId, () => this.#desk.steps.report(jobId, number, at, report));
      });
    hands(attempt, takes_ms);
    if (this.chance(this.trouble.loss)) hands(attempt, takes_ms + this.random() * 90_000);
    if (this.chance(this.trouble.loss)) hands(attempt + 1, takes_ms - 500);
    if (this.chance(this.trouble.loss)) hands(attempt - 1, takes_ms - 500);
  }
}

class Dead extends Error {}

function onlyTheDead(error: unknown): void {
  if (!(error instanceof Dead)) throw error;
}

async function orDead(run: () => void | Promise<void>): Promise<void> {
  await run();
}

const OUTSIDE = -1;
const NEVER = new Promise<never>(() => undefined);

/** Everything that runs without waiting for time has run. */
async function settled(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}
