/**
 * A crowd of team runs in one service: many at rest (half paused, half waiting for an answer of their client) and some
 * at work with a slow model. What memory they take, and how long others' small jobs take meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { groupRss_bytes } from '../../support/processes.ts';
import { type Service, startService } from '../../support/service.ts';
import { type LoadSetting, loadReport } from '../load.ts';
import { makeWorld, publishNotes } from '../notes.ts';
import { type Program, startProgram } from '../programs.ts';
import { percentile } from '../statistics.ts';
import type { Row } from '../table.ts';
import { CrowdClient } from './crowd-client.ts';
import { ASKS, type ModelOrder, type ModelSetting, modelGreeting, questionsAsked } from './model.ts';
import { clientWithCredit, runOf } from './team-run.ts';

export interface CrowdEffort {
  /** Runs at rest. */
  readonly idle: number;
  /** Runs at work. */
  readonly active: number;
  /** What the model lets pass before each answer, ms. */
  readonly answer_ms: number;
  /** Small jobs of others in each measurement, one after the other. */
  readonly jobs: number;
  /** How long a crowd at rest is left alone before its memory is told again, ms: objects are let go of after about 70 s. */
  readonly letGo_ms: number;
}

/** Runs that are being started at a time. */
const STARTING = 16;
const MANY_ITERATIONS = 1_000;
const WARM_UP_JOBS = 100;
const MIB = 1_048_576;

/** The service in one state: what others notice of it. */
interface Moment {
  readonly rss_mib: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** @param say told of each state */
export async function crowdRows(effort: CrowdEffort, say: (line: string) => void): Promise<Row[]> {
  const setting: ModelSetting = { answer_ms: effort.answer_ms };
  const model = await startProgram('test/bench/agents/model.ts', JSON.stringify(setting));
  let service: Service | undefined;
  let load: Program | undefined;
  try {
    const { baseUrl } = modelGreeting.parse(model.greeting);
    service = await startService({
      env: { MODEL_BASE_URL: baseUrl, MODEL: 'small', JOBS_PER_HOUR: '1000000' },
    });
    load = await startLoad(service);
    return await new Crowd(effort, service, load, model, say).rows();
  } finally {
    await load?.stop();
    await service?.stop();
    await model.stop();
  }
}

async function startLoad(service: Service): Promise<Program> {
  const world_s = Math.floor(Date.now() / 1_000);
  await publishNotes(service.relay, makeWorld(world_s));
  const agent = service.dev.agents.find(({ slug }) => slug === 'discover')?.pubkey ?? '';
  const setting: LoadSetting = { relay: service.relay, wire: 'nip90', agent, world_s };
  const load = await startProgram('test/bench/load.ts', JSON.stringify(setting));
  await load.ask({ jobs: WARM_UP_JOBS, inFlight: STARTING });
  return load;
}

class Crowd {
  readonly #effort: CrowdEffort;
  readonly #service: Service;
  readonly #load: Program;
  readonly #model: Program;
  readonly #say: (line: string) => void;

  constructor(
    effort: CrowdEffort,
    service: Service,
    load: Program,
    model: Program,
    say: (line: string) => void,
  ) {
    this.#effort = effort;
    this.#service = service;
    this.#load = load;
    this.#model = model;
    this.#say = say;
  }

