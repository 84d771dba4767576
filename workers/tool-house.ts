/** What the tools of agents stand on in this deployment. */
import type { TrafficPort } from '../src/agent/models/router.ts';
import { sharedTraffic } from '../src/agent/models/shared-traffic.ts';
import type { TrafficState } from '../src/agent/models/traffic.ts';
import { mcpConnection } from '../src/agent/tools/mcp-client.ts';
import type { ToolHouse } from '../src/agent/tools/registry.ts';
import { brave, type SearchProvider, searxng } from '../src/agent/tools/search-providers.ts';
import { loadTokenizer } from '../src/agent/window/tokenizer.ts';
import type { SearchEngine, ToolConfig } from '../src/config/tools.ts';
import { safeFetch } from '../src/net/safe-fetch.ts';
import { remoteSandbox } from '../src/sandbox/remote.ts';
import type { Env } from './env.ts';
import { inputPorts } from './input-ports.ts';
import { marketplaceOf } from './marketplace.ts';
import { searchTrafficName } from './model-traffic.ts';
import { trafficPort } from './models.ts';
import { type GuardedFetch, guardedFetch } from './outbound.ts';
import { eventSearch } from './search.ts';

/** What one run has beside what all have: a single job has none of it, a team brings its own. */
export type RunParts = Partial<Pick<ToolHouse, 'user' | 'artifacts' | 'hire'>>;

/** @param signal aborts when the run is over */
export function toolHouse(env: Env, signal: AbortSignal, parts: RunParts = {}): ToolHouse {
  const { tools } = marketplaceOf(env).config;
  const guarded = guardedFetch(env);
  const { fetchEvent } = inputPorts(env, signal);
  return {
    webSearch:
      tools.search.length === 0
        ? null
        : {
            providers: tools.search.map((engine) => providerOf(engine, guarded)),
            traffic: searchTraffic(env, tools),
          },
    webPage: {
      fetchUrl: (url, stop) => safeFetch(url, { ...guarded, signal: stop }),
      tokenizer: loadTokenizer,
    },
    papers: { ...guarded, allowPrivate: false },
    nostr: { events: eventSearch(env), fetchEvent },
    sandbox: remoteSandbox(env.SANDBOX),
    user: parts.user ?? null,
    artifacts: parts.artifacts ?? null,
    hire: parts.hire ?? null,
    mcp: tools.servers,
    connect: (server) => mcpConnection(server, guarded),
  };
}

function providerOf(engine: SearchEngine, guarded: GuardedFetch): SearchProvider {
  switch (engine.name) {
    case 'searxng':
      return searxng(engine.url, guarded);
    case 'brave':
      return brave(engine.apiKey, guarded);
  }
}

const traffics = new WeakMap<Env, TrafficPort>();

/**
 * Where there are quotas, or another engine to fall back on, what is known of the engines is shared by everybody. A single
 * engine without a quota is not worth an object on the way of each search: its cooldown is this isolate's.
 */
function searchTraffic(env: Env, { search, searchLimits }: ToolConfig): TrafficPort {
  if (search.length > 1 || Object.keys(searchLimits).length > 0) {
    const shared = trafficPort(env);
    return {
      reserve: (engine, id, tokens) => shared.reserve(searchTrafficName(engine), id, tokens),
      succeeded: (engine, id, tokens) => shared.succeeded(searchTrafficName(engine), id, tokens),
      failed: (engine, failure) => shared.failed(searchTrafficName(engine), failure),
    };
  }
  let traffic = traffics.get(env);
  if (traffic === undefined) {
    traffic = sharedTraffic(new Map<string, TrafficState>(), new Map(), Date.now);
    traffics.set(env, traffic);
  }
  return traffic;
}
