/** What the tool `hire_agent` stands on: the jobs one run has hired, in an object of their own. */
import type { HirePlace } from '../src/agent/hire/desk.ts';
import { loopClock } from '../src/agent/loop/clock.ts';
import { RunPaused } from '../src/agent/loop/outcome.ts';
import type { Hiring } from '../src/agent/team/work/ports.ts';
import type { HireOutcome } from '../src/agent/tools/hire.ts';
import { readPerson } from '../src/agent/tools/nostr-read.ts';
import { normalizeRelayUrl } from '../src/config.ts';
import { JobError } from '../src/errors.ts';
import { HIRE_ASK_MS, HIRE_MAX_RELAYS } from '../src/limits.ts';
import type { KeyPair } from '../src/nostr/event.ts';
import { isHex32 } from '../src/nostr/hex.ts';
import { conversationKey } from '../src/nostr/nip44.ts';
import { CurveError } from '../src/nostr/schnorr.ts';
import { type Msats, msatsSchema, ZERO_MSATS } from '../src/payment/msats.ts';
import type { Env } from './env.ts';
import { isSafeRelay } from './input-ports.ts';
import { marketplaceOf } from './marketplace.ts';
import { guardedFetch } from './outbound.ts';
import { readRelaysOf } from './relays.ts';
import { EMBEDDED } from './rpc.ts';

/** What a step gives its hires. */
export interface HireTerms {
  /** What all of them may cost together. */
  readonly limit: Msats;
  /** When nobody waits for one any more, Unix ms. */
  readonly latest_ms: number;
  /** Whether the step is over for good, so that nothing more is to be paid. */
  isOver(): boolean;
}

/**
 * @param run names all hires that share the budget, for good: a journal
 * @param signal aborts when the drive is over: nobody waits any more, and the hires go on
 * @returns null where there is no wallet to pay from
 */
export function hiring(
  env: Env,
  run: string,
  { limit, latest_ms, isOver }: HireTerms,
  signal: AbortSignal,
): Hiring | null {
  if (marketplaceOf(env).hiringKeys === null) return null;
  // A new stub for each call: one that met a crash of the object stays broken.
  const jobs = () => env.HIRED.getByName(run);
  return {
    budget: {
      async setAside(key, most) {
        const set = await jobs().setAside(limit.toString(), key, most.toString());
        return set === null ? null : msatsSchema.parse(set);
      },
      settle: (key, cost) => jobs().settle(limit.toString(), key, cost.toString()),
      remaining: async () => msatsSchema.parse(await jobs().remaining(limit.toString())),
    },
    spent: async () => msatsSchema.parse(await (isOver() ? jobs().close() : jobs().spent())),
    port: {
      async hire(key, wish): Promise<HireOutcome> {
        const place = await placeOf(env, wish.agent);
        if ('refused' in place) return { type: 'failed', reason: place.refused, cost_msats: ZERO_MSATS };
        for (;;) {
          const { most_msats } = wish;
          const outcome = await jobs().hire(
            key,
            { ...wish, most_msats: most_msats.toString() },
            place,
            latest_ms,
          );
          if (outcome !== null) return { ...outcome, cost_msats: msatsSchema.parse(outcome.cost_msats) };
          if (signal.aborted) {
            throw new RunPaused({ reason: 'waiting', what: 'the result of a hired agent' });
          }
          await loopClock.sleep(HIRE_ASK_MS, signal);
        }
      },
    },
  };
}

/** Whom to ask, and where. */
async function placeOf(env: Env, name: string): Promise<HirePlace | { readonly refused: string }> {
  const { config, hiringKeys, agentByPubkey, ownRelays } = marketplaceOf(env);
  const person = personOf(name);
  if (person === null || hiringKeys === null || !isKey(person.pubkey, hiringKeys))
    return { refused: 'an agent is named by its npub, its nprofile, or its key in hex' };
  // They are paid by the same wallet, and could hire each other for ever.
  if (agentByPubkey(person.pubkey) !== undefined)
    return { refused: 'agents of this marketplace are not hired' };
  const guarded = guardedFetch(env);
  const hints = person.relays.filter((url) => isSafeRelay(url, guarded)).map(normalizeRelayUrl);
  const read = await readRelaysOf(env, person.pubkey, EMBEDDED);
  const relays = [...new Set([...hints, ...read, ...config.relays])].filter((url) => !ownRelays.has(url));
  return { agent: person.pubkey, relays: relays.slice(0, HIRE_MAX_RELAYS) };
}

/** Not every 32 bytes are a point of the curve, and nothing can be sealed for one that is none. */
function isKey(pubkey: string, keys: KeyPair): boolean {
  try {
    conversationKey(keys, pubkey);
    return true;
  } catch (error) {
    if (error instanceof CurveError) return false;
    throw error;
  }
}

function personOf(name: string): { readonly pubkey: string; readonly relays: readonly string[] } | null {
  const text = name.trim().replace(/^nostr:/, '');
  if (isHex32(text.toLowerCase())) return { pubkey: text.toLowerCase(), relays: [] };
  try {
    return readPerson(text);
  } catch (error) {
    if (error instanceof JobError) return null;
    throw error;
  }
}
