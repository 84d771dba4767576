/**
 * The wallets of the money benches in a process of their own: LDK nodes behind NWC, and the relay everything goes over.
 * Sends a {@link WalletGreeting} to its parent, then answers its {@link WalletOrder}s.
 */
import * as z from 'zod';
import { balancesOf } from '../../support/lightning/balances.ts';
import { startLightning } from '../../support/lightning/rig.ts';

export const walletGreeting = z.object({
  relay: z.string(),
  /** Connection strings: who pays, who is paid. */
  payer: z.string(),
  payee: z.string(),
});
export type WalletGreeting = z.infer<typeof walletGreeting>;

const order = z.discriminatedUnion('do', [
  /** How much left the payer's node and came to the payee's since the start, msats. */
  z.object({ do: z.literal('moved') }),
  /** What is lost from now on, instead of what was: answers to these methods, every time or only once; notifications. */
  z.object({
    do: z.literal('lose'),
    of: z.enum(['payer', 'payee']),
    answers: z.array(z.string()),
    once: z.boolean(),
    notifications: z.boolean(),
  }),
]);
export type WalletOrder = z.infer<typeof order>;

export const moved = z.object({ paid_msats: z.number(), received_msats: z.number() });

if (process.argv[1] === import.meta.filename) {
  const rig = await startLightning();
  const { client, market } = rig.wallets;
  const before = balancesOf(rig);
  const obey = (given: WalletOrder): object => {
    if (given.do === 'moved') {
      const now = balancesOf(rig);
      return {
        paid_msats: Number(before.client - now.client),
        received_msats: Number(now.market - before.market),
      } satisfies z.infer<typeof moved>;
    }
    const lost = new Set<string>();
    const wallet = given.of === 'payer' ? client : market;
    wallet.faults = {
      dropNotification: () => given.notifications,
      dropReply(method) {
        if (!given.answers.includes(method) || (given.once && lost.has(method))) return false;
        lost.add(method);
        return true;
      },
    };
    return {};
  };
  process.on('message', (message) => process.send?.(obey(order.parse(message))));
  process.on('disconnect', () => process.exit(0));
  process.send?.({
    relay: rig.relay.url,
    payer: client.connection(),
    payee: market.connection(),
  } satisfies WalletGreeting);
}
