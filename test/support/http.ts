/** The HTTP app over doubles of its ports, with a real database in memory. */
import { gzipSync } from 'node:zlib';
import { keyedAgents } from '../../src/agent/embedded.ts';
import { embeddedRelayUrl, readConfig } from '../../src/config.ts';
import { createApp } from '../../src/http/app.ts';
import type { PageAssets } from '../../src/http/pages/assets.ts';
import type { HttpPorts, LinkHealth, LogEntry, PaymentDoor, WalletHealth } from '../../src/http/ports.ts';
import type { PayOrder } from '../../src/payment/lnurl/server.ts';
import { msats } from '../../src/payment/msats.ts';
import { quote } from '../../src/payment/pricing.ts';
import { agentCard } from '../../src/protocol/card.ts';
import { cardText, FIRST_VERSION } from '../../src/protocol/card-version.ts';
import type { JobRecord } from '../../src/store/job-record.ts';
import { accountDouble } from './account-double.ts';
import { doorWorld } from './door-world.ts';
import { person } from './events.ts';
import { listingDouble } from './listing-double.ts';
import { nodeD1 } from './node-d1.ts';
import { operatorDouble } from './operator-double.ts';
import { purseWorld } from './purse-world.ts';
import { hexOf } from './records.ts';

/** Unix ms at which these tests take place. */
export const NOW_MS = 1_800_000_000_000;

export const OPEN_LINK: LinkHealth = {
  url: 'wss://relay.example',
  state: 'open',
  lastFrameAt_ms: NOW_MS - 1500,
  received: 7,
  dispatched: 2,
  refused: 1,
  reconnects: 0,
  cursor_s: NOW_MS / 1_000 - 4,
  lastError: null,
};

export const WALLET: WalletHealth = {
  watches: 2,
  waiting: 1,
  lastAnswerAt_ms: NOW_MS - 2500,
  lastFault: null,
};

/** What pages load, as if it had been built: every island is there, and is empty. */
export const ASSETS: PageAssets = {
  style: '/assets/style-00000000.css',
  icon: '/assets/icon-00000000.svg',
  early: { code: 'early()', sha256_base64: 'hash' },
  island: (name) => ({ src: `/assets/${name}-00000000.js`, preload: ['/assets/chunk-00000000.js'] }),
  file(name) {
    const gzip = new Uint8Array(gzipSync(name));
    if (name === 'site-00000000.js') return { type: 'text/javascript; charset=utf-8', gzip };
    return name === 'style-00000000.css' ? { type: 'text/css; charset=utf-8', gzip } : undefined;
  },
};

/** Who runs the marketplace of these tests. */
export const OPERATOR = 'operator';

/** A wallet that has settled nothing and holds a sat. */
export const QUIET_WALLET: NonNullable<HttpPorts['wallet']> = {
  list: async () => ({ type: 'ok', value: [] }),
  lookup: async () => ({ type: 'ok', value: null }),
  balance: async () => ({ type: 'ok', value: msats(1_000) }),
};

/** A marketplace with two agents at https://market.example, and what its ports were asked. */
export function httpFixture(over: Partial<HttpPorts> = {}) {
  const d1 = nodeD1();
  const config = readConfig({
    LOCAL: '1',
    PUBLIC_URL: 'https://market.example',
    MODEL_BASE_URL: 'https://model.example/v1',
    MODEL: 'small',
  });
  const logged: LogEntry[] = [];
  const streams: { id: string; afterSeq: number; live: boolean }[] = [];
  const erased: string[] = [];
  const live = new Map<string, JobRecord>();
  let requests = 0;
  const purses = purseWorld();
  const ports: HttpPorts = {
    publicUrl: config.publicUrl,
    relays: [embeddedRelayUrl(config), OPEN_LINK.url],
    kinds: config.kinds,
    marketplacePubkey: person('marketplace').publicKey,
    listings: listingDouble(
      d1.db,
      {
        charge: async () => false,
        probe: async ({ slug }) => (slug === 'sick' ? 'it answers with status 500' : null),
      },
      { LISTING_RUNTIMES: 'chat,code,remote,external' },
    ),
    agents: keyedAgents(config).filter(({ slug }) => slug !== 'code'),
    developmentMoney: false,
    assets: ASSETS,
    arena: config.arena,
    draining: false,
    account: accountDouble(),
    door: doorWorld().door,
    purses: purses.purses,
    keyRing: purses.ring,
    operator: operatorDouble(d1.db),
    db: d1.db,
    clock: () => NOW_MS,
    operatorPubkey: person(OPERATOR).publicKey,
    wallet: QUIET_WALLET,
    newRequestId: () => `request-${++requests}`,
    background: () => undefined,
    log: (entry) => logged.push(entry),
    relayInformation: () => ({ name: 'errand', supported_nips: [1, 11] }),
    card: async (agent) =>
      cardText(
        agentCard(agent, config, { jobs: 0, success_rate: null, median_latency_ms: null }, FIRST_VERSION),
      ),
    quote: (agent, body) => {
      // Something has to have a price.
      const max = agent.slug === 'chat' ? msats(21_000) : quote(agent, body).max;
      return { max, fixed: true, checked: body.contract !== null };
    },
    verdict: async () => null,
    liveJob: async (id) => live.get(id),
    jobEvents: async (id, afterSeq, live) => {
      streams.push({ id, afterSeq, live });
      return new Blob([`id: ${afterSeq + 1}\ndata: {}\n\n`]).stream();
    },
    eraseJob: async ({ id }) => {
      erased.push(id);
    },
    runs: { record: async () => null, artifact: async () => null },
    links: async () => [OPEN_LINK],
    walletStatus: async () => WALLET,
    payments: null,
    modelFigures: async () => [],
    relayStats: async () => ({ storedEvents: 12, openSockets: 3 }),
    ...over,
  };
  return { app: createApp(ports), ports, d1, logged, streams, erased, live };
}

/** A door to payments that makes an invoice for everything, and what it was asked. A `job` in the comment is one. */
export function paymentDoor(over: Partial<PaymentDoor> = {}) {
  const orders: { readonly slug: string; readonly order: PayOrder }[] = [];
  const door: PaymentDoor = {
    nostrPubkey: hexOf(77),
    elsewhere: () => null,
    async invoice({ slug }, order) {
      orders.push({ slug, order });
      const jobId = order.comment === 'job' ? hexOf(5) : null;
      return { type: 'offered', bolt11: 'lnbcrt1invoice', account: 'tips', paymentHash: hexOf(1), jobId };
    },
    payment: async (_slug, _account, hash) =>
      hash === hexOf(1) ? { bolt11: 'lnbcrt1invoice', payment: null } : null,
    ...over,
  };
  return { door, orders };
}
