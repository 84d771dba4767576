/**
 * The runner's part for teams: does one piece of a team's work, tells the session that it is alive, and hands in what
 * came of it. What takes longer than a runner may live is let go of and ordered again: its journal lies with the session.
 */
import { loopClock } from '../src/agent/loop/clock.ts';
import type { Note } from '../src/agent/loop/ports.ts';
import type { TeamBrief } from '../src/agent/team/desk/brief.ts';
import { NOTHING_SPENT } from '../src/agent/team/desk/state.ts';
import type { StepReport } from '../src/agent/team/desk/steps.ts';
import type { Driven } from '../src/agent/team/work/ports.ts';
import { doWork } from '../src/agent/team/work/work.ts';
import { loadTokenizer } from '../src/agent/window/tokenizer.ts';
import { JobError } from '../src/errors.ts';
import { TEAM_BEAT_MS, TEAM_SLICE_MS } from '../src/limits.ts';
import type { Msats } from '../src/payment/msats.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { sandboxExecutor } from '../src/sandbox/executor.ts';
import { remoteSandbox } from '../src/sandbox/remote.ts';
import type { Env } from './env.ts';
import { faultPoint } from './faults.ts';
import { hiring } from './hiring.ts';
import { sessionStore } from './job-loop.ts';
import { agentOfStep } from './marketplace.ts';
import { toolModelOf } from './models.ts';
import type { AgentSessionRpc } from './rpc.ts';
import { toolHouse } from './tool-house.ts';

/** A piece of a team's work to do. */
export interface TeamOrder {
  /** Name of the session object. */
  readonly session: string;
  readonly jobId: string;
  readonly number: number;
  readonly attempt: number;
}

/** Why a drive was cut off. */
type Cut = 'over' | 'slice' | 'time';

/** @throws Error when the session could not be reached: then the order comes again */
export async function runTeamStep(env: Env, order: TeamOrder): Promise<void> {
  const { jobId, number, attempt } = order;
  const session = env.SESSION.getByName(order.session);
  const brief = await session.teamBegin(jobId, number, attempt);
  if (brief === null) return;
  await faultPoint(env, 'T1', jobId);
  const step = new TeamStep(env, order, session, await agentOfStep(env, order.session));
  try {
    const driven = await step.work(brief);
    await faultPoint(env, 'T3', jobId);
    if (driven === null) return;
    if (driven.cut && step.cut === 'slice') {
      await session.teamPass(jobId, number, attempt);
      await env.STEPS.send({ ...order });
      return;
    }
    const { cut: _, ...report } = driven;
    // Another attempt begins afresh: what took too long once may be caught in a circle.
    const late = driven.cut && step.cut === 'time' ? { result: TOO_LATE, over: true } : {};
    await session.teamReport(jobId, number, attempt, { ...report, ...late });
  } finally {
    step.stop();
  }
}

class TeamStep {
  readonly #env: Env;
  readonly #order: TeamOrder;
  readonly #session: AgentSessionRpc;
  readonly #agent: KeyedAgent;
  readonly #abort = new AbortController();
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #cut: Cut | null = null;

  constructor(env: Env, order: TeamOrder, session: AgentSessionRpc, agent: KeyedAgent) {
    this.#env = env;
    this.#order = order;
    this.#session = session;
    this.#agent = agent;
  }

  /** Why it was cut off; null when it was not. */
  get cut(): Cut | null {
    return this.#cut;
  }

  /** What came of it; null when another drive is at it. */
  async work(brief: TeamBrief): Promise<Driven | null> {
    this.#timers.push(
      setInterval(() => void this.#beat(), TEAM_BEAT_MS),
      setTimeout(() => this.#end('slice'), TEAM_SLICE_MS),
      setTimeout(() => this.#end('time'), timeLeft(brief, Date.now())),
    );
    const { jobId, number } = this.#order;
    try {
      const model = toolModelOf(this.#env);
      const [modelName] = this.#agent.models;
      if (model === null || modelName === undefined)
        throw new JobError('SERVICE_UNAVAILABLE', 'no model is configured at present');
      const ports = {
        model,
        modelName,
        store: sessionStore(this.#session),
        clock: loopClock,
        count: await loadTokenizer(),
        random: Math.random,
        log: (error: unknown) => console.error('a tool or a model is at fault', jobId, number, error),
        prices: this.#agent.prices,
        maxContextTokens: this.#agent.maxContextTokens,
        house: (parts: Parameters<typeof toolHouse>[2]) => toolHouse(this.#env, this.#abort.signal, parts),
        hiring: (journal: string, limit: Msats, latest_ms: number) => {
          // Cut off for the next slice, its hires go on; for any other reason it does not come back to them.
          const isOver = () => this.#cut === 'over' || this.#cut === 'time';
          return hiring(this.#env, journal, { limit, latest_ms, isOver }, this.#abort.signal);
        },
        text: (version: string) => this.#session.teamText(jobId, version),
        executor: sandboxExecutor(remoteSandbox(this.#env.SANDBOX)),
        notes: () => this.#notes(),
      };
      return await doWork(brief, ports, this.#abort.signal);
    } catch (error) {
      return this.#failed(error);
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#abort.abort();
  }

  #failed(error: unknown): Driven | null {
    const { jobId, number } = this.#order;
    if (isOthers(error)) {
      // Whoever wrote the entry goes on, or nobody needs to; this drive has nothing to say.
      console.warn('a step is not this drive’s to do any more', jobId, number);
      return null;
    }
    const known = error instanceof JobError;
    if (!known) console.error('a step of a team failed', jobId, number, error);
    const failure = known ? error.failure : ({ code: 'AGENT_ERROR', message: 'The step failed' } as const);
    return {
      result: { type: 'failed', failure, retry: true, retryAfter_ms: null, usage: { tokens: 0, msats: 0 } },
      used: NOTHING_SPENT,
      over: false,
      notes: [],
      // What failed because it was cut off is no failed attempt.
      cut: this.#cut !== null,
    };
  }

  async #beat(): Promise<void> {
    try {
      await this.#notes();
    } catch (error) {
      // A session that cannot be reached for a moment is no reason to stop; its lease decides.
      console.error('a step of a team could not report', this.#order.jobId, error);
    }
  }

  async #notes(): Promise<readonly Note[]> {
    const { jobId, number, attempt } = this.#order;
    const { goOn, notes } = await this.#session.teamBeat(jobId, number, attempt);
    if (!goOn) this.#end('over');
    return notes;
  }

  #end(cut: Cut): void {
    this.#cut ??= cut;
    this.#abort.abort(new Error(cut));
  }
}

const TOO_LATE: StepReport['result'] = {
  type: 'failed',
  failure: { code: 'TIMEOUT', message: 'the step was over its time' },
  retry: true,
  retryAfter_ms: null,
  usage: { tokens: 0, msats: 0 },
};

/** What its role may still take, ms. */
function timeLeft({ team, role, since_ms }: TeamBrief, now_ms: number): number {
  const limit_ms = team.roles[role]?.limits.time_ms ?? TEAM_SLICE_MS;
  return Math.max(0, Math.min(since_ms + limit_ms - now_ms, 2 * TEAM_SLICE_MS));
}

/** The journal's refusal, as it comes over RPC: only the message is left of an error. */
function isOthers(error: unknown): boolean {
  return (
    error instanceof Error &&
    /another drive works on the run|the job of the run .* is over/.test(error.message)
  );
}
