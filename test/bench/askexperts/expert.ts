/** An expert of askexperts that does the bench's job for 21 sats, by the package's own server and payment manager. */
import { LightningPaymentManager } from 'askexperts/payments';
import { AskExpertsServer } from 'askexperts/server';
import { SimplePool } from 'nostr-tools';
import * as z from 'zod';
import { search } from '../../peers/program.ts';

const setting = z.object({
  relay: z.string(),
  wallet: z.string(),
  secretKey: z.string(),
  price_sats: z.number(),
  notes: z.array(z.tuple([z.string(), z.string()])),
});
export type ExpertSetting = z.infer<typeof setting>;

/** The server tells every expert's profile to a search engine of its authors; a bench tells nobody. */
class LoopbackPool extends SimplePool {
  override ensureRelay(...[url, options]: Parameters<SimplePool['ensureRelay']>) {
    if (new URL(url).hostname !== '127.0.0.1')
      return Promise.reject(new Error(`not on this machine: ${url}`));
    return super.ensureRelay(url, options);
  }
}

const { relay, wallet, secretKey, price_sats, notes } = setting.parse(JSON.parse(process.argv[2] ?? ''));
const pool = new LoopbackPool();
/** Jobs done, whether or not anybody heard of it. */
let served = 0;
const server = new AskExpertsServer({
  privkey: Uint8Array.from(Buffer.from(secretKey, 'hex')),
  paymentManager: new LightningPaymentManager(wallet),
  discoveryRelays: [relay],
  promptRelays: [relay],
  pool,
  onPromptPrice: async () => ({ amountSats: price_sats, description: 'A search' }),
  onPromptPaid: async ({ content }) => {
    served++;
    return { content: search(notes, String(content)) };
  },
});
await server.start();
// Answered after the server's own subscriptions, which went over the same connection before it.
await pool.querySync([relay], { kinds: [0], limit: 1 });
process.on('message', () => process.send?.({ served }));
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
