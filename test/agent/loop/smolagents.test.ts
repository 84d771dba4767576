/**
 * Goal: the loop does what the loop of smolagents does: the same steps, calls, observations, errors and messages.
 * Method: runs recorded from smolagents (test/vectors/smolagents_traces.json) are replayed with a scripted model and
 * scripted tools. What differs on purpose stands in DIFFERENCES and NOT_REPLAYED, each with its reason, and nowhere else.
 * Does not prove: that the prompts are any good; their words are our own and are not compared.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { withoutBlock } from '../../../src/agent/data-block.ts';
import { defineLoop, type LoopOptions } from '../../../src/agent/loop/definition.ts';
import type { Entry } from '../../../src/agent/loop/entry.ts';
import { managedAgent } from '../../../src/agent/loop/managed.ts';
import { memoryOf, type Step } from '../../../src/agent/loop/memory.ts';
import type { LoopRequest } from '../../../src/agent/loop/model.ts';
import type { Outcome } from '../../../src/agent/loop/outcome.ts';
import { runLoop } from '../../../src/agent/loop/run.ts';
import type { Tool } from '../../../src/agent/loop/tool.ts';
import { runCode } from '../../../src/agent/tools/run-code.ts';
import { JobError } from '../../../src/errors.ts';
import { LOOP_MODEL_ATTEMPTS } from '../../../src/limits.ts';
import {
  add,
  call,
  final,
  Journals,
  type Line,
  LOOP_LIMITS,
  LOOP_TASK,
  loopPorts,
  scriptedModel,
} from '../../support/loop.ts';
import { scriptedSandbox } from '../../support/node-sandbox.ts';

// ── What was recorded ──

const stepShape = z.object({
  type: z.string(),
  error: z.string().nullish(),
  final: z.boolean().optional(),
  calls: z.array(z.tuple([z.string(), z.string(), z.json()])).nullish(),
  observations: z.string().nullish(),
  action_output: z.json().optional(),
  tokens: z.tuple([z.number(), z.number()]).nullish(),
});
const traceShape = z.object({
  scenario: z.string(),
  raised: z.string().nullable(),
  memory: z.array(stepShape),
  model_calls: z.array(
    z.object({ messages: z.array(z.tuple([z.string(), z.string()])), tools: z.array(z.string()).nullable() }),
  ),
});
type Trace = z.infer<typeof traceShape>;
const vectors = new URL('../../vectors/smolagents_traces.json', import.meta.url);
const { traces } = z.object({ traces: z.array(traceShape) }).parse(JSON.parse(readFileSync(vectors, 'utf8')));

// ── One form for both ──

interface StepView {
  type: string;
  error: string | null;
  calls: unknown;
  observations: string | null;
  final: boolean;
  tokens: unknown;
}
interface RunView {
  end: string;
  answer: unknown;
  steps: StepView[];
  /** Roles of the messages of each question; neighbours of one role count once. */
  roles: string[][];
  tools: (string[] | null)[];
}

