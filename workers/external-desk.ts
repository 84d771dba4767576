/** The desk of a session whose agent lives on Nostr, with its way to the hires. */
import { ExternalDesk } from '../src/agent/external/desk.ts';
import { mostFor } from '../src/agent/external/order.ts';
import type { HireState } from '../src/agent/external/ports.ts';
import type { ExternalRun } from '../src/agent/external/store.ts';
import type { HireJob } from '../src/agent/hire/job.ts';
import { systemClock } from '../src/clock.ts';
import { normalizeRelayUrl } from '../src/config.ts';
import { JobError } from '../src/errors.ts';
import type { Moved } from '../src/job/long-work.ts';
import { HIRE_MAX_RELAYS } from '../src/limits.ts';
import { openDb } from '../src/store/db.ts';
import { changeListing } from '../src/store/listings.ts';
import type { Sql } from '../src/store/sql.ts';
import type { Env } from './env.ts';
import type { HireView } from './hire-rpc.ts';
import { isSafeRelay } from './input-ports.ts';
import { freshListings } from './listings.ts';
import { marketplaceOf } from './marketplace.ts';
import { guardedFetch } from './outbound.ts';
import { readRelaysOf } from './relays.ts';
import { EMBEDDED } from './rpc.ts';

/** The hires of a run have their name from it; that of an external job tells whose it is. */
const PREFIX = 'external';
/** An external job hires once. */
const KEY = 'job';

/**
 * @param parties public keys of agent and client, from the session's name
 * @param move feeds a change back to the session
 * @returns null when the agent is no external one, or not here any more
 */
export function externalDesk(
  env: Env,
  ctx: DurableObjectState,
  sql: Sql,
  parties: { readonly agent: string },
  move: (jobId: string, how: () => Moved | null) => void,
): ExternalDesk | null {
  if (marketplaceOf(env).agentByPubkey(parties.agent)?.runtime !== 'external') return null;
  const session = ctx.id.name ?? '';
  // A new stub for each call: one that met a crash of the object stays broken.
  const jobs = (jobId: string) => env.HIRED.getByName(`${PREFIX} ${jobId} ${session}`);
  return new ExternalDesk(sql, {
    clock: systemClock,
    terms() {
      const { config, agentByPubkey } = marketplaceOf(env);
      const agent = agentByPubkey(parties.agent);
      if (agent?.external === undefined)
        throw new JobError('SERVICE_UNAVAILABLE', 'this agent is not here any more');
      const { slug, external: settings, timeLimit_ms } = agent;
      return {
        ...{ slug, settings, timeLimit_ms },
        feeTerms: (named, funded_msats) => mostFor(named, funded_msats, config.feeParts),
      };
    },
    async hire(jobId, run) {
      const known = await jobs(jobId).look(KEY);
      if (known !== null) return stateOf(known);
      await order(env, jobs(jobId), run);
      return stateOf(await jobs(jobId).look(KEY));
    },
    async close(jobId) {
      await jobs(jobId).close();
      return stateOf(await jobs(jobId).look(KEY));
    },
    forget: (jobId) => jobs(jobId).forget(),
    async failed(reason) {
      const id = marketplaceOf(env).agentByPubkey(parties.agent)?.listed?.id ?? '';
      const said = `the hired agent took money and delivered nothing: ${reason.slice(0, 100)}`;
      const change = { state: 'paused', pausedBy: 'failures', reason: said } as const;
      if (await changeListing(openDb(env.DB), id, change, ['live'], systemClock()))
        await freshListings(env, 0);
    },
    move,
    defer: (work) => ctx.waitUntil(work),
    log: (what, jobId, error) => console.error(what, jobId, error),
  });
}

/** Tells the session of an external job that its hire has changed; of other hires nobody is told. Never rejects. */
export function tellSession(env: Env, run: string, job: HireJob): void {
  const [prefix, jobId, session] = run.split(' ');
  if (prefix !== PREFIX || jobId === undefined || session === undefined) return;
  // What it finds is stored by now. Where it cannot be reached, it looks by itself.
  env.SESSION.getByName(session)
    .hireChanged(jobId)
    .catch((error: unknown) => console.warn('a session was not told of its hire', job.key, error));
}

async function order(env: Env, jobs: ReturnType<Env['HIRED']['getByName']>, run: ExternalRun): Promise<void> {
  const { hiringKeys, ownRelays, config } = marketplaceOf(env);
  if (hiringKeys === null) throw new JobError('SERVICE_UNAVAILABLE', 'there is no wallet to hire with');
  if (run.way === null) return;
  const guarded = guardedFetch(env);
  const named = run.relays.filter((url) => isSafeRelay(url, guarded)).map(normalizeRelayUrl);
  const read = await readRelaysOf(env, run.agent, EMBEDDED);
  const relays = [...new Set([...named, ...read, ...config.relays])].filter((url) => !ownRelays.has(url));
  const place = { agent: run.agent, relays: relays.slice(0, HIRE_MAX_RELAYS), way: run.way };
  const wish = { agent: run.agent, task: '', most_msats: run.most_msats };
  await jobs.hire(KEY, wish, place, run.until_ms);
}

/** @param view null where nobody was hired before it was called off */
function stateOf(view: HireView | null): HireState {
  if (view === null) {
    return {
      outcome: { content: null, reason: 'called off', paid_msats: 0 },
      news: null,
      committed_msats: 0,
    };
  }
  const { outcome, news, committed } = view;
  if (outcome === null) return { outcome: null, news, committed_msats: Number(committed) };
  const paid_msats = Number(outcome.cost_msats);
  const content = outcome.type === 'result' ? outcome.content : null;
  const reason = outcome.type === 'failed' ? outcome.reason : '';
  return { outcome: { content, reason, paid_msats }, news, committed_msats: paid_msats };
}
