/**
 * Two started marketplaces that hear of each other by one outside relay, each with a Lightning node of its own: at one a
 * team is asked, the other has an agent to hire. The third node is the client's.
 */
import { nip19 } from 'nostr-tools';
import { agentKey } from './jobs.ts';
import { type LightningRig, startLightning } from './lightning/rig.ts';
import { type Service, startService } from './service.ts';
import { type TeamModel, teamModel } from './team-model.ts';

export interface TwoMarkets {
  readonly rig: LightningRig;
  readonly model: TeamModel;
  /** What the hiring marketplace is to be started with. */
  readonly hiringEnv: Readonly<Record<string, string>>;
  /** Where the other agent lives. */
  readonly hired: Service;
  /** The agent to be hired there: `discover-prepaid`, 21 sats. */
  readonly npub: string;
  stop(): Promise<void>;
}

export async function twoMarkets(): Promise<TwoMarkets> {
  const [rig, model] = await Promise.all([startLightning(), teamModel()]);
  const hired = await startService({
    env: {
      // Another marketplace has other keys.
      MASTER_SECRET: 'b'.repeat(64),
      RELAYS: rig.relay.url,
      NWC_URI: rig.wallets.worker.connection(),
    },
  });
  return {
    rig,
    model,
    hiringEnv: {
      RELAYS: rig.relay.url,
      NWC_URI: rig.wallets.market.connection(),
      MODEL_BASE_URL: model.server.baseUrl,
      MODEL: 'small',
    },
    hired,
    npub: nip19.npubEncode(agentKey(hired, 'discover-prepaid')),
    async stop() {
      await hired.stop();
      await model.close();
      await rig.stop();
    },
  };
}
