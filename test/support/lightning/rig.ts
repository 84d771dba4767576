/**
 * Real Lightning for tests: three LDK nodes with channels (client — market — worker), each behind its own NIP-47 wallet
 * service, over a relay nobody here wrote on loopback. Up in about a second.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { loadLdk } from '../../peers/ldk.ts';
import { type OutsideRelay, startOutsideRelay } from '../outside-relay.ts';
import { Chain } from './chain.ts';
import { LightningNode } from './node.ts';
import { type Habits, WalletService } from './wallet-service.ts';
import { Wires } from './wires.ts';

export const WHO = ['client', 'market', 'worker'] as const;
export type Who = (typeof WHO)[number];

export interface LightningRig {
  readonly relay: OutsideRelay;
  readonly chain: Chain;
  readonly nodes: Readonly<Record<Who, LightningNode>>;
  readonly wallets: Readonly<Record<Who, WalletService>>;
  /** Makes blocks and lets the nodes act on them. */
  mine(blocks: number): void;
  /** Lets timers and finalizers run: LDK's bindings free memory only between turns. */
  rest(): Promise<void>;
  /** Drops every connection to the relay; the wallets come back by themselves. */
  interrupt(): Promise<void>;
  stop(): Promise<void>;
}

export interface RigOptions {
  readonly habits?: Partial<Readonly<Record<Who, Habits>>>;
  /** A relay to use instead of one of the rig's own, which then is not stopped. */
  readonly relay?: OutsideRelay;
}

const CHANNEL_SATS = 10_000_000n;
/** Both sides of a channel can pay. */
const PUSHED_MSATS = 2_000_000_000n;

export async function startLightning(options: RigOptions = {}): Promise<LightningRig> {
  await loadLdk();
  const relay = options.relay ?? (await startOutsideRelay());
  const chain = new Chain();
  const wires = new Wires();
  const node = (name: Who) =>
    new LightningNode(name, new Uint8Array(32).fill(WHO.indexOf(name) + 1), chain, wires);
  const nodes = { client: node('client'), market: node('market'), worker: node('worker') };
  chain.mine(1);
  wires.connect(nodes.client, nodes.market);
  wires.connect(nodes.market, nodes.worker);
  nodes.client.openChannel(nodes.market, CHANNEL_SATS, PUSHED_MSATS);
  nodes.market.openChannel(nodes.worker, CHANNEL_SATS, PUSHED_MSATS);
  const service = (who: Who) => new WalletService(nodes[who], chain, relay.url, options.habits?.[who]);
  const wallets = { client: service('client'), market: service('market'), worker: service('worker') };
  await Promise.all(Object.values(wallets).map((wallet) => wallet.start()));
  return {
    relay,
    chain,
    nodes,
    wallets,
    mine(blocks) {
      for (let made = 0; made < blocks; made++) {
        chain.mine(1);
        wires.settle();
      }
    },
    rest: () => nextTurn(),
    async interrupt() {
      relay.cut();
      await Promise.all(Object.values(wallets).map((wallet) => wallet.start()));
    },
    async stop() {
      for (const wallet of Object.values(wallets)) wallet.stop();
      if (options.relay === undefined) await relay.stop();
    },
  };
}
