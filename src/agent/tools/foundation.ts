/** What this deployment's tools have to stand on, by its configuration alone: agents are announced by it. */
import type { Config } from '../../config.ts';
import type { Foundation } from './registry.ts';

/** For single jobs: they cannot wait for a user, and have neither stored output nor money to hire with. */
export function foundationOf({ tools }: Config): Foundation {
  return {
    webSearch: tools.search.length === 0 ? null : tools.search,
    webPage: true,
    papers: true,
    nostr: true,
    sandbox: true,
    artifacts: null,
    user: null,
    hire: null,
    mcp: tools.servers,
  };
}
