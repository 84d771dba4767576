/** The HTTP app over doubles of its ports, with a real database in memory. */
import { keyedAgents } from '../../src/agent/embedded.ts';
import { embeddedRelayUrl, readConfig } from '../../src/config.ts';
import { createApp } from '../../src/http/app.ts';
import type { HttpPorts, LinkHealth, LogEntry } from '../../src/http/ports.ts';
import { agentCard } from '../../src/protocol/card.ts';
import { cardText, FIRST_VERSION } from '../../src/protocol/card-version.ts';
import type { JobRecord } from '../../src/store/job-record.ts';
import { accountDouble } from './account-double.ts';
import { nodeD1 } from './node-d1.ts';

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
  const ports: HttpPorts = {
    publicUrl: config.publicUrl,
    relays: [embeddedRelayUrl(config), OPEN_LINK.url],
    agents: keyedAgents(config),
    draining: false,
    account: accountDouble(),
    db: d1.db,
    clock: () => NOW_MS,
    newRequestId: () => `request-${++requests}`,
    log: (entry) => logged.push(entry),
    relayInformation: () => ({ name: 'errand', supported_nips: [1, 11] }),
    card: async (agent) =>
      cardText(
        agentCard(agent, config, { jobs: 0, success_rate: null, median_latency_ms: null }, FIRST_VERSION),
      ),
    liveJob: async (id) => live.get(id),
    jobEvents: async (id, afterSeq, live) => {
      streams.push({ id, afterSeq, live });
      return new Blob([`id: ${afterSeq + 1}\ndata: {}\n\n`]).stream();
    },
    eraseJob: async ({ id }) => {
      erased.push(id);
    },
    links: async () => [OPEN_LINK],
    relayStats: async () => ({ storedEvents: 12, openSockets: 3 }),
    ...over,
  };
  return { app: createApp(ports), ports, d1, logged, streams, erased, live };
}
