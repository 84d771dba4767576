/** The same jobs through different hands, side by side, over relays that are the same for all. */
import { randomBytes } from 'node:crypto';
import { toHex } from '../../src/nostr/hex.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { groupCpu_ms } from '../support/processes.ts';
import { startService } from '../support/service.ts';
import { type LoadReport, type LoadSetting, loadReport } from './load.ts';
import { makeWorld, publishNotes, type World } from './notes.ts';
import { type Program, startProgram } from './programs.ts';
import { median, percentile } from './statistics.ts';

export const SUBJECTS = ['errand-embedded', 'errand', 'nostr-tools', 'ndk', 'contextvm'] as const;
export type Subject = (typeof SUBJECTS)[number];

export interface Effort {
  /** Jobs before anything is counted: code gets compiled, sockets opened. */
  readonly warmUp: number;
  /** Jobs with one in flight. */
  readonly single: number;
  /** Jobs with {@link IN_FLIGHT} in flight. */
  readonly many: number;
  /** Every subject is measured this often, in turn, and the median told: others use the machine too. */
  readonly rounds: number;
}

export const IN_FLIGHT = 32;

export interface Measure {
  readonly processing: Latency | undefined;
  readonly result: Latency;
  readonly jobsPerS: number;
  /** CPU time of who serves the jobs (not of relay or client), ms a job. */
  readonly cpu_ms: number;
}

export interface Latency {
  readonly p50_ms: number;
  readonly p99_ms: number;
}

export interface SubjectMeasures {
  readonly single: Measure;
  readonly many: Measure;
}

/** Who serves, as seen by the load: where, in what language, at what cost. */
interface Server {
  readonly relay: string;
  readonly wire: LoadSetting['wire'];
  readonly agent: string;
  cpu_ms(): number;
  stop(): Promise<void>;
}

/** One round for one subject: everything started anew, measured, stopped. */
export async function measure(subject: Subject, effort: Effort): Promise<SubjectMeasures> {
  const world_s = Math.floor(Date.now() / 1000);
  const outside = subject === 'errand-embedded' ? undefined : await startProgram('test/bench/relay.ts');
  let server: Server | undefined;
  let load: Program | undefined;
  try {
    server = await serve(subject, String(outside?.greeting ?? ''), makeWorld(world_s));
    const { relay, wire, agent } = server;
    const setting: LoadSetting = { relay, wire, agent, world_s };
    load = await startProgram('test/bench/load.ts', JSON.stringify(setting));
    await load.ask({ jobs: effort.warmUp, inFlight: IN_FLIGHT });
    const single = await run(load, server, effort.single, 1);
    const many = await run(load, server, effort.many, IN_FLIGHT);
    return { single, many };
  } finally {
    await load?.stop();
    await server?.stop();
    await outside?.stop();
  }
}

async function run(load: Program, server: Server, jobs: number, inFlight: number): Promise<Measure> {
  const before = server.cpu_ms();
  const report = loadReport.parse(await load.ask({ jobs, inFlight }));
  const cpu_ms = (server.cpu_ms() - before) / jobs;
  return {
    processing: latency(report.processing_ms),
    result: latencyOf(report.result_ms),
    jobsPerS: (jobs * 1000) / report.elapsed_ms,
    cpu_ms,
  };
}

function latency(values: LoadReport['processing_ms']): Latency | undefined {
  return values.length === 0 ? undefined : latencyOf(values);
}

function latencyOf(values: readonly number[]): Latency {
  return { p50_ms: percentile(values, 0.5), p99_ms: percentile(values, 0.99) };
}

const RESPONDERS = {
  'nostr-tools': { program: 'test/peers/nostr-tools-responder.ts', wire: 'nip90' },
  ndk: { program: 'test/peers/ndk-responder.ts', wire: 'nip90' },
  contextvm: { program: 'test/peers/contextvm-server.ts', wire: 'contextvm' },
} as const;

async function serve(subject: Subject, outside: string, world: World): Promise<Server> {
  if (subject === 'errand' || subject === 'errand-embedded') return serveErrand(outside, world);
  const { program, wire } = RESPONDERS[subject];
  const secretKey = Uint8Array.from(randomBytes(32));
  const notes = world.notes.map(({ id, content }) => [id, content]);
  const argument = JSON.stringify({ relay: outside, secretKey: toHex(secretKey), notes });
  const { cpu_ms, stop } = await startProgram(program, argument);
  return { relay: outside, wire, agent: publicKeyOf(secretKey), cpu_ms, stop };
}

/** @param outside URL of the relay to follow; empty when clients come to the embedded one */
async function serveErrand(outside: string, world: World): Promise<Server> {
  const service = await startService(outside === '' ? {} : { env: { RELAYS: outside } });
  await publishNotes(service.relay, world);
  const agent = service.dev.agents.find(({ slug }) => slug === 'discover');
  if (agent === undefined) throw new Error('the service has no agent called discover');
  return {
    relay: outside === '' ? service.relay : outside,
    wire: 'nip90',
    agent: agent.pubkey,
    cpu_ms: () => groupCpu_ms(service.pid),
    stop: service.stop,
  };
}

/** The median of each figure over the rounds. */
export function typical(rounds: readonly SubjectMeasures[]): SubjectMeasures {
  return { single: middle(rounds.map(({ single }) => single)), many: middle(rounds.map(({ many }) => many)) };
}

function middle(measures: readonly Measure[]): Measure {
  const of = (pick: (measure: Measure) => number) => median(measures.map(pick));
  const processing = measures.flatMap(({ processing }) => processing ?? []);
  return {
    processing:
      processing.length === 0
        ? undefined
        : {
            p50_ms: median(processing.map((one) => one.p50_ms)),
            p99_ms: median(processing.map((one) => one.p99_ms)),
          },
    result: { p50_ms: of(({ result }) => result.p50_ms), p99_ms: of(({ result }) => result.p99_ms) },
    jobsPerS: of(({ jobsPerS }) => jobsPerS),
    cpu_ms: of(({ cpu_ms }) => cpu_ms),
  };
}
