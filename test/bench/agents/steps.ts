/**
 * What a step costs beside the model's own time: from one question at the model to the next of the same work, and for
 * the same questions, byte for byte, asked by the bare client in a loop. The model answers at once, so the ratios are
 * the worst there are; the difference is what is added to every real answer.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectClient, errorOf } from '../../support/client.ts';
import { agentKey, done, task } from '../../support/jobs.ts';
import { startService } from '../../support/service.ts';
import { deliveredBy } from '../../support/team-client.ts';
import { type Program, startProgram } from '../programs.ts';
import { median, percentile } from '../statistics.ts';
import type { Row } from '../table.ts';
import { askAgain, type Hand, loopInNode } from './hands.ts';
import { calls, type ModelOrder, type ModelSetting, modelGreeting, questionsAsked } from './model.ts';
import { clientWithCredit, runOf } from './team-run.ts';

export interface StepsEffort {
  /** Pieces of work of each hand, each {@link QUESTIONS} long. */
  readonly runs: number;
}

/** Of one piece of work: within the step limit of the shipped agent. */
const QUESTIONS = 10;
const WARM_UP = 2;

/** About: a draft, and judgements of it against those before. */
const STEPS_A_DRAFT = 3;

const HANDS = {
  memory: 'runLoop in Node, journal in memory: a step with a tool call',
  node: 'runLoop in Node, journal in a SQLite file: a step with a tool call',
  agent: 'an agent of the service: a step with a tool call',
  team: 'a team of the service: a step of one question',
} as const;
type HandName = keyof typeof HANDS;

interface Times {
  readonly ours_ms: number[];
  readonly bare_ms: number[];
}

/** @param say told of each hand's figures */
export async function stepRows({ runs }: StepsEffort, say: (line: string) => void): Promise<Row[]> {
  const setting: ModelSetting = { answer_ms: 0 };
  const model = await startProgram('test/bench/agents/model.ts', JSON.stringify(setting));
  const folder = mkdtempSync(join(tmpdir(), 'errand-bench-'));
  try {
    const { baseUrl } = modelGreeting.parse(model.greeting);
    const memory = await loopInNode(baseUrl, ':memory:');
    const loop = await loopInNode(baseUrl, join(folder, 'journal.sqlite'));
    const service = await serviceHands(baseUrl);
    const hands: [HandName, Hand][] = [
      ['memory', memory],
      ['node', loop],
      ['agent', service.agent],
      ['team', service.team],
    ];
    const found = new Map<HandName, Times>(hands.map(([name]) => [name, { ours_ms: [], bare_ms: [] }]));
    try {
      // In turn, so that a slow minute of the machine hits all of them.
      for (let run = -WARM_UP; run < runs; run++) {
        for (const [name, hand] of hands) {
          await hand(QUESTIONS);
          const ours = await asked(model, true);
          await askAgain(baseUrl, ours.bodies);
          const bare = await asked(model, false);
          if (ours.at_ms.length !== bare.at_ms.length) throw new Error('not the same questions');
          if (run < 0) continue;
          found.get(name)?.ours_ms.push(...intervals(ours.at_ms));
          found.get(name)?.bare_ms.push(...intervals(bare.at_ms));
        }
      }
    } finally {
      memory.close();
      loop.close();
      await service.stop();
    }
    return [...found].flatMap(([name, times]) => rowsOf(HANDS[name], times, say));
  } finally {
    await model.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function asked(model: Program, bodies: boolean) {
  const order: ModelOrder = { bodies };
  return questionsAsked.parse(await model.ask(order));
}

function intervals(at_ms: readonly number[]): number[] {
  return at_ms.slice(1).map((at, i) => at - (at_ms[i] ?? at));
}

function rowsOf(name: string, { ours_ms, bare_ms }: Times, say: (line: string) => void): Row[] {
  const p99_ms = percentile(ours_ms, 0.99);
  say(`${name}: p50 ${median(ours_ms).toFixed(2)} ms, p99 ${p99_ms.toFixed(1)} ms, ${ours_ms.length} steps`);
  const bare = { name: 'bare openai client', value: median(bare_ms) };
  return [
    { name, value: median(ours_ms), unit: 'ms', reference: bare },
    { name: `${name}, p99`, value: p99_ms, unit: 'ms' },
  ];
}

interface ServiceHands {
  readonly agent: Hand;
  readonly team: Hand;
  stop(): Promise<void>;
}

async function serviceHands(baseUrl: string): Promise<ServiceHands> {
  const service = await startService({
    env: { MODEL_BASE_URL: baseUrl, MODEL: 'small', JOBS_PER_HOUR: '100000' },
  });
  const client = await connectClient(service.relay);
  const payer = await clientWithCredit(service);
  const scout = agentKey(service, 'scout');
  let runs = 0;
  return {
    async agent(questions) {
      const result = await done(client, task(client, scout, calls(questions - 1), ['run', String(runs++)]));
      const error = errorOf(result);
      if (error !== null) throw new Error(`${error.code}: ${error.message}`);
    },
    async team(questions) {
      const run = await payer.begin(
        'Write',
        `steps-${runs++}`,
        runOf('', Math.ceil(questions / STEPS_A_DRAFT)),
      );
      await deliveredBy(run);
    },
    async stop() {
      client.close();
      payer.close();
      await service.stop();
    },
  };
}
