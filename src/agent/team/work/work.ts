/**
 * One piece of a team's work, done by whoever was ordered to (the runner): a step by its role's agent loop, or a
 * judgement, or a check. The journal lies with the session, so another drive goes on where this one was cut off.
 */
import { LOOP_MIN_ANSWER_TOKENS, TEAM_MAX_OUTPUT_BYTES } from '../../../limits.ts';
import { toNumber } from '../../../payment/msats.ts';
import { clip } from '../../../protocol/size.ts';
import { accountOf } from '../../loop/account.ts';
import { defineLoop, type LoopOptions } from '../../loop/definition.ts';
import { answerText } from '../../loop/final-answer.ts';
import { keptStore } from '../../loop/kept-store.ts';
import { managedAgent } from '../../loop/managed.ts';
import type { Outcome, Pause } from '../../loop/outcome.ts';
import type { LoopPorts } from '../../loop/ports.ts';
import { runLoop } from '../../loop/run.ts';
import type { Tool } from '../../loop/tool.ts';
import type { Role } from '../config.ts';
import { tokenCost } from '../definition.ts';
import type { TeamBrief } from '../desk/brief.ts';
import type { Spent } from '../desk/state.ts';
import { buildJudgePrompt, buildStepPrompt, readVerdict } from '../prompt.ts';
import type { Result } from '../types.ts';
import { type Asked, answeringLine } from './answers.ts';
import { type StepBudget, sharesOf, stepBudget } from './budget.ts';
import { checkVersion } from './check.ts';
import type { Driven, WorkPorts } from './ports.ts';
import { type Toolbox, toolboxOf } from './toolbox.ts';

/** Of its own prompt a question keeps so much free for what comes in the course of a step. */
const PROMPT_SHARE = 0.6;
const ANSWER_SHARE = 0.4;
/** Of its time a step keeps so much free for its own work with what its hires bring. */
const HIRE_TIME_SHARE = 0.8;
/** What a role is told of its helpers, characters each. */
const MAX_DESCRIPTION_CHARS = 300;

/**
 * @param signal aborts when the run has ended, or the time of whoever drives is up
 * @throws what the journal throws: then another drive is at it, and this one has nothing to say
 */
export async function doWork(brief: TeamBrief, given: WorkPorts, signal: AbortSignal): Promise<Driven> {
  // Each reading of a journal is a call to the session with all of it.
  const ports = { ...given, store: keptStore(given.store) };
  if (brief.work.type === 'check') return await checkVersion(brief, brief.work.version, ports, signal);
  const role = brief.team.roles[brief.role];
  if (role === undefined) throw new Error(`the team has no role ${brief.role}`);
  let asked: Asked | null = null;
  const line = answeringLine(brief.parts.answers, (question) => {
    asked = question;
  });
  const entries = await ports.store.load(brief.journal);
  const { hires, tokens } = sharesOf(brief.limit, role.limits);
  const budget = stepBudget(tokens, accountOf(entries).total, ports.prices);
  const hire = hires > 0n ? ports.hiring(brief.journal, hires, latestOf(brief, role)) : null;
  const toolbox = await toolboxOf(brief, role, ports, { user: line, hire }, signal);
  try {
    const outcome = await drive(brief, role, toolbox, budget, ports, signal);
    const noted = await notesOf(brief, ports);
    const hired = hire === null ? 0 : toNumber(await hire.spent());
    return reportOf(brief, outcome, asked, noted, hired, ports);
  } finally {
    await toolbox.close();
  }
}

/** A hire that says nothing must not take the step's time to hand something in. Unix ms */
function latestOf({ since_ms }: TeamBrief, { limits }: Role): number {
  return since_ms + Math.floor(limits.time_ms * HIRE_TIME_SHARE);
}

async function drive(
  brief: TeamBrief,
  role: Role,
  toolbox: Toolbox,
  budget: StepBudget,
  ports: WorkPorts,
  signal: AbortSignal,
): Promise<Outcome> {
  const { notes, ...others } = ports;
  const loopPorts: LoopPorts = { ...others, budget };
  const helpers = brief.work.type === 'judge' ? [] : helpersOf(brief, role, toolbox, loopPorts, ports);
  const { instructions, text } = promptOf(brief, role, ports);
  const options: LoopOptions = {
    ...optionsOf(role, ports),
    instructions,
    tools: [...toolbox.of(role), ...helpers],
  };
  const task = { from: 'the client', text, history: [] };
  const own = brief.work.type === 'judge' ? {} : { notes };
  const last = options.maxAnswerTokens + ports.count(text);
  // What is kept back pays for an answer when the rest is used up: work that was paid for is handed in.
  budget.keep(last);
  const run = (maxSteps: number) =>
    runLoop(defineLoop({ ...options, maxSteps }), brief.journal, task, { ...loopPorts, ...own }, signal);
  const outcome = await run(role.limits.steps);
  const isPoor = outcome.state === 'paused' && outcome.pause.reason === 'budget';
  if (!isPoor || outcome.account.steps === 0) return outcome;
  budget.keep(0);
  return await run(outcome.account.steps);
}

