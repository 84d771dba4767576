/** Reviews in the shapes of the API. */
import * as z from 'zod';
import { REVIEW_MAX_CHARS } from '../limits.ts';
import type { StoredReview } from '../store/reviews.ts';
import type { Review } from './schemas-reviews.ts';

export type ReviewView = z.infer<typeof Review>;

/** What the record keeps was parsed before it was stored; this only gives it a type again. */
const storedEvent = z.looseObject({ content: z.string() });

/** A review as the public may see it. */
export function reviewView(review: StoredReview): ReviewView {
  const event = storedEvent.parse(JSON.parse(review.eventJson));
  return {
    job: review.jobId,
    client: review.client,
    rating: review.rating,
    text: event.content.slice(0, REVIEW_MAX_CHARS),
    created_at_s: review.createdAt_s,
    paid: review.paid,
    event,
  };
}
