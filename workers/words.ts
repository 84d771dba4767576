/** What clients say to teams at work by Nostr: from any relay to the run's session. */
import { systemClock } from '../src/clock.ts';
import { type HearingPorts, hearComment, hearMessage } from '../src/job/hearing.ts';
import { JOB_REQUEST_MAX_AGE_S, WORDS_MAX_RUNS } from '../src/limits.ts';
import { type NostrEvent, type Rumor, tagValues } from '../src/nostr/event.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { route } from '../src/protocol/route.ts';
import { openDb } from '../src/store/db.ts';
import { runsUnderWay } from '../src/store/runs.ts';
import { isBlocked } from './blocked.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import { queryFrom } from './relays.ts';
import { EMBEDDED } from './rpc.ts';

/** Whether a comment may be a word to a team: a cheap look. */
export function mayBeWords(env: Env, comment: NostrEvent): boolean {
  const { agentByPubkey, commentedKinds } = marketplaceOf(env);
  if (commentedKinds.size === 0 || agentByPubkey(comment.pubkey) !== undefined) return false;
  if (tagValues(comment, 'E').length + tagValues(comment, 'e').length === 0) return false;
  const kinds = [...tagValues(comment, 'K'), ...tagValues(comment, 'k')];
  // NIP-22 wants both kinds named; a comment that names none is looked up.
  return kinds.length === 0 || kinds.some((kind) => commentedKinds.has(Number(kind)));
}

/** Finds the session of who says something. */
export type FindSession = (jobId: string) => Promise<string | null>;

/** A direct message to a team (NIP-17), out of its gift wrap. Repeat-safe; rejects when it has to come again. */
export async function takeMessage(
  env: Env,
  message: Rumor,
  team: KeyedAgent,
  via: string,
  sessionOf: FindSession,
): Promise<void> {
  if (await isBlocked(env, message.pubkey)) return;
  await hearMessage(message, team, hearingPorts(env, via, sessionOf));
}

/** A verified comment (NIP-22). Repeat-safe; rejects when it has to come again. */
export async function takeComment(
  env: Env,
  comment: NostrEvent,
  via: string,
  sessionOf: FindSession,
): Promise<void> {
  if (!mayBeWords(env, comment) || (await isBlocked(env, comment.pubkey))) return;
  await hearComment(comment, hearingPorts(env, via, sessionOf));
}

function hearingPorts(env: Env, via: string, sessionOf: FindSession): HearingPorts {
  const { known, agentByPubkey, config } = marketplaceOf(env);
  const now_ms = systemClock();
  return {
    now_ms,
    agentByPubkey,
    find: (id) => env.RELAY.getByName('main').find(id),
    sessionOf,
    runs: (slug, client) => runsUnderWay(openDb(env.DB), slug, client, WORDS_MAX_RUNS),
    async isExpected(id) {
      // What the embedded relay holds was looked at to find the session.
      if (via === EMBEDDED) return false;
      const [request] = await queryFrom(env, via, [{ ids: [id], limit: 1 }], 1);
      if (request === undefined || request.created_at < now_ms / 1_000 - JOB_REQUEST_MAX_AGE_S) return false;
      const candidates = route(request, known, config.kinds)?.candidates ?? [];
      return candidates.some(({ runtime }) => runtime === 'team');
    },
    steer: (session, jobId, author, words) => env.SESSION.getByName(session).steer(jobId, author, words),
  };
}
