/** The agent loop as the runtime of one job: its journal lies with the job's session, so another attempt goes on in it. */
import { accountOf } from '../src/agent/loop/account.ts';
import { loopClock } from '../src/agent/loop/clock.ts';
import { defineLoop } from '../src/agent/loop/definition.ts';
import { loopRuntime } from '../src/agent/loop/runtime.ts';
import type { StepStore } from '../src/agent/loop/step-store.ts';
import { tokenBudget } from '../src/agent/loop/token-budget.ts';
import type { Runtime } from '../src/agent/runtime.ts';
import { availableTools, grantTools } from '../src/agent/tools/registry.ts';
import { loadTokenizer } from '../src/agent/window/tokenizer.ts';
import { JobError } from '../src/errors.ts';
import type { Env } from './env.ts';
import { toolModelOf } from './models.ts';
import type { AgentSessionRpc } from './rpc.ts';
import { toolHouse } from './tool-house.ts';

/** A question is set aside for with a margin (loop/ask.ts), so the last one is as well. */
const LAST_QUESTION_MARGIN = 1.25;

/** What a session keeps of loops. */
type LoopJournals = Pick<AgentSessionRpc, 'loopEntries' | 'loopAppend'>;

/** The journals of runs, which the session keeps for whoever drives them. */
export function sessionStore(session: LoopJournals): StepStore {
  return {
    load: (run) => session.loopEntries(run),
    append: (run, seq, entry) => session.loopAppend(run, seq, entry),
  };
}

/** For agents whose definition has a `loop`. @param session the job's */
export function jobLoop(env: Env, session: LoopJournals): Runtime {
  return loopRuntime(async ({ agent, envelope }, { signal }) => {
    const model = toolModelOf(env);
    const [name] = agent.models;
    if (agent.loop === undefined || name === undefined)
      throw new Error(`${agent.slug} is no agent of the loop`);
    if (model === null) throw new JobError('SERVICE_UNAVAILABLE', 'no model is configured at present');
    const { loop } = agent;
    const store = sessionStore(session);
    const [entries, count] = await Promise.all([store.load(envelope.id), loadTokenizer()]);
    const house = toolHouse(env, signal);
    // What an attempt before this one used stands in the journal.
    const budget = tokenBudget(loop.maxTokens, accountOf(entries).total.total_tokens);
    budget.keep(Math.min(agent.maxContextTokens * LAST_QUESTION_MARGIN, loop.maxTokens / 2));
    const { tools, close } = await grantTools(availableTools(loop.tools, house), house, signal);
    return {
      definition: defineLoop({
        model: name,
        instructions: loop.instructions,
        tools,
        maxContextTokens: agent.maxContextTokens,
        maxAnswerTokens: loop.maxAnswerTokens,
        maxSteps: loop.maxSteps,
        ...(loop.planEvery === null ? {} : { planEvery: loop.planEvery }),
      }),
      ports: {
        model,
        store,
        clock: loopClock,
        budget,
        count,
        random: Math.random,
        log: (error) => console.error('a tool or a model is at fault', envelope.id, error),
      },
      lastWords: () => budget.keep(0),
      close,
    };
  });
}
