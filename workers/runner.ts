/**
 * The runner: does the steps that wait for others (models, fetched inputs), so that no session waits in memory for
 * them. A queue consumer; several run at once. It tells the client of every token itself and the session of the rest.
 */
import { DeltaStream } from '../src/agent/delta-stream.ts';
import { gatherInputs } from '../src/agent/inputs.ts';
import type { Runtime, RuntimeContext } from '../src/agent/runtime.ts';
import { runtimeFor } from '../src/agent/runtimes.ts';
import { DeltaSender } from '../src/job/delta-sender.ts';
import { failureOf, type Step } from '../src/job/step.ts';
import { JOB_DELTA_FAREWELL_MS, JOB_DELTA_WINDOW_MS, STEP_HEARTBEAT_MS } from '../src/limits.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { dialectNamed } from '../src/protocol/dialects.ts';
import type { JobOutput } from '../src/protocol/model.ts';
import { seal } from '../src/protocol/sealing.ts';
import { remoteSandbox } from '../src/sandbox/remote.ts';
import { type ArenaOrder, runArenaStep } from './arena-runner.ts';
import type { Env } from './env.ts';
import { faultPoint } from './faults.ts';
import { inputPorts } from './input-ports.ts';
import { jobLoop } from './job-loop.ts';
import { agentOfStep, marketplaceOf } from './marketplace.ts';
import type { McpOrder } from './mcp.ts';
import { runMcpOrder } from './mcp-nostr.ts';
import { chatModelOf } from './models.ts';
import { publishTo } from './relays.ts';
import { remoteDeps } from './remote-health.ts';
import type { AgentSessionRpc, StepNews } from './rpc.ts';
import { eventSearch } from './search.ts';
import { runTeamStep } from './team-runner.ts';

/** A step to do: small, because what the work needs is fetched from the session when it begins. */
export interface StepOrder {
  /** Name of the session object. */
  readonly session: string;
  readonly jobId: string;
  readonly attempt: number;
  /** Given for a piece of a team's work: which. */
  readonly number?: number;
}

/** Everything that goes through the queue. */
export type QueueOrder = StepOrder | ArenaOrder | McpOrder;

/** Does what a batch of orders asks, side by side; each is acknowledged by itself, so that one bad step hurts no other. */
export async function runSteps(batch: MessageBatch<QueueOrder>, env: Env): Promise<void> {
  await Promise.all(
    batch.messages.map(async (message) => {
      try {
        await runOrder(env, message.body);
        message.ack();
      } catch (error) {
        // Who ordered it could not be reached. The order comes again, and they know what was done of it.
        console.error('a step could not be run', JSON.stringify(message.body), error);
        message.retry();
      }
    }),
  );
}

async function runOrder(env: Env, order: QueueOrder): Promise<void> {
  if ('arena' in order) await runArenaStep(env, order);
  else if ('mcp' in order) await runMcpOrder(env, order);
  else await runStep(env, order);
}

async function runStep(env: Env, order: StepOrder): Promise<void> {
  const { number } = order;
  if (number !== undefined) return await runTeamStep(env, { ...order, number });
  const session = env.SESSION.getByName(order.session);
  const step = await session.stepBegin(order.jobId, order.attempt);
  if (step === null) return;
  await faultPoint(env, 'K6', order.jobId);
  const agent = await agentOfStep(env, order.session);
  const work = new StepWork(env, order, step, session, agent);
  try {
    const output = await work.run();
    await faultPoint(env, 'K7', order.jobId);
    await session.stepEnded(order.jobId, order.attempt, { type: 'output', output });
  } catch (error) {
    const failed = failureOf(error, (fault) => console.error('the agent failed', order.jobId, fault));
    await session.stepEnded(order.jobId, order.attempt, { type: 'failed', ...failed });
  } finally {
    work.stop();
  }
}

