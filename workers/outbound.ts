/** How this Worker calls what strangers name: the options of the guarded door (src/net/safe-fetch.ts). */
import { resolver } from '../src/net/resolver.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';

export interface GuardedFetch {
  readonly allowPrivate: boolean;
  readonly ownHosts: readonly string[];
  readonly fetch: typeof fetch;
  readonly resolve: (host: string) => Promise<readonly string[]>;
}

export function guardedFetch(env: Env): GuardedFetch {
  const { config } = marketplaceOf(env);
  const allowPrivate = config.local;
  return {
    allowPrivate,
    // Under `npm start` everything shares the loopback address, so there is no own host to keep apart.
    ownHosts: allowPrivate ? [] : [new URL(config.publicUrl).hostname],
    fetch: (input, init) => fetch(input, init),
    resolve: resolver(),
  };
}
