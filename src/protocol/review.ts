/**
 * A client's review of a job: kind 31117, "DVM job review", as proposed to the registry of kinds and in use between NIP-90
 * marketplaces. It is addressable with the id of the request as `d`, so a client has one review of a job: the newest.
 */
import { REVIEW_MAX_EVENT_BYTES } from '../limits.ts';
import { type EventTemplate, type NostrEvent, tagValue, tagValues } from '../nostr/event.ts';
import { isHex32 } from '../nostr/hex.ts';
import { KIND } from '../nostr/kinds.ts';
import { utf8Bytes } from './size.ts';

/** The best and the worst there is. */
export const RATING_MAX = 5;
export const RATING_MIN = 1;

/** What a review says. Whether its author may say it is for {@link file://../job/reviewing.ts} to find out. */
export interface Review {
  readonly jobId: string;
  /** Public key of the agent that it says did the job. */
  readonly agentPubkey: string;
  /** {@link RATING_MIN} to {@link RATING_MAX}, whole. */
  readonly rating: number;
  readonly text: string;
}

/** Reads a review, or null where the event is none. Reviews of clients by agents (`role` `provider`) are none. */
export function readReview(event: NostrEvent): Review | null {
  if (event.kind !== KIND.jobReview) return null;
  const jobId = tagValue(event, 'd') ?? '';
  const agentPubkey = tagValue(event, 'p') ?? '';
  const rating = Number(/^[1-5]$/.exec(tagValue(event, 'rating') ?? '')?.[0]);
  const role = tagValue(event, 'role') ?? 'customer';
  if (!isHex32(jobId) || !isHex32(agentPubkey) || Number.isNaN(rating) || role !== 'customer') return null;
  if (utf8Bytes(JSON.stringify(event)) > REVIEW_MAX_EVENT_BYTES) return null;
  return { jobId, agentPubkey, rating, text: event.content };
}

/** A review to be signed by the client. @param kind of the request, as `k` and by the proposal's own name */
export function reviewTemplate(review: Review, kind: number, now_s: number): EventTemplate {
  return {
    kind: KIND.jobReview,
    created_at: now_s,
    tags: [
      ['d', review.jobId],
      ['p', review.agentPubkey],
      ['rating', String(review.rating)],
      ['role', 'customer'],
      ['k', String(kind)],
      ['kind', String(kind)],
    ],
    content: review.text,
  };
}

/** Which reviews a deletion (NIP-09) takes back: events by id, and jobs whose reviews up to its own time it means. */
export interface TakenBack {
  readonly eventIds: readonly string[];
  readonly jobIds: readonly string[];
}

/** Reads that. A deletion that names kinds (`k`) and not this one means no reviews. */
export function takenBackBy(deletion: Pick<NostrEvent, 'pubkey' | 'tags'>): TakenBack {
  const kinds = tagValues(deletion, 'k');
  const means = kinds.length === 0 || kinds.includes(String(KIND.jobReview));
  const prefix = `${KIND.jobReview}:${deletion.pubkey}:`;
  return {
    eventIds: means ? tagValues(deletion, 'e').filter(isHex32) : [],
    jobIds: tagValues(deletion, 'a')
      .filter((address) => address.startsWith(prefix))
      .map((address) => address.slice(prefix.length))
      .filter(isHex32),
  };
}

/** Whether a deletion names the address of a review of its author: a cheap look. */
export function namesReview(deletion: Pick<NostrEvent, 'pubkey' | 'tags'>): boolean {
  return takenBackBy(deletion).jobIds.length > 0;
}
