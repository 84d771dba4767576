/** Search over everything this marketplace has seen, for runtimes. */
import type { EventSearch } from '../src/agent/runtime.ts';
import type { Env } from './env.ts';

export function eventSearch(env: Env): EventSearch {
  return {
    search: (query) => env.INDEX.getByName('main').search(query),
    query: (filters, limit) => env.RELAY.getByName('main').query(filters, limit),
  };
}
