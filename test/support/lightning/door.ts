/** The Lightning rig for tests that run in workerd: what they ask for comes through the door of test/support/relay-door.ts. */
import { type LightningRig, startLightning, type Who } from './rig.ts';

/** What a test may ask for. The rig is started by the first order and lasts as long as the door. */
export type LightningOrder =
  /** A connection string of a wallet. */
  | { readonly do: 'lightning connect'; readonly who: Who }
  | { readonly do: 'lightning mine'; readonly blocks: number }
  /** Replaces the faults of a wallet; methods and notifications named here are lost. */
  | {
      readonly do: 'lightning faults';
      readonly who: Who;
      readonly replies: readonly string[];
      readonly notifications: boolean;
    }
  /** How a payment stands in the wallet's own books. */
  | { readonly do: 'lightning books'; readonly who: Who; readonly hash: string }
  /** Cuts every connection to the relay the wallets are on. */
  | { readonly do: 'lightning cut' };

let started: Promise<LightningRig> | undefined;

export async function obeyLightning(order: LightningOrder): Promise<unknown> {
  started ??= startLightning();
  const rig = await started;
  switch (order.do) {
    case 'lightning connect':
      return rig.wallets[order.who].connection();
    case 'lightning mine':
      rig.mine(order.blocks);
      return rig.chain.height;
    case 'lightning faults':
      rig.wallets[order.who].faults = {
        dropReply: (method) => order.replies.includes(method),
        dropNotification: () => order.notifications,
      };
      return null;
    case 'lightning books':
      return (
        rig.wallets[order.who].incoming(order.hash) ?? rig.wallets[order.who].outgoing(order.hash) ?? null
      );
    case 'lightning cut':
      await rig.interrupt();
      return null;
  }
}