/** Their errors in the words of ours. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  AgentParsingError: ['NO_TOOL_CALL'],
  AgentToolCallError: ['BAD_ARGUMENTS'],
  AgentToolExecutionError: ['UNKNOWN_TOOL', 'TOOL_FAILED'],
  AgentExecutionError: ['FINAL_ANSWER_NOT_ALONE'],
  AgentError: ['ANSWER_REFUSED'],
  AgentMaxStepsError: ['STEP_LIMIT'],
};
const theirErrorOf = (code: string): string =>
  Object.entries(ERRORS).find(([, codes]) => codes.includes(code))?.[0] ?? code;

const ROLES: Readonly<Record<string, string>> = { 'tool-call': 'assistant', 'tool-response': 'tool' };
const once = (roles: readonly string[]): string[] => roles.filter((role, at) => role !== roles[at - 1]);

function theirs(trace: Trace): RunView {
  const steps = trace.memory.filter(({ type }) => type !== 'TaskStep');
  const last = steps.at(-1);
  return {
    end: trace.raised ?? (last?.error === 'AgentMaxStepsError' ? 'step_limit' : 'final_answer'),
    answer: trace.raised === null ? (last?.action_output ?? last?.observations) : null,
    steps: steps.map((step) => ({
      type: step.type,
      error: step.error ?? null,
      calls: step.calls ?? [],
      observations: step.observations ?? null,
      final: step.final ?? false,
      tokens: step.tokens ?? null,
    })),
    roles: trace.model_calls.map(({ messages }) => once(messages.map(([role]) => ROLES[role] ?? role))),
    tools: trace.model_calls.map(({ tools }) => tools?.toSorted() ?? null),
  };
}

function ours(outcome: Outcome, entries: readonly Entry[], asked: readonly LoopRequest[]): RunView {
  return {
    end: outcome.state === 'done' ? outcome.how : outcome.pause.reason,
    answer: outcome.state === 'done' ? outcome.answer : null,
    steps: memoryOf(entries).events.flatMap((event) =>
      event.type === 'step' ? [viewOf(event)] : planView(event.type),
    ),
    roles: asked.map(({ messages }) => once(messages.map(({ role }) => role))),
    tools: asked.map(({ tools }) => (tools.length === 0 ? null : tools.map(({ name }) => name).toSorted())),
  };
}

function planView(type: string): StepView[] {
  expect(type).toBe('plan');
  return [{ type: 'PlanningStep', error: null, calls: [], observations: null, final: false, tokens: null }];
}

function viewOf({ entry, results }: Step): StepView {
  const refusal = results.find((result) => result?.ok === false);
  const code = entry.last ? 'STEP_LIMIT' : entry.calls.length === 0 ? 'NO_TOOL_CALL' : null;
  const error = refusal?.ok === false ? refusal.code : code;
  const seen = results.flatMap((result) => (result?.ok ? [result.text] : []));
  return {
    type: 'ActionStep',
    error: error === null ? null : theirErrorOf(error),
    calls: entry.calls.map(({ id, name, arguments: text }) => [id, name, parsed(text)]),
    observations: seen.length === 0 ? null : seen.join('\n'),
    final: error === null && entry.calls.some(({ name }) => name === 'final_answer'),
    tokens: [entry.usage.prompt_tokens, entry.usage.completion_tokens],
  };
}

function parsed(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return typeof value === 'string' ? JSON.parse(value) : value;
}

// ── What we do otherwise, and why ──

interface Difference {
  readonly scenarios: readonly string[];
  readonly why: string;
  readonly change: (view: RunView) => void;
}
const setCalls = (view: RunView, step: number, calls: unknown): void => {
  const target = view.steps[step];
  if (target !== undefined) target.calls = calls;
};

const UNKNOWN = 'unknown tool: recorded as error, loop goes on';
const WRONG = 'wrong argument type';
const MISSING = 'missing argument';
const EXTRA = 'extra argument';
const RAISES = 'tool raises';
const TOGETHER = 'final_answer together with another call is refused';
const NO_CALL = 'no tool call and no JSON: parsing error, loop goes on';
const PLANNING = 'planning every 2 steps';
const FAILS = 'model call fails: the run raises';
const INTERRUPT = 'interrupt during step 1 takes effect before step 2';
const CODE_STAYS = 'code agent: variables persist over steps, print is the observation';
const CODE_FAILS = 'code agent: exception, logs kept';
const CODE_IMPORT = 'code agent: forbidden import';
const CODE_NONE = 'code agent: no code block';
const CODE = [CODE_STAYS, CODE_FAILS, CODE_IMPORT, CODE_NONE];

const FAILED_CALLS: Readonly<Record<string, unknown>> = {
  [UNKNOWN]: [['c1', 'nope', {}]],
  [WRONG]: [['c1', 'add', { a: 'two', b: 3 }]],
  [MISSING]: [['c1', 'add', { a: 2 }]],
  [EXTRA]: [['c1', 'add', { a: 2, b: 3, c: 4 }]],
  [RAISES]: [['c1', 'boom', {}]],
  [TOGETHER]: [
    ['c1', 'add', { a: 1, b: 1 }],
    ['f', 'final_answer', { answer: 'early' }],
  ],
};

const DIFFERENCES: readonly Difference[] = [
  {
    scenarios: ['two calls in one step: run in parallel, recorded sorted by id'],
    why: 'ids are made up by the model; results stand in the order it asked in, which it remembers',
    change: (view) => {
      setCalls(view, 0, [
        ['z', 'add', { a: 2, b: 3 }],
        ['a', 'add', { a: 1, b: 1 }],
      ]);
      const [step] = view.steps;
      if (step !== undefined) step.observations = '5\n2';
    },
  },
  {
    scenarios: Object.keys(FAILED_CALLS),
    why: 'a failed call stays in memory with its error as its result: a model that cannot see what it did does it again',
    change: (view) => {
      view.roles[1] = ['system', 'user', 'assistant', 'tool'];
    },
  },
  {
    scenarios: [TOGETHER],
    why: 'the other calls are run and their results kept; only the answer is asked for again',
    change: (view) => {
      const [step] = view.steps;
      if (step !== undefined) step.observations = '2';
    },
  },
  {
    scenarios: ['no tool call object: JSON in the text is parsed'],
    why: 'the id of a call is made from its place, so that a replay gives the same; theirs is random',
    change: (view) => setCalls(view, 0, [['call_1_0', 'add', { a: 2, b: 3 }]]),
  },
  {
    scenarios: [NO_CALL, CODE_NONE],
    why: 'without a call there is nothing a tool could answer: the advice is a user message',
    change: (view) => {
      view.roles[1] = ['system', 'user', 'assistant', 'user'];
    },
  },
  {
    scenarios: ['final answer check refuses once, then accepts'],
    why: 'a refused answer is no observation: the result of its call is the refusal',
    change: (view) => {
      const [step] = view.steps;
      if (step !== undefined) step.observations = null;
    },
  },
  {
    scenarios: [PLANNING],
    why: 'the first plan is asked for with the rules and the job in their places, like every other question',
    change: (view) => {
      view.roles[0] = ['system', 'user'];
    },
  },
  {
    scenarios: [FAILS],
    why: 'a failing model is asked again by policy, then the run pauses and nothing is lost',
    change: (view) => {
      view.end = 'model';
      view.steps = [];
      view.roles = Array.from({ length: LOOP_MODEL_ATTEMPTS }, () => ['system', 'user']);
      view.tools = Array.from({ length: LOOP_MODEL_ATTEMPTS }, () => ['add', 'boom', 'final_answer']);
    },
  },
  {
    scenarios: [INTERRUPT],
    why: 'an interrupt cuts the running call, which stays open and is made again when the run goes on',
    change: (view) => {
      view.end = 'cancelled';
      const [step] = view.steps;
      if (step !== undefined) step.observations = null;
    },
  },
  {
    scenarios: CODE,
    why: 'code is a native call of the tool run_code, without tags; the run is ended by final_answer, never by a program',
    change: (view) => {
      view.tools = view.tools.map(() => ['final_answer', 'run_code']);
      for (const step of view.steps) {
        const [recorded] = z.array(z.tuple([z.string(), z.string(), z.string()])).parse(step.calls);
        if (recorded === undefined) continue;
        const [id, , code] = recorded;
        step.calls = step.final
          ? [[id, 'final_answer', { answer: view.answer }]]
          : [[id, 'run_code', { language: 'python', code }]];
        if (step.final) step.observations = String(view.answer);
        else step.observations = step.observations?.replace('<logs>\n', '') ?? null;
      }
    },
  },
  {
    scenarios: [CODE_STAYS],
    why: 'the value of the last expression is told; the next program would begin afresh',
    change: (view) => {
      const [step] = view.steps;
      if (step !== undefined) step.observations = '5\nvalue: None';
    },
  },
  {
    scenarios: [CODE_FAILS, CODE_IMPORT],
    why: 'a program that fails has been run: what it printed and its error are one observation, not an error of the step',
    change: (view) => {
      const [step] = view.steps;
      if (step === undefined) return;
      const error =
        step.observations === null ? 'ImportError' : 'ZeroDivisionError: division by zero, line 2';
      step.observations = `${step.observations ?? ''}failed: ${error}`;
      step.error = null;
    },
  },
];

const NOT_REPLAYED: Readonly<Record<string, string>> = {
  'code agent: two code blocks are joined':
    'a program is one argument of a call, so there are no blocks to join',
  'code agent: several tools in one block':
    'programs call no tools: what a run may do is checked call by call',
};

// ── The scripts ──

const boom: Tool = {
  name: 'boom',
  description: 'Fails.',
  input: { type: 'object', properties: {} },
  parallel: true,
  run: async () => {
    throw new JobError('AGENT_ERROR', 'boom');
  },
};
const one = call('c1', 'add', { a: 1, b: 1 });
const two = call('c1', 'add', { a: 2, b: 3 });
const failedThen = (name: string, args: Parameters<typeof call>[2]): Line[] => [
  { calls: [call('c1', name, args)] },
  final('ok'),
];
const code = (id: string, text: string): Line => ({
  text: 'a thought',
  calls: [call(id, 'run_code', { language: 'python', code: text })],
});

const SCRIPTS: Readonly<Record<string, readonly Line[]>> = {
  'one tool call, then final_answer': [{ calls: [two] }, final('5')],
  'two calls in one step: run in parallel, recorded sorted by id': [
    { calls: [call('z', 'add', { a: 2, b: 3 }), call('a', 'add', { a: 1, b: 1 })] },
    final('ok'),
  ],
  [UNKNOWN]: failedThen('nope', {}),
  [WRONG]: failedThen('add', { a: 'two', b: 3 }),
  [MISSING]: failedThen('add', { a: 2 }),
  [EXTRA]: failedThen('add', { a: 2, b: 3, c: 4 }),
  [RAISES]: failedThen('boom', {}),
  [TOGETHER]: [{ calls: [one, call('f', 'final_answer', { answer: 'early' })] }, final('ok')],
  'arguments given as a JSON string are parsed': [
    { calls: [call('c1', 'add', { raw: JSON.stringify('{"a":2,"b":3}') })] },
    final('5'),
  ],
  'no tool call object: JSON in the text is parsed': [
    { text: 'I will add: {"name": "add", "arguments": {"a": 2, "b": 3}}' },
    final('5'),
  ],
  [NO_CALL]: [{ text: 'It is five.' }, final('5')],
  'step limit reached: one extra model call writes the answer': [
    { calls: [one] },
    { calls: [call('c2', 'add', { a: 1, b: 1 })] },
    { text: 'best effort' },
  ],
  [PLANNING]: [
    { text: 'plan one' },
    { calls: [one] },
    { calls: [call('c2', 'add', { a: 1, b: 1 })] },
    { text: 'plan two' },
    final('ok'),
  ],
  'final answer check refuses once, then accepts': [final('first'), final('second')],
  [FAILS]: Array.from({ length: LOOP_MODEL_ATTEMPTS }, () => new JobError('MODEL_ERROR', 'no')),
  [INTERRUPT]: [{ calls: [one] }],
  'managed agent called as a tool (same scripted model answers both)': [
    { calls: [call('c1', 'helper', { task: 'sub task' })] },
    final('sub result'),
    final('done'),
  ],
  [CODE_STAYS]: [code('call_1', 'v = add(a=2, b=3)\nprint(v)'), final(6, 'call_2')],
  [CODE_FAILS]: [code('call_1', 'print("before")\n1/0'), final('ok', 'call_2')],
  [CODE_IMPORT]: [code('call_1', 'import os'), final('ok', 'call_2')],
  [CODE_NONE]: [{ text: 'no code here' }, final('ok', 'call_2')],
};

/** What programs printed, and how they ended (script-program.ts). */
const PROGRAMS: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'v = add(a=2, b=3)\nprint(v)': ['5\n', ['value', 'None', '']],
  'print("before")\n1/0': ['before\n', ['failed', 'ZeroDivisionError: division by zero, line 2', '']],
  'import os': ['', ['failed', 'ImportError', '']],
};

