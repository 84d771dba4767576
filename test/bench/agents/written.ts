/**
 * What a step, a report and a message write, and how often they call objects: the difference between a longer and a
 * shorter piece of the same work, so that what begins and ends it does not count.
 */
import { connectClient } from '../../support/client.ts';
import { agentKey, done, task } from '../../support/jobs.ts';
import { deliveredBy, reportOf, reportsOf, type TeamClient } from '../../support/team-client.ts';
import { type Counted, type Counts, growth, startCounted } from '../money/counted.ts';
import { type Program, startProgram } from '../programs.ts';
import type { Row } from '../table.ts';
import { dayRows, type Unit, unitRows } from './day.ts';
import { ASKS, calls, type ModelSetting, modelGreeting, questionsAsked } from './model.ts';
import { clientWithCredit, runOf } from './team-run.ts';

export interface WrittenEffort {
  /** Messages to a run under way. */
  readonly messages: number;
  /** Iterations of the longer run. */
  readonly iterations: number;
}

/** Iterations of the shorter run. */
const FEW = 2;
/** Drafts in an iteration of the broader run. */
const STAGES = 12;
const TRIES = 2;
/** Tool calls of the shorter and the longer job of an agent: both within its step limit. */
const SHORT_CALLS = 1;
const LONG_CALLS = 9;

/** @param say told what was written to which table */
export async function agentWrittenRows(effort: WrittenEffort, say: (line: string) => void): Promise<Row[]> {
  const setting: ModelSetting = { answer_ms: 0 };
  const model = await startProgram('test/bench/agents/model.ts', JSON.stringify(setting));
  try {
    const { baseUrl } = modelGreeting.parse(model.greeting);
    const service = await startCounted({ MODEL_BASE_URL: baseUrl, MODEL: 'small', JOBS_PER_HOUR: '100000' });
    try {
      const units = await new Measurement(model, service).all(effort);
      for (const [unit, found] of Object.entries(units)) say(`${unit} writes ${JSON.stringify(found)}`);
      return [...unitRows(units), ...dayRows(units)];
    } finally {
      await service.stop();
    }
  } finally {
    await model.stop();
  }
}

/** What one piece of work led to. */
interface Done {
  readonly counts: Counts;
  readonly questions: number;
  readonly reports: number;
}

class Measurement {
  readonly #model: Program;
  readonly #service: Counted;
  #counted: Counts = {};
  #runs = 0;

  constructor(model: Program, service: Counted) {
    this.#model = model;
    this.#service = service;
  }

  async all({ messages, iterations }: WrittenEffort): Promise<Record<Unit, Counts>> {
    const { dev } = this.#service;
    const payer = await clientWithCredit({ url: dev.url, relay: dev.relay, dev });
    try {
      await this.#job(SHORT_CALLS);
      const brief = await this.#job(SHORT_CALLS);
      const long = await this.#job(LONG_CALLS);
      const few = await this.#run(payer, FEW);
      const many = await this.#run(payer, iterations);
      const broad = await this.#run(payer, FEW, STAGES);
      // As many reports and judgements, more drafts.
      const step = growth(few.counts, broad.counts, broad.questions - few.questions);
      const steps = scaled(step, many.questions - few.questions);
      const reports = many.reports - few.reports;
      return {
        'a step of an agent': growth(brief.counts, long.counts, long.questions - brief.questions),
        'a step of a team': step,
        'a report': growth(steps, growth(few.counts, many.counts, 1), reports),
        ...(await this.#messages(payer, messages)),
      };
    } finally {
      payer.close();
    }
  }

  /** What was written since this was last asked, once nothing is any more. */
  async #since(): Promise<Counts> {
    const before = this.#counted;
    this.#counted = await this.#service.settled();
    return growth(before, this.#counted, 1);
  }

  async #job(toolCalls: number): Promise<Done> {
    const client = await connectClient(this.#service.dev.relay);
    try {
      await this.#since();
      await this.#questions();
      const scout = agentKey(this.#service, 'scout');
      await done(client, task(client, scout, calls(toolCalls), ['run', String(this.#runs++)]));
      return { counts: await this.#since(), questions: await this.#questions(), reports: 0 };
    } finally {
      client.close();
    }
  }

  /** What is written meanwhile by others (announcements, once a minute) only adds: the least of the tries counts. */
  async #run(payer: TeamClient, iterations: number, stages = 1): Promise<Done> {
    const tries: Done[] = [];
    for (let i = 0; i < TRIES; i++) tries.push(await this.#runOnce(payer, iterations, stages));
    return tries.reduce((a, b) => ({ ...b, counts: least(a.counts, b.counts) }));
  }

  async #runOnce(payer: TeamClient, iterations: number, stages: number): Promise<Done> {
    await this.#since();
    await this.#questions();
    const run = await payer.begin('Write', `written-${this.#runs++}`, runOf('', iterations, stages));
    await deliveredBy(run);
    return {
      counts: await this.#since(),
      questions: await this.#questions(),
      reports: reportsOf(run).length,
    };
  }

  /** Words to a run that rests, and only takes them. */
  async #messages(payer: TeamClient, times: number) {
    const session = `written-${this.#runs++}`;
    const run = await payer.begin('Write', session, runOf(ASKS, FEW));
    await reportOf(run, ({ state }) => state === 'asking');
    await payer.say('pause', session);
    await this.#since();
    for (let i = 0; i < times; i++) await payer.say(`Write in verse ${i}.`, session);
    const byRequest = await this.#since();
    for (let i = 0; i < times; i++) await payer.message(`Rhyme line ${i}.`);
    await reportOf(run, ({ directives }) => directives.length >= 2 * times);
    const byMessage = await this.#since();
    await payer.say('cancel', session);
    await run.answers.end();
    return {
      'a message by request': scaled(byRequest, 1 / times),
      'a message by direct message': scaled(byMessage, 1 / times),
    };
  }

  async #questions(): Promise<number> {
    return questionsAsked.parse(await this.#model.ask({ bodies: false })).at_ms.length;
  }
}

function least(a: Counts, b: Counts): Counts {
  return Object.fromEntries(
    Object.entries(a).flatMap(([where, rows]) => {
      const other = b[where];
      return other === undefined ? [] : [[where, Math.min(rows, other)]];
    }),
  );
}

function scaled(counts: Counts, times: number): Counts {
  return Object.fromEntries(Object.entries(counts).map(([where, rows]) => [where, rows * times]));
}