/** The system text, and what is said to the role as the client's. */
function promptOf(
  { work, parts, texts, team }: TeamBrief,
  role: Role,
  ports: WorkPorts,
): { readonly instructions: string; readonly text: string } {
  const build = work.type === 'judge' ? buildJudgePrompt : buildStepPrompt;
  const most = Math.floor((ports.maxContextTokens - answerTokens(role, ports)) * PROMPT_SHARE);
  const [system, user] = build(
    parts,
    { role, text: (id) => texts[id] ?? null },
    Math.min(team.promptTokens, most),
    { count: ports.count },
  );
  return { instructions: system?.content ?? '', text: user?.content ?? '' };
}

function optionsOf(role: Role, ports: WorkPorts): Omit<LoopOptions, 'instructions' | 'tools'> {
  return {
    model: ports.modelName,
    maxContextTokens: ports.maxContextTokens,
    maxAnswerTokens: answerTokens(role, ports),
    maxSteps: role.limits.steps,
    // It is kept whole beside the events, which need not hold it.
    maxAnswerBytes: TEAM_MAX_OUTPUT_BYTES,
  };
}

function answerTokens(role: Role, ports: WorkPorts): number {
  return Math.max(
    LOOP_MIN_ANSWER_TOKENS,
    Math.min(role.limits.outputTokens, Math.floor(ports.maxContextTokens * ANSWER_SHARE)),
  );
}

/** Roles it may call, as tools. Their own helpers are not theirs to call: two levels are enough, and end. */
function helpersOf(
  brief: TeamBrief,
  role: Role,
  toolbox: Toolbox,
  loopPorts: LoopPorts,
  ports: WorkPorts,
): readonly Tool[] {
  return role.helpers.flatMap((name) => {
    const helper = brief.team.roles[name];
    if (helper === undefined) return [];
    const managed = {
      name: toolName(name),
      description: `The ${name} of the team: ${clip(helper.prompt, MAX_DESCRIPTION_CHARS)}`,
      options: { ...optionsOf(helper, ports), instructions: helper.prompt, tools: toolbox.of(helper) },
    };
    return [managedAgent(managed, loopPorts)];
  });
}

/** Roles are named as people write them, tools in lower case: `factChecker` is called as `fact_checker`. */
function toolName(role: string): string {
  return role
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** The notes that the model was asked with: one that came after its last answer changed nothing. */
async function notesOf(brief: TeamBrief, { store }: WorkPorts): Promise<readonly string[]> {
  const entries = await store.load(brief.journal);
  const last = entries.findLastIndex(({ type }) => type === 'model' || type === 'plan');
  return entries.slice(0, last).flatMap((entry) => (entry.type === 'note' ? [entry.id] : []));
}

function reportOf(
  brief: TeamBrief,
  outcome: Outcome,
  asked: Asked | null,
  notes: readonly string[],
  hired_msats: number,
  ports: WorkPorts,
): Driven {
  const { prompt_tokens, completion_tokens } = outcome.account.total;
  const used: Spent = {
    prompt_tokens,
    completion_tokens,
    msats: tokenCost(ports.prices, { prompt_tokens, completion_tokens }) + hired_msats,
    hired_msats,
  };
  const usage = { tokens: prompt_tokens + completion_tokens, msats: used.msats };
  if (outcome.state === 'done') {
    const text = answerText(outcome.answer);
    return { result: doneWith(brief, text, usage), used, over: true, notes, cut: false };
  }
  const result: Result =
    asked !== null && outcome.pause.reason === 'waiting'
      ? { type: 'asked', ...asked, usage }
      : { ...failureOf(outcome.pause, ports.clock.now()), usage };
  return { result, used, over: false, notes, cut: outcome.pause.reason === 'cancelled' };
}

function doneWith({ work }: TeamBrief, text: string, usage: Result['usage']): Result {
  if (work.type !== 'judge') return { type: 'done', text, summary: null, usage };
  const verdict = readVerdict(text);
  if (verdict !== null) return { type: 'judged', ...verdict, usage };
  const failure = { code: 'MODEL_ERROR', message: 'the judge gave no verdict' } as const;
  return { type: 'failed', failure, retry: true, retryAfter_ms: null, usage };
}

function failureOf(pause: Pause, now_ms: number): Omit<Extract<Result, { type: 'failed' }>, 'usage'> {
  switch (pause.reason) {
    case 'model': {
      const { failure, passing, retryAt_ms } = pause;
      const retryAfter_ms = retryAt_ms === null ? null : Math.max(0, retryAt_ms - now_ms);
      return { type: 'failed', failure, retry: passing, retryAfter_ms };
    }
    case 'budget': {
      const message = 'the step used up what it may use';
      return {
        type: 'failed',
        failure: { code: 'INSUFFICIENT_FUNDS', message },
        retry: false,
        retryAfter_ms: null,
      };
    }
    case 'cancelled':
    case 'waiting': {
      const failure = { code: 'AGENT_ERROR', message: 'the step was cut off' } as const;
      return { type: 'failed', failure, retry: true, retryAfter_ms: null };
    }
  }
}