async function replay(scenario: string): Promise<RunView> {
  const model = scriptedModel(SCRIPTS[scenario] ?? []);
  const journals = new Journals();
  const ports = loopPorts({ model, store: journals.process() });
  const cancel = new AbortController();
  const sandbox = scriptedSandbox(({ code: program }) => {
    const found = Object.keys(PROGRAMS).find((script) => program.includes(JSON.stringify(script)));
    const [stdout, end] = PROGRAMS[found ?? ''] ?? [];
    return stdout === undefined ? new Error('no such program') : { stdout, value: JSON.stringify(end) };
  });
  const slowAdd: Tool = {
    ...add,
    run: (input, context) => {
      cancel.abort();
      return add.run(input, context);
    },
  };
  let tools: Tool[] = [scenario === INTERRUPT ? slowAdd : add, boom];
  if (scenario.startsWith('managed')) {
    const options = { ...LOOP_LIMITS, tools: [add] };
    tools.push(managedAgent({ name: 'helper', description: 'Helps.', options }, ports));
  }
  if (CODE.includes(scenario)) tools = [runCode(sandbox)];
  const options: LoopOptions = {
    ...LOOP_LIMITS,
    tools,
    ...(scenario.startsWith('step limit') ? { maxSteps: 2 } : {}),
    ...(scenario === PLANNING ? { planEvery: 2 } : {}),
    ...(scenario.startsWith('final answer check')
      ? { checks: [(answer) => (answer === 'first' ? 'not this one' : null)] }
      : {}),
  };
  const outcome = await runLoop(defineLoop(options), 'run', LOOP_TASK, ports, cancel.signal);
  const view = ours(outcome, journals.of('run'), model.asked);
  for (const step of view.steps) {
    const said = step.observations?.replace(/^helper answers: \n/, '<report prefix>\n') ?? null;
    step.observations = said === null ? null : withoutBlock(said);
  }
  return view;
}

