/**
 * Whether a review counts: only the client of a job that was delivered and paid, or free, may say how it was. A review by
 * anybody else changes nothing.
 */
import { RELAY_CREATED_AT_FUTURE_S, REVIEW_PATIENCE_MS } from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { KeyedAgent } from '../protocol/agent.ts';
import { isFree } from '../protocol/prices.ts';
import { readReview, takenBackBy } from '../protocol/review.ts';
import type { Db } from '../store/db.ts';
import type { JobRecord } from '../store/job-record.ts';
import { findJob } from '../store/jobs.ts';
import { putReview, settlementOf, withdrawReviewEvent, withdrawReviewOf } from '../store/reviews.ts';
import { isFinal } from './types.ts';

export interface ReviewingPorts {
  readonly db: Db;
  /** Unix ms. */
  readonly now_ms: number;
  agentBySlug(slug: string): KeyedAgent | undefined;
}

/** The record lags behind: the review may count a moment later, and has to come again. */
export class ReviewTooEarly extends Error {
  override readonly name = 'ReviewTooEarly';
}

/**
 * Takes a review, or drops it. Repeat-safe.
 *
 * @throws ReviewTooEarly when the record may not be told yet that the job is over
 */
export async function takeReview(event: NostrEvent, ports: ReviewingPorts): Promise<void> {
  const review = readReview(event);
  const age_ms = ports.now_ms - event.created_at * 1_000;
  if (review === null || age_ms < -RELAY_CREATED_AT_FUTURE_S * 1_000) return;
  const job = await findJob(ports.db, review.jobId);
  if (job !== undefined && (job.client !== event.pubkey || isNoDelivery(job))) return;
  const money = job === undefined || !isFinal(job.phase) ? 'early' : await moneyOf(job, ports);
  if (job === undefined || money === 'early') {
    if (Math.abs(age_ms) < REVIEW_PATIENCE_MS)
      throw new ReviewTooEarly(`the job ${review.jobId} is not over yet`);
    return;
  }
  // A job that went on to another agent is rated as that one's work.
  if (ports.agentBySlug(job.agent)?.pubkey !== review.agentPubkey) return;
  await putReview(ports.db, {
    jobId: job.id,
    agent: job.agent,
    client: job.client,
    rating: review.rating,
    eventJson: JSON.stringify(event),
    eventId: event.id,
    createdAt_s: event.created_at,
    takenAt_ms: ports.now_ms,
    paid: money === 'paid',
    listed: job.sealing !== 'giftwrap',
  });
}

function isNoDelivery({ phase }: JobRecord): boolean {
  return isFinal(phase) && phase !== 'delivered';
}

async function moneyOf(job: JobRecord, ports: ReviewingPorts): Promise<'paid' | 'free' | 'early'> {
  const settlement = await settlementOf(ports.db, `${job.agent}:${job.id}`);
  if (settlement.type === 'closed') return settlement.paid ? 'paid' : 'free';
  if (settlement.type === 'open') return 'early';
  const agent = ports.agentBySlug(job.agent);
  // The books of a priced job may be on their way to the record. That long after its end they are not.
  const ended_ms = ports.now_ms - (job.closedAt_ms ?? ports.now_ms);
  const isFreeAgent = agent === undefined || isFree(agent.prices);
  return isFreeAgent || ended_ms > REVIEW_PATIENCE_MS ? 'free' : 'early';
}

/** Takes back the reviews a deletion (NIP-09) means, which can only be its author's. Repeat-safe. */
export async function takeBackReviews(
  deletion: Pick<NostrEvent, 'pubkey' | 'created_at' | 'tags'>,
  { db, now_ms }: Pick<ReviewingPorts, 'db' | 'now_ms'>,
  limit: number,
): Promise<void> {
  const { eventIds, jobIds } = takenBackBy(deletion);
  const { pubkey, created_at } = deletion;
  for (const eventId of eventIds.slice(0, limit)) await withdrawReviewEvent(db, eventId, pubkey);
  for (const jobId of jobIds.slice(0, limit)) {
    const job = await findJob(db, jobId);
    if (job?.client !== pubkey) continue;
    await withdrawReviewOf(db, { jobId, agent: job.agent, client: pubkey, takenAt_ms: now_ms }, created_at);
  }
}
