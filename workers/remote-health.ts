/**
 * How endpoints of owners are: told by what becomes of their jobs. Failures in a row pause a listing, which its owner sees
 * with the reason; a probe that succeeds, later or when its owner asks, opens it again.
 */
import { endpointOf, parsed } from '../src/agent/listing/prepare.ts';
import { type OwnerVault, ownerVault } from '../src/agent/listing/secrets.ts';
import { probeRemote } from '../src/agent/remote/probe.ts';
import type { RemoteDeps } from '../src/agent/remote/remote.ts';
import { systemClock } from '../src/clock.ts';
import { JobError } from '../src/errors.ts';
import {
  REMOTE_FAILURES_TO_PAUSE,
  REMOTE_HEAD_TIMEOUT_MS,
  REMOTE_MAX_ANSWER_BYTES,
  REMOTE_PROBE_AFTER_MS,
  REMOTE_PROBE_TIMEOUT_MS,
  REMOTE_PROBES_AT_ONCE,
} from '../src/limits.ts';
import { guardedCaller } from '../src/net/guarded-call.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { openDb } from '../src/store/db.ts';
import {
  changeListing,
  countFailure,
  forgetFailures,
  type ListingRow,
  listingById,
} from '../src/store/listings.ts';
import type { Env } from './env.ts';
import { freshListings, knownListings } from './listings.ts';
import { marketplaceOf } from './marketplace.ts';
import { guardedFetch } from './outbound.ts';

const vaults = new WeakMap<Env, OwnerVault>();

/** What a job of a remote agent is done with. @throws JobError where the listing is gone */
export async function remoteDeps(env: Env, agent: KeyedAgent, attempt: number): Promise<RemoteDeps> {
  const row = await listingById(openDb(env.DB), agent.listed?.id ?? '');
  if (row === undefined) throw new JobError('SERVICE_UNAVAILABLE', 'this agent is not here any more');
  return {
    secret: secretOf(env, row),
    keys: marketplaceOf(env).keysOf(agent),
    attempt,
    fetch: (signal) => caller(env, signal, REMOTE_HEAD_TIMEOUT_MS),
    outcome: (failure) => noted(env, row, failure),
  };
}

/** Asks an endpoint whether it is there; null when it is, else why not. */
export async function probeEndpoint(env: Env, row: ListingRow): Promise<string | null> {
  const { remote } = parsed(JSON.parse(row.specJson));
  const agent = marketplaceOf(env).agentByPubkey(row.pubkey);
  if (remote === undefined || agent === undefined) return null;
  const signal = AbortSignal.timeout(REMOTE_PROBE_TIMEOUT_MS);
  const { keysOf } = marketplaceOf(env);
  try {
    await probeRemote(remote, {
      secret: secretOf(env, row),
      keys: keysOf(agent),
      fetch: caller(env, signal, REMOTE_PROBE_TIMEOUT_MS),
      now_ms: systemClock(),
    });
    return null;
  } catch (error) {
    if (error instanceof JobError) return error.message;
    throw error;
  }
}

/** Probes those that failures have paused, a few each minute. Never rejects. */
export async function probePaused(env: Env): Promise<void> {
  const now_ms = systemClock();
  const due = [...knownListings(env).values()]
    .filter(({ state, probeAt_ms }) => state === 'paused' && probeAt_ms !== null && probeAt_ms <= now_ms)
    .slice(0, REMOTE_PROBES_AT_ONCE);
  await Promise.all(
    due.map((row) => probeAgain(env, row).catch((error) => console.error('probing failed', row.slug, error))),
  );
  if (due.length > 0) await freshListings(env, 0);
}

async function probeAgain(env: Env, row: ListingRow): Promise<void> {
  const problem = await probeEndpoint(env, row);
  const db = openDb(env.DB);
  const now_ms = systemClock();
  const current = await listingById(db, row.id);
  // Its owner may have paused it meanwhile.
  if (current?.state !== 'paused' || current.pausedBy !== 'failures') return;
  const change =
    problem === null
      ? ({ state: 'live', pausedBy: null, reason: null, failures: 0, probeAt_ms: null } as const)
      : { probeAt_ms: now_ms + REMOTE_PROBE_AFTER_MS };
  await changeListing(db, row.id, change, ['paused'], now_ms);
}

/** What became of a job. That it could not be noted is no reason for the job to fail. */
async function noted(env: Env, row: ListingRow, failure: JobError | null): Promise<void> {
  const db = openDb(env.DB);
  try {
    if (failure === null) {
      if (row.failures > 0) await forgetFailures(db, row.id);
      return;
    }
    const failures = await countFailure(db, row.id);
    if (failures < REMOTE_FAILURES_TO_PAUSE) return;
    const now_ms = systemClock();
    const reason = `its endpoint failed ${failures} times in a row, last: ${failure.message}`;
    const change = {
      state: 'paused',
      pausedBy: 'failures',
      reason,
      probeAt_ms: now_ms + REMOTE_PROBE_AFTER_MS,
    } as const;
    if (await changeListing(db, row.id, change, ['live'], now_ms)) await freshListings(env, 0);
  } catch (error) {
    console.error('what became of an endpoint was not noted', row.slug, error);
  }
}

function secretOf(env: Env, row: ListingRow): string | null {
  const endpoint = endpointOf(parsed(JSON.parse(row.specJson)));
  if (row.sealed === null || endpoint === null) return null;
  let vault = vaults.get(env);
  if (vault === undefined) {
    vault = ownerVault(marketplaceOf(env).config.masterSecret);
    vaults.set(env, vault);
  }
  return vault.open(row.sealed, { listing: row.id, origin: new URL(endpoint).origin });
}

function caller(env: Env, signal: AbortSignal, headTimeout_ms: number): typeof fetch {
  return guardedCaller({ ...guardedFetch(env), maxBytes: REMOTE_MAX_ANSWER_BYTES, headTimeout_ms, signal });
}
