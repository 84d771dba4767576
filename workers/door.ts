/** What the doors for programs ask of this Worker: sessions, the embedded relay, accounts, the record. */
import { systemClock } from '../src/clock.ts';
import { embeddedRelayUrl } from '../src/config.ts';
import { Door } from '../src/door/door.ts';
import type { DoorPorts } from '../src/door/ports.ts';
import { purseKeys } from '../src/nostr/keys.ts';
import { msatsSchema, ZERO_MSATS } from '../src/payment/msats.ts';
import { openDb } from '../src/store/db.ts';
import { recallRequest, rememberRequest } from '../src/store/door-requests.ts';
import type { JobRecord } from '../src/store/job-record.ts';
import { dispatch, sessionOf } from './dispatch.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import { quoteOf } from './quotes.ts';
import { EMBEDDED } from './rpc.ts';
import { after } from './timers.ts';

/** @param jobById a job as it stands, from its session or the record */
export function doorPorts(env: Env, jobById: (id: string) => Promise<JobRecord | undefined>): DoorPorts {
  const { config } = marketplaceOf(env);
  const relay = () => env.RELAY.getByName('main');
  const db = openDb(env.DB);

  async function publish(event: Parameters<DoorPorts['publish']>[0]): Promise<void> {
    const [outcome] = await relay().publish([event]);
    if (outcome?.ok !== true) throw new Error(`the embedded relay refused an event: ${outcome?.reason}`);
  }

  return {
    now: systemClock,
    kinds: config.kinds,
    relay: embeddedRelayUrl(config),
    get agents() {
      return marketplaceOf(env).agents;
    },
    purseKeys: (id) => purseKeys(config.masterSecret, id),
    after,
    log: (what, error) => console.error(what, error),
    quote: (agent, body) => quoteOf(marketplaceOf(env), agent, body, 0)?.max ?? ZERO_MSATS,
    credit: async (client) => msatsSchema.parse(await env.ACCOUNT.getByName(client).credit()),
    async take(event) {
      // By us, because the purse has proved its key here (NIP-42 does so for others); then shown, so that it can be found.
      await dispatch(env, { event, via: EMBEDDED, authenticated: [event.pubkey] });
      await publish(event);
    },
    publish,
    async credited(jobId) {
      const session = await sessionOf(env, jobId);
      if (session !== null) await env.SESSION.getByName(session).credited(jobId);
    },
    jobEvents: (jobId, cursor, live) => relay().jobEvents(jobId, cursor, live),
    job: jobById,
    remember: (client, key, request, instead) =>
      rememberRequest(db, client, key, request, instead, systemClock()),
    recall: (client, key) => recallRequest(db, client, key),
  };
}

/** The door of this Worker. */
export function doorOf(env: Env, jobById: (id: string) => Promise<JobRecord | undefined>): Door {
  return new Door(doorPorts(env, jobById));
}
