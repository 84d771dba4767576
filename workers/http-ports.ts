/** What the HTTP side asks of this Worker. */
import { waitUntil } from 'cloudflare:workers';
import { embeddedRelayUrl } from '../src/config.ts';
import { JobError } from '../src/errors.ts';
import { jobById } from '../src/http/find-job.ts';
import type { HttpPorts } from '../src/http/ports.ts';
import { ERASE_LOOK_MS, ERASE_PATIENCE_MS } from '../src/limits.ts';
import { linkGroups } from '../src/link/shard.ts';
import { isDevelopmentMoney, operatorWallet } from '../src/payment/operator-wallet.ts';
import { partiesOf } from '../src/protocol/route.ts';
import { relayInformation } from '../src/relay/information.ts';
import { openDb } from '../src/store/db.ts';
import type { JobRecord } from '../src/store/job-record.ts';
import { VERSION } from '../src/version.ts';
import { accountPorts } from './account-http.ts';
import { servedCard } from './announcer.ts';
import { pageAssets } from './assets.ts';
import { sessionOf, sessionsOf } from './dispatch.ts';
import { doorOf } from './door.ts';
import type { Env } from './env.ts';
import { listingPorts } from './listing-ports.ts';
import { marketplaceOf } from './marketplace.ts';
import { modelFiguresOf } from './models.ts';
import { operatorPorts } from './operator-http.ts';
import { keyRing, pursesOf } from './purses.ts';
import { offeredQuote } from './quotes.ts';
import type { AgentSessionRpc } from './rpc.ts';
import { walletOf } from './wallet.ts';
import { paymentDoor } from './zaps.ts';

export function httpPorts(env: Env): HttpPorts {
  const { config, ownKeys } = marketplaceOf(env);
  const relay = () => env.RELAY.getByName('main');
  const hasWallet = operatorWallet(config) !== null;
  // A session of an agent that was taken away has nobody to speak for it; the record is all there is.
  const sessionAt = (name: string | null) =>
    name === null || marketplaceOf(env).agentByPubkey(partiesOf(name)?.agent ?? '') === undefined
      ? undefined
      : env.SESSION.getByName(name);
  const db = openDb(env.DB);
  const account = accountPorts(env);
  async function liveJob(id: string, recorded: string | null): Promise<JobRecord | undefined> {
    const live = await sessionAt(recorded)?.record(id);
    // It may have gone on to another agent since that was recorded.
    return live ?? (await sessionAt(await sessionOf(env, id))?.record(id)) ?? undefined;
  }
  return {
    publicUrl: config.publicUrl,
    relays: [embeddedRelayUrl(config), ...config.relays],
    kinds: config.kinds,
    marketplacePubkey: ownKeys.publicKey,
    get agents() {
      return marketplaceOf(env).agents;
    },
    listings: listingPorts(env),
    developmentMoney: isDevelopmentMoney(config),
    assets: pageAssets(),
    arena: config.arena,
    draining: config.draining,
    account,
    db,
    operator: operatorPorts(env),
    clock: Date.now,
    operatorPubkey: config.operatorPubkey,
    wallet: hasWallet ? walletOf(env) : null,
    newRequestId: () => crypto.randomUUID(),
    background: waitUntil,
    log({ level, message, requestId, error }) {
      console[level](message, requestId, error);
    },
    relayInformation: () => relayInformation(config, VERSION),
    card: (agent) => servedCard(env, agent),
    liveJob,
    door: doorOf(env, (id) => jobById({ db, liveJob }, id)),
    purses: pursesOf(env, account),
    keyRing: keyRing(env),
    quote: (agent, body, client) => offeredQuote(marketplaceOf(env), agent, body, client),
    async verdict(jobId) {
      const filter = { kinds: [config.kinds.verdict], authors: [ownKeys.publicKey], '#e': [jobId] };
      return (await relay().query([filter], 1))[0] ?? null;
    },
    jobEvents: (id, afterSeq, live) => relay().jobEvents(id, afterSeq, live),
    async eraseJob(job) {
      for (const name of new Set([job.session, ...(await sessionsOf(env, job.id))])) {
        const session = env.SESSION.getByName(name);
        // The first call ends a job that still runs; what has ended, the next erases.
        await session.cancel(job.id, job.client);
        await ended(session, job.id);
        await session.cancel(job.id, job.client);
      }
      // The session retracts the answers, which are its own. The request is the client's, and it has just signed for it.
      await relay().withdraw([job.id, job.requestEventId]);
    },
    runs: {
      record: async (session, jobId, after) => (await sessionAt(session)?.teamRecord(jobId, after)) ?? null,
      artifact: async (session, jobId, sha256) => (await sessionAt(session)?.artifact(jobId, sha256)) ?? null,
    },
    payments: paymentDoor(env),
    async links() {
      const groups = linkGroups(config.relays).filter(({ urls }) => urls.length > 0);
      const status = await Promise.all(groups.map(({ name }) => env.LINKS.getByName(name).status()));
      return status.flat();
    },
    walletStatus: async () => (hasWallet ? await env.WALLET.getByName('main').status() : null),
    modelFigures: () => modelFiguresOf(env),
    relayStats: () => relay().stats(),
  };
}

/**
 * Waits for a run that was called off: it first hears what its steps have cost.
 *
 * @throws JobError SERVICE_UNAVAILABLE when that takes too long: nothing is erased yet
 */
async function ended(session: Pick<AgentSessionRpc, 'record'>, jobId: string): Promise<void> {
  for (let waited_ms = 0; (await session.record(jobId))?.phase === 'running'; waited_ms += ERASE_LOOK_MS) {
    if (waited_ms >= ERASE_PATIENCE_MS) {
      throw new JobError('SERVICE_UNAVAILABLE', 'the job is called off, and not over yet: ask again', {
        retry_after_s: 5,
      });
    }
    await scheduler.wait(ERASE_LOOK_MS);
  }
}
