/** From the request to the payment to the work: the same paid job, one at a time, at each shop. */
import { makeWorld, type World } from '../notes.ts';
import type { Program } from '../programs.ts';
import { percentile } from '../statistics.ts';
import type { Row } from '../table.ts';
import { type Outcome, outcomes } from './customer.ts';
import { openShop, SHOPS, type Shop, type ShopName } from './shops.ts';

export interface MoneyEffort {
  /** Paid jobs before anything is counted. */
  readonly warmUp: number;
  /** Of each shop. */
  readonly jobs: number;
}

/** The shops take turns after so many jobs, so that a slow minute of the machine hits all of them. */
const TURN = 10;

interface Latency {
  readonly p50_ms: number;
  readonly p99_ms: number;
}

interface PaidLatency {
  readonly paid: Latency;
  readonly running: Latency;
  readonly result: Latency;
}

const STEPS = ['paid', 'running', 'result'] as const;

const NAMES: Readonly<Record<ShopName, string>> = {
  'errand-development': 'errand, embedded relay, development wallet',
  'errand-lightning': 'errand, embedded relay, LDK wallets',
  'errand-outside': 'errand, outside relay, LDK wallets',
  askexperts: '(d) askexperts, outside relay, LDK wallets',
};

/** @param say told of each shop's figures */
export async function paidJobRows(effort: MoneyEffort, say: (line: string) => void): Promise<Row[]> {
  const world_s = Math.floor(Date.now() / 1_000);
  const world = makeWorld(world_s);
  const counters: Counter[] = [];
  try {
    for (const name of SHOPS) counters.push(await openCounter(name, world, world_s));
    for (const { customer } of counters) await customer.ask({ jobs: effort.warmUp });
    for (let done = 0; done < effort.jobs; done += TURN) {
      for (const { customer, told } of counters) {
        const jobs = Math.min(TURN, effort.jobs - done);
        told.push(...outcomes.parse(await customer.ask({ jobs })));
      }
    }
  } finally {
    for (const { customer, shop } of counters) {
      await customer.stop();
      await shop.stop();
    }
  }
  const found = new Map(counters.map(({ name, told }) => [name, latencies(told)]));
  for (const [name, { result }] of found)
    say(`paid jobs, ${name}: p50 ${result.p50_ms.toFixed(1)} ms to the result`);
  return [...[...found].flatMap(([name, one]) => latencyRows(NAMES[name], one)), ...goalRows(found)];
}

/** A shop with a customer in it. */
interface Counter {
  readonly name: ShopName;
  readonly shop: Shop;
  readonly customer: Program;
  readonly told: Outcome[];
}

async function openCounter(name: ShopName, world: World, world_s: number): Promise<Counter> {
  const shop = await openShop(name, world, world_s);
  try {
    return { name, shop, customer: await shop.newCustomer(), told: [] };
  } catch (error) {
    await shop.stop();
    throw error;
  }
}

/** @throws Error when a job was not served: a lost job must not look like a fast one */
function latencies(told: readonly Outcome[]): PaidLatency {
  const of = (step: (typeof STEPS)[number]): Latency => {
    const times = told.map((one) => {
      const time = one[`${step}_ms`];
      if (time === null) throw new Error(`a paid job was not served: ${JSON.stringify(one)}`);
      return time;
    });
    return { p50_ms: percentile(times, 0.5), p99_ms: percentile(times, 0.99) };
  };
  return { paid: of('paid'), running: of('running'), result: of('result') };
}

function latencyRows(name: string, found: PaidLatency): Row[] {
  return STEPS.flatMap((step) => [
    { name: `${name}: request to ${step} p50`, value: found[step].p50_ms, unit: 'ms' },
    { name: `${name}: request to ${step} p99`, value: found[step].p99_ms, unit: 'ms' },
  ]);
}

function goalRows(found: ReadonlyMap<ShopName, PaidLatency>): Row[] {
  const them = found.get('askexperts');
  if (them === undefined) return [];
  const rivals: readonly ShopName[] = ['errand-lightning', 'errand-outside'];
  return rivals.flatMap((name) => {
    const us = found.get(name);
    if (us === undefined) return [];
    return {
      name: `goal: p50 of a paid job, ${NAMES[name]}`,
      value: us.result.p50_ms,
      unit: 'ms',
      reference: { name: NAMES.askexperts, value: them.result.p50_ms },
      goal: { below: 1 },
    };
  });
}
