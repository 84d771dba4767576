/** Zaps an agent again and again, each zap paid and its receipt waited for: nostr-tools and Alby's SDK, one zap at a time. */
import { type Event, generateSecretKey } from 'nostr-tools/pure';
import { Relay } from 'nostr-tools/relay';
import * as z from 'zod';
import { NWCClient } from '../../peers/alby.ts';
import { orderZap } from '../../support/zapping.ts';

const setting = z.object({
  /** Base URL of the service, and its relay. */
  url: z.string(),
  relay: z.string(),
  slug: z.string(),
  agent: z.string(),
  /** Connection string of the wallet that pays. */
  wallet: z.string(),
});
export type ZapperSetting = z.infer<typeof setting>;

const order = z.object({ zaps: z.int().positive() });

export const zapTimes = z.object({
  /** From the question for an invoice to the invoice, ms. */
  invoice_ms: z.array(z.number()),
  /** From the wallet's word that it paid to the receipt, ms; less than zero when the receipt came first. */
  receipt_ms: z.array(z.number()),
});
export type ZapTimes = z.infer<typeof zapTimes>;

const AMOUNT_MSATS = 21_000;

if (process.argv[1] === import.meta.filename) {
  const { url, relay: relayUrl, slug, agent, wallet } = setting.parse(JSON.parse(process.argv[2] ?? ''));
  const secretKey = generateSecretKey();
  const relay = await Relay.connect(relayUrl);
  const payer = new NWCClient({ nostrWalletConnectUrl: wallet });
  /** Who waits for the receipt of which invoice. */
  const waiting = new Map<string, (at: number) => void>();

  const zap = async (times: ZapTimes): Promise<void> => {
    const zapOrder = { url, slug, target: agent, amount_msats: AMOUNT_MSATS, relay: relayUrl, secretKey };
    const began = performance.now();
    const { bolt11 } = await orderZap(zapOrder);
    times.invoice_ms.push(performance.now() - began);
    const receipt = new Promise<number>((resolve) => waiting.set(bolt11, resolve));
    await payer.payInvoice({ invoice: bolt11 });
    const paid = performance.now();
    times.receipt_ms.push((await receipt) - paid);
  };
  const take = ({ tags }: Event): void => {
    const bolt11 = tags.find(([name]) => name === 'bolt11')?.[1] ?? '';
    waiting.get(bolt11)?.(performance.now());
    waiting.delete(bolt11);
  };
  const run = async (zaps: number): Promise<ZapTimes> => {
    const times: ZapTimes = { invoice_ms: [], receipt_ms: [] };
    for (let zapped = 0; zapped < zaps; zapped++) await zap(times);
    return times;
  };
  relay.subscribe([{ kinds: [9735], '#p': [agent] }], {
    onevent: take,
    oneose: () => process.send?.('ready'),
  });
  process.on('message', (message) => {
    run(order.parse(message).zaps).then(
      (times) => process.send?.(times),
      (error: unknown) => {
        process.stderr.write(`zapper: ${String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.on('disconnect', () => process.exit(0));
}