  async rows(): Promise<Row[]> {
    const { idle, active, letGo_ms } = this.#effort;
    const payer = await clientWithCredit(this.#service);
    const client = await CrowdClient.connect(this.#service, payer.client.secretKey);
    try {
      const alone = await this.#moment('alone');
      const started_ms = await this.#startIdle(client);
      const resting = await this.#moment('at rest');
      await this.#startActive(client);
      await this.#asked();
      const began = performance.now();
      const busy = await this.#moment('at work');
      const steps_s = ((await this.#asked()) * 1_000) / (performance.now() - began);
      if (client.count('working') < active) throw new Error('a run at work has ended');
      for (let i = 0; i < active; i++) await client.say(`active-${i}`, 'cancel');
      await sleep(letGo_ms);
      const left = await this.#moment('let go');
      const crowd = `${idle} team runs at rest`;
      return [
        { name: `${crowd}: started one after another`, value: started_ms / idle, unit: 'ms a run' },
        ...momentRows(crowd, resting, alone),
        { name: `${crowd}: memory a run`, value: perRun_kib(resting, alone, idle), unit: 'KiB' },
        ...momentRows(`${crowd}, ${active} at work`, busy, alone),
        { name: `${crowd}, ${active} at work: model steps`, value: steps_s, unit: '/s' },
        ...momentRows(`${crowd}, ${Math.round(letGo_ms / 1_000)} s later`, left, alone),
      ];
    } finally {
      client.close();
      payer.close();
    }
  }

  /** Half are paused by their client, half wait for an answer to their question. */
  async #startIdle(client: CrowdClient): Promise<number> {
    const { idle } = this.#effort;
    const began = performance.now();
    await inTurns(idle, async (i) => {
      const session = `idle-${i}`;
      const asks = i % 2 === 0;
      const run = await client.begin(session, runOf(asks ? ASKS : '', MANY_ITERATIONS));
      if (!asks) {
        await client.reaches(run, 'working');
        await client.say(session, 'pause');
      }
      await client.reaches(run, asks ? 'asking' : 'paused');
    });
    const [asking, paused] = [client.count('asking'), client.count('paused')];
    this.#say(`${asking} wait for an answer, ${paused} are paused`);
    if (asking + paused < idle) throw new Error('a run at rest has gone on');
    return performance.now() - began;
  }

  async #startActive(client: CrowdClient): Promise<void> {
    await inTurns(this.#effort.active, async (i) => {
      const run = await client.begin(`active-${i}`, runOf('', MANY_ITERATIONS));
      await client.reaches(run, 'working');
    });
  }

  /** How many questions the model was asked since it was asked this. */
  async #asked(): Promise<number> {
    const order: ModelOrder = { bodies: false };
    return questionsAsked.parse(await this.#model.ask(order)).at_ms.length;
  }

  async #moment(name: string): Promise<Moment> {
    const report = loadReport.parse(await this.#load.ask({ jobs: this.#effort.jobs, inFlight: 1 }));
    const moment = {
      rss_mib: groupRss_bytes(this.#service.pid) / MIB,
      p50_ms: percentile(report.result_ms, 0.5),
      p99_ms: percentile(report.result_ms, 0.99),
    };
    this.#say(
      `${name}: ${moment.rss_mib.toFixed(0)} MiB, small jobs ${moment.p50_ms.toFixed(1)} ms, ` +
        `p99 ${moment.p99_ms.toFixed(1)} ms`,
    );
    return moment;
  }
}

function perRun_kib(now: Moment, before: Moment, runs: number): number {
  return ((now.rss_mib - before.rss_mib) * 1_024) / runs;
}

function momentRows(name: string, now: Moment, alone: Moment): Row[] {
  const row = (what: string, pick: (moment: Moment) => number, unit: string): Row => ({
    name: `${name}: ${what}`,
    value: pick(now),
    unit,
    reference: { name: 'without', value: pick(alone) },
  });
  return [
    row('resident memory', ({ rss_mib }) => rss_mib, 'MiB'),
    row('a small job p50', ({ p50_ms }) => p50_ms, 'ms'),
    row('a small job p99', ({ p99_ms }) => p99_ms, 'ms'),
  ];
}

/** Does something for every number below `times`, {@link STARTING} at a time. */
async function inTurns(times: number, act: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const turns = Array.from({ length: Math.min(STARTING, times) }, async () => {
    for (let i = next++; i < times; i = next++) await act(i);
  });
  await Promise.all(turns);
}
