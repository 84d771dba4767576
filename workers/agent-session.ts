/** The durable object of a session: it gives src/job/session.ts its storage, its alarm and its ways to the others. */
import { DurableObject } from 'cloudflare:workers';
import type { ExternalDesk } from '../src/agent/external/desk.ts';
import type { Entry } from '../src/agent/loop/entry.ts';
import { type SqlStepStore, sqlStepStore } from '../src/agent/loop/sql-step-store.ts';
import type { TeamBrief } from '../src/agent/team/desk/brief.ts';
import type { TeamDesk } from '../src/agent/team/desk/desk.ts';
import type { StepLeave, StepReport } from '../src/agent/team/desk/steps.ts';
import { type Backlog, backlogOf } from '../src/job/backlog.ts';
import type { Placement } from '../src/job/broker.ts';
import { Journal } from '../src/job/journal.ts';
import { Session } from '../src/job/session.ts';
import type { Step } from '../src/job/step.ts';
import type { Heard, Words } from '../src/job/words.ts';
import { msatsSchema } from '../src/payment/msats.ts';
import type { WalletTransaction } from '../src/payment/wallet.ts';
import { type Plain, transactionJson } from '../src/payment/wallet-json.ts';
import { partiesOf } from '../src/protocol/route.ts';
import type { JobRecord } from '../src/store/job-record.ts';
import type { Env } from './env.ts';
import { externalDesk } from './external-desk.ts';
import { faultPoint } from './faults.ts';
import { freshListings } from './listings.ts';
import { findAgent, marketplaceOf } from './marketplace.ts';
import type { AgentSessionRpc, Delivery, MoneyObserver, StepNews, StepOutcome, ZapClaim } from './rpc.ts';
import { AgentGone, sessionPorts } from './session-ports.ts';
import { durableSql } from './sql.ts';
import { teamDesk } from './team-desk.ts';
import type { TeamRecordPage } from './team-rpc.ts';

