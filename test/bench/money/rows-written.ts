/** Rows written per job: what a job costs where the platform bills writes. Counted in workerd, statement by statement. */
import { makeWorld, publishNotes } from '../notes.ts';
import { startProgram } from '../programs.ts';
import type { Row } from '../table.ts';
import { type Counted, type Counts, growth, KIND_NAMES, KINDS, rowsOfKind, startCounted } from './counted.ts';
import { type CustomerSetting, outcomes } from './customer.ts';
import { walletGreeting } from './wallets.ts';

/** @param say told what was written to which table */
export async function rowsWrittenRows(
  effort: { readonly warmUp: number; readonly jobs: number },
  say: (line: string) => void,
): Promise<Row[]> {
  const wallets = await startProgram('test/bench/money/wallets.ts');
  try {
    const money = walletGreeting.parse(wallets.greeting);
    const service = await startCounted({ NWC_URI: money.payee });
    try {
      const { relay, agents } = service.dev;
      const world_s = Math.floor(Date.now() / 1_000);
      await publishNotes(relay, makeWorld(world_s));
      const perJob = async (slug: string): Promise<Counts> => {
        const agent = agents.find((one) => one.slug === slug)?.pubkey ?? '';
        const customer: CustomerSetting = { relay, wallet: money.payer, agent, world_s };
        const found = await count(service, customer, effort);
        say(`rows written a job of ${slug}: ${JSON.stringify(found)}`);
        return found;
      };
      return rowsOf(await perJob('discover'), await perJob('discover-prepaid'));
    } finally {
      await service.stop();
    }
  } finally {
    await wallets.stop();
  }
}

async function count(
  service: Counted,
  setting: CustomerSetting,
  effort: { readonly warmUp: number; readonly jobs: number },
): Promise<Counts> {
  const customer = await startProgram('test/bench/money/errand-customer.ts', JSON.stringify(setting));
  try {
    const run = async (jobs: number) => {
      const told = outcomes.parse(await customer.ask({ jobs }));
      const failure = told.find((one) => one.failure !== null);
      if (failure !== undefined) throw new Error(`a job was not served: ${JSON.stringify(failure)}`);
      return await service.settled();
    };
    const before = await run(effort.warmUp);
    const after = await run(effort.jobs);
    return growth(before, after, effort.jobs);
  } finally {
    await customer.stop();
  }
}

function rowsOf(free: Counts, paid: Counts): Row[] {
  return KINDS.map((kind) => ({
    name: `a paid job, written: ${KIND_NAMES[kind]}`,
    value: rowsOfKind(paid, kind),
    unit: '',
    reference: { name: 'a free job', value: rowsOfKind(free, kind) },
  }));
}