/** The recorded run as we expect it to be replayed, with all differences about it but `without`. */
function expectedOf(trace: Trace, without: Difference | null): RunView {
  const view = theirs(trace);
  const failedCalls = FAILED_CALLS[trace.scenario];
  if (failedCalls !== undefined) setCalls(view, 0, failedCalls);
  for (const difference of DIFFERENCES) {
    if (difference !== without && difference.scenarios.includes(trace.scenario)) difference.change(view);
  }
  return view;
}

for (const trace of traces.filter(({ scenario }) => NOT_REPLAYED[scenario] === undefined)) {
  test(`as recorded: ${trace.scenario}`, async () => {
    const view = await replay(trace.scenario);
    expect(view).toEqual(expectedOf(trace, null));
    // A difference that makes none does not belong in the table.
    for (const difference of DIFFERENCES.filter(({ scenarios }) => scenarios.includes(trace.scenario))) {
      expect(view, difference.why).not.toEqual(expectedOf(trace, difference));
    }
  });
}

test('every recorded run is replayed or excused, and every difference is about one of them', () => {
  const known = traces.map(({ scenario }) => scenario);
  expect(known).toHaveLength(23);
  expect([...Object.keys(SCRIPTS), ...Object.keys(NOT_REPLAYED)].toSorted()).toEqual(known.toSorted());
  for (const { scenarios } of DIFFERENCES)
    for (const scenario of scenarios) expect(known).toContain(scenario);
});