export class AgentSession extends DurableObject<Env> implements AgentSessionRpc, MoneyObserver {
  #session: Session | null = null;
  #loops: SqlStepStore | null = null;
  #desk: TeamDesk | null = null;
  #external: ExternalDesk | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { agent } = this.#parties();
    if (marketplaceOf(env).agentByPubkey(agent) !== undefined) return;
    // It may have been listed a moment ago, in another isolate. Where that cannot be told, `open` and `alarm` ask again.
    void ctx.blockConcurrencyWhile(async () => {
      try {
        await findAgent(env, agent);
      } catch (error) {
        console.error('the agent of a session could not be looked up', ctx.id.name, error);
      }
    });
  }

  async open({ event, via, authenticated }: Delivery, placement?: Placement): Promise<void> {
    const agent = await findAgent(this.env, this.#parties().agent);
    // What its owner has changed counts for the next job, in whatever isolate that was.
    if (agent?.listed !== undefined) await freshListings(this.env);
    await this.#open().open(event, via, authenticated, placement);
  }

  async cancel(jobId: string, author: string): Promise<void> {
    if (author === this.#parties().client) await this.#open().cancel(jobId);
  }

  async stepBegin(jobId: string, attempt: number): Promise<Step | null> {
    return this.#open().begin(jobId, attempt);
  }

  async stepNews(jobId: string, attempt: number, news: StepNews | null): Promise<boolean> {
    return this.#open().alive(jobId, attempt, news);
  }

  async stepEnded(jobId: string, attempt: number, outcome: StepOutcome): Promise<void> {
    this.#open().ended(jobId, attempt, outcome.type === 'output' ? outcome.output : outcome);
  }

  async record(jobId: string): Promise<JobRecord | null> {
    return this.#open().record(jobId);
  }

  async backlog(): Promise<readonly Backlog[]> {
    this.#open();
    return backlogOf(new Journal(durableSql(this.ctx.storage)).open());
  }

  async credited(jobId: string): Promise<void> {
    await this.#open().credited(jobId);
  }

  async zapped(jobId: string, { amount, trust }: ZapClaim): Promise<void> {
    this.#open().zapped(jobId, msatsSchema.parse(amount), msatsSchema.parse(trust));
  }

  async walletChanged(jobId: string, transaction: Plain<WalletTransaction>): Promise<void> {
    await this.#open().walletChanged(jobId, transactionJson.parse(transaction));
  }

  async steer(jobId: string | null, author: string, words: Words): Promise<Heard> {
    if (author !== this.#parties().client) return 'nobody';
    return this.#open().long?.steer(jobId, words) ?? 'nobody';
  }

  async steerByMail(jobId: string, address: string, words: Words): Promise<Heard> {
    return this.#open().long?.steerByMail(jobId, address, words) ?? 'nobody';
  }

  async teamRecord(jobId: string, after: number): Promise<TeamRecordPage | null> {
    return this.#teams()?.store.page(jobId, after) ?? null;
  }

  async artifact(jobId: string, sha256: string): Promise<string | null> {
    return this.#teams()?.store.textByHash(jobId, sha256) ?? null;
  }

  async teamText(jobId: string, version: string): Promise<string | null> {
    return this.#teams()?.store.text(jobId, version) ?? null;
  }

  async teamBegin(jobId: string, number: number, attempt: number): Promise<TeamBrief | null> {
    return this.#teams()?.steps.brief(jobId, number, attempt) ?? null;
  }

  async teamBeat(jobId: string, number: number, attempt: number): Promise<StepLeave> {
    return this.#teams()?.steps.beat(jobId, number, attempt) ?? { goOn: false, notes: [] };
  }

  async teamPass(jobId: string, number: number, attempt: number): Promise<void> {
    this.#teams()?.steps.pass(jobId, number, attempt);
  }

  async teamReport(jobId: string, number: number, attempt: number, report: StepReport): Promise<void> {
    const steps = this.#teams()?.steps;
    if (steps !== undefined)
      this.#open().long?.move(jobId, () => steps.report(jobId, number, attempt, report));
  }

  /** The desk of this session's team runs; null for an agent that is no team. */
  #teams(): TeamDesk | null {
    this.#open();
    return this.#desk;
  }

  async hireChanged(jobId: string): Promise<void> {
    this.#open();
    await this.#external?.changed(jobId);
  }

  async loopEntries(run: string): Promise<readonly Entry[]> {
    return this.#stepStore().load(run);
  }

  async loopAppend(run: string, seq: number, entry: Entry): Promise<void> {
    const [jobId = ''] = run.split('/');
    const phase = this.#open().record(jobId)?.phase;
    // Its journal was let go of when it ended or was erased, and whoever still works on it must not begin it anew.
    if (phase !== 'running' && phase !== 'waiting') throw new Error(`the job of the run ${run} is over`);
    await this.#stepStore().append(run, seq, entry);
    await faultPoint(this.env, 'T4', jobId);
  }

  #stepStore(): SqlStepStore {
    this.#loops ??= sqlStepStore(durableSql(this.ctx.storage));
    return this.#loops;
  }

  override async alarm(): Promise<void> {
    try {
      await findAgent(this.env, this.#parties().agent);
      await this.#open().alarm();
    } catch (error) {
      // After six throws the platform would give the object up for good, so it is recorded and tried again.
      console.error('session alarm failed', this.ctx.id.name, error);
      const pause_ms = error instanceof AgentGone ? AGENT_GONE_RETRY_MS : ALARM_RETRY_MS;
      await this.ctx.storage.setAlarm(Date.now() + pause_ms);
    }
  }

  #parties(): { agent: string; client: string } {
    const { name } = this.ctx.id;
    const parties = name === undefined ? null : partiesOf(name);
    if (parties === null) throw new Error('a session object must be reached by its name');
    return parties;
  }

  #open(): Session {
    if (this.#session !== null) return this.#session;
    const parties = this.#parties();
    const sql = durableSql(this.ctx.storage);
    const agent = marketplaceOf(this.env).agentByPubkey(parties.agent);
    const drivesLoops = agent?.runtime === 'team' || agent?.loop !== undefined;
    this.#desk = teamDesk(this.env, this.ctx, sql, parties, (jobId, how) => {
      this.#open().long?.move(jobId, how);
    });
    this.#external = externalDesk(this.env, this.ctx, sql, parties, (jobId, how) => {
      this.#open().long?.move(jobId, how);
    });
    const ports = sessionPorts(
      this.env,
      this.ctx,
      parties,
      this.#desk ?? this.#external,
      // Sessions of other agents have no journals, and need no table for them.
      (jobId) => (this.#loops === null && !drivesLoops ? undefined : this.#stepStore().forget(jobId)),
      () => {
        this.#session = null;
        this.#loops = null;
      },
    );
    this.#session = new Session(sql, ports);
    return this.#session;
  }
}

const ALARM_RETRY_MS = 10_000;
/** An operator who takes an agent away may bring it back; its jobs then go on. */
const AGENT_GONE_RETRY_MS = 3_600_000;
