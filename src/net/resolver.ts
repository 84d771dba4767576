/** Looks up the addresses of a name, for the guarded door (safe-fetch.ts). Works under Node and, as DNS over HTTPS, in workerd. */
import { resolve4, resolve6 } from 'node:dns/promises';
import { isAddress } from './guard.ts';

/** The look-ups of one address family; rejects with a `code` when there is nothing. */
export interface Lookups {
  readonly v4: (host: string) => Promise<readonly string[]>;
  readonly v6: (host: string) => Promise<readonly string[]>;
}

/** Answers that say "there is none", in contrast to "I could not ask". */
const NOTHING = new Set(['ENODATA', 'ENOTFOUND']);

/** All addresses of a name; empty when it has none. @throws whatever the look-up failed with */
export function resolver(
  lookups: Lookups = { v4: resolve4, v6: resolve6 },
): (host: string) => Promise<string[]> {
  return async (host) => {
    const found = await Promise.all([lookups.v4(host).catch(none), lookups.v6(host).catch(none)]);
    // workerd hands on every record of the answer, the names of a CNAME chain among them.
    return found.flat().filter(isAddress);
  };
}

function none(error: unknown): readonly string[] {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && NOTHING.has(code)) return [];
  throw error;
}