/** One step under way: the runtime's context, the stream of deltas, and the heartbeat to the session. */
class StepWork {
  readonly #env: Env;
  readonly #order: StepOrder;
  readonly #step: Step;
  readonly #session: AgentSessionRpc;
  readonly #agent: KeyedAgent;
  readonly #abort = new AbortController();
  readonly #stream = new DeltaStream(JOB_DELTA_WINDOW_MS);
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #text = '';
  #toldLength = 0;
  readonly #deltas: DeltaSender;

  constructor(env: Env, order: StepOrder, step: Step, session: AgentSessionRpc, agent: KeyedAgent) {
    this.#env = env;
    this.#order = order;
    this.#step = step;
    this.#session = session;
    this.#agent = agent;
    this.#deltas = new DeltaSender(
      step.targets,
      (target, events) => publishTo(env, target, events),
      (target, error) => console.warn('deltas were not sent', target, error),
    );
  }

  async run(): Promise<JobOutput> {
    this.#timers.push(
      setInterval(() => void this.#beat(), STEP_HEARTBEAT_MS),
      setInterval(() => this.#send(this.#stream.due(Date.now())), JOB_DELTA_WINDOW_MS),
    );
    const { assignment } = this.#step;
    const body = await gatherInputs(assignment.body, inputPorts(this.#env, this.#abort.signal));
    const runtime = await this.#runtime();
    const output = await runtime.run({ agent: this.#agent, ...assignment, body }, this.#context());
    this.#send(this.#stream.flush(Date.now()));
    const farewell = Promise.withResolvers<void>();
    const timer = setTimeout(farewell.resolve, JOB_DELTA_FAREWELL_MS);
    await this.#deltas.finish(farewell.promise);
    clearTimeout(timer);
    const proof = this.#stream.proof();
    return proof.deltas === 0 ? output : { ...output, stream: proof };
  }

  async #runtime(): Promise<Runtime> {
    if (this.#agent.loop !== undefined) return jobLoop(this.#env, this.#session);
    const sandbox = remoteSandbox(this.#env.SANDBOX);
    const remote =
      this.#agent.runtime === 'remote' ? await remoteDeps(this.#env, this.#agent, this.#order.attempt) : null;
    return runtimeFor(this.#agent.runtime, { model: chatModelOf(this.#env), sandbox, remote });
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#abort.abort();
  }

  #context(): RuntimeContext {
    return {
      now: Date.now,
      signal: this.#abort.signal,
      events: eventSearch(this.#env),
      progress: (done, total, note) => this.#tell({ type: 'progress', done, total, note }),
      delta: async (text) => {
        if (!this.#step.previews) return;
        this.#text += text;
        this.#send(this.#stream.push(text, Date.now()));
      },
    };
  }

  /** Shows the session that this step is alive, with the output so far where there is more than it knows. */
  async #beat(): Promise<void> {
    const news: StepNews | null =
      this.#text.length > this.#toldLength ? { type: 'partial', content: this.#text, note: 'working' } : null;
    this.#toldLength = this.#text.length;
    await this.#tell(news);
  }

  async #tell(news: StepNews | null): Promise<void> {
    try {
      const goOn = await this.#session.stepNews(this.#order.jobId, this.#order.attempt, news);
      if (!goOn) this.#abort.abort();
    } catch (error) {
      // A session that cannot be reached for a moment is no reason to stop; its lease decides.
      console.error('a step could not report', this.#order.jobId, error);
    }
  }

  /** Has a delta sent. */
  #send(text: string | null): void {
    if (text === null) return;
    const { config, keysOf } = marketplaceOf(this.#env);
    const { request } = this.#step;
    const report = {
      type: 'delta',
      seq: this.#stream.nextSeq - 1,
      text,
      attempt: this.#order.attempt,
    } as const;
    const events = dialectNamed(request.envelope.dialect, config.kinds)
      .render(report, request, Math.floor(Date.now() / 1000))
      .map((template) => seal(template, request, keysOf(this.#agent)));
    this.#deltas.send(events);
  }
}
