/** A customer of an expert of askexperts, by the package's own paying client. */
import { AskExpertsPayingClient } from 'askexperts/client';
import { LightningPaymentManager } from 'askexperts/payments';
import { customerSetting, serveOrders } from '../money/customer.ts';

const MAX_AMOUNT_SATS = 100;

const { relay, wallet, agent, world_s } = customerSetting.parse(JSON.parse(process.argv[2] ?? ''));
const client = new AskExpertsPayingClient(new LightningPaymentManager(wallet), {
  discoveryRelays: [relay],
  maxAmountSats: MAX_AMOUNT_SATS,
});
const expert = { pubkey: agent, relays: [relay], formats: ['text'], stream: true };

serveOrders(world_s, async (query, watch) => {
  client.onPaid = async () => watch.reached('paid');
  const replies = await client.askExpert({ expert, content: query, format: 'text' });
  let content = '';
  for await (const reply of replies) {
    watch.reached('running');
    content += String(reply.content);
  }
  return content;
});
