/** ETags for what clients keep and ask about again. */
import { etag, RETAINED_304_HEADERS } from 'hono/etag';

/**
 * Gives an answer an ETag (unless the route set one) and answers 304 to who has it. A browser checks a 304 against
 * CORS as it does a 200, so that one keeps these headers too.
 */
export const revalidated = etag({
  retainedHeaders: [...RETAINED_304_HEADERS, 'access-control-allow-origin', 'access-control-expose-headers'],
});
