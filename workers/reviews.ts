/** Reviews and what takes them back: from any relay to the record. */
import { systemClock } from '../src/clock.ts';
import { takeBackReviews, takeReview } from '../src/job/reviewing.ts';
import { JOB_MAX_CALLED_OFF } from '../src/limits.ts';
import { type NostrEvent, type Rumor, tagValues } from '../src/nostr/event.ts';
import { KIND } from '../src/nostr/kinds.ts';
import { openDb } from '../src/store/db.ts';
import { isBlocked } from './blocked.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';

/** Whether an event may be a review of a job of ours: a cheap look. */
export function mayBeReview(env: Env, event: NostrEvent): boolean {
  const { agentByPubkey } = marketplaceOf(env);
  return (
    event.kind === KIND.jobReview &&
    agentByPubkey(event.pubkey) === undefined &&
    tagValues(event, 'p').some((pubkey) => agentByPubkey(pubkey) !== undefined)
  );
}

/** A verified review. Repeat-safe; rejects when it has to come again. */
export async function takeReviewOf(env: Env, event: NostrEvent): Promise<void> {
  if (await isBlocked(env, event.pubkey)) return;
  const { agentBySlug } = marketplaceOf(env);
  await takeReview(event, { db: openDb(env.DB), now_ms: systemClock(), agentBySlug });
}

/** What a deletion takes back of reviews. Repeat-safe. */
export async function takeBack(env: Env, deletion: Rumor): Promise<void> {
  await takeBackReviews(deletion, { db: openDb(env.DB), now_ms: systemClock() }, JOB_MAX_CALLED_OFF);
}
