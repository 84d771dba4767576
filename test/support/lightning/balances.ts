/** What the nodes themselves say of their money: the truth the end-to-end tests compare with. */
import { type LightningRig, WHO, type Who } from './rig.ts';

/** Msats by node. */
export type Balances = Readonly<Record<Who, bigint>>;

/** What each node could spend now. Money locked in a held payment is in nobody's hands. */
export function balancesOf({ nodes }: LightningRig): Balances {
  return {
    client: nodes.client.balance_msats,
    market: nodes.market.balance_msats,
    worker: nodes.worker.balance_msats,
  };
}

/** Who won and lost how much since then. */
export function changeSince(rig: LightningRig, before: Balances): Balances {
  const now = balancesOf(rig);
  const change = (who: Who) => now[who] - before[who];
  const [client, market, worker] = WHO;
  return { client: change(client), market: change(market), worker: change(worker) };
}
