/** What a zap costs the marketplace: from the LNURL callback to the receipt, with a real wallet outside of it. */
import { groupCpu_ms } from '../../support/processes.ts';
import { startService } from '../../support/service.ts';
import { startProgram } from '../programs.ts';
import { percentile } from '../statistics.ts';
import type { Row } from '../table.ts';
import { walletGreeting } from './wallets.ts';
import { type ZapperSetting, zapTimes } from './zapper.ts';

const SLUG = 'discover';

export async function zapRows(effort: { readonly warmUp: number; readonly jobs: number }): Promise<Row[]> {
  const wallets = await startProgram('test/bench/money/wallets.ts');
  try {
    const money = walletGreeting.parse(wallets.greeting);
    const service = await startService({ env: { NWC_URI: money.payee } });
    try {
      const { url, relay } = service;
      const agent = service.dev.agents.find(({ slug }) => slug === SLUG)?.pubkey ?? '';
      const setting: ZapperSetting = { url, relay, slug: SLUG, agent, wallet: money.payer };
      const zapper = await startProgram('test/bench/money/zapper.ts', JSON.stringify(setting));
      try {
        await zapper.ask({ zaps: effort.warmUp });
        const before_ms = groupCpu_ms(service.pid);
        const times = zapTimes.parse(await zapper.ask({ zaps: effort.jobs }));
        const cpu_ms = (groupCpu_ms(service.pid) - before_ms) / effort.jobs;
        const row = (name: string, value: number): Row => ({ name: `a zap: ${name}`, value, unit: 'ms' });
        return [
          row('CPU of the marketplace, LDK wallets', cpu_ms),
          row('callback to invoice p50', percentile(times.invoice_ms, 0.5)),
          row('callback to invoice p99', percentile(times.invoice_ms, 0.99)),
          row('paid to receipt p50', percentile(times.receipt_ms, 0.5)),
          row('paid to receipt p99', percentile(times.receipt_ms, 0.99)),
        ];
      } finally {
        await zapper.stop();
      }
    } finally {
      await service.stop();
    }
  } finally {
    await wallets.stop();
  }
}
