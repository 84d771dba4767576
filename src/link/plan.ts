/** What is asked of every followed relay: a pure plan from the agents there are. */
import {
  JOB_REQUEST_MAX_AGE_S,
  LINK_MAX_WRAPPED,
  LINK_OVERLAP_S,
  LINK_PAGE_EVENTS,
  LINK_WORDS_MAX_AGE_S,
  LINK_WRAP_WINDOW_S,
  REVIEW_MAX_AGE_S,
} from '../limits.ts';
import type { Filter } from '../nostr/filter.ts';
import { KIND } from '../nostr/kinds.ts';

/** Read anew for each subscription: agents come and go. */
export interface LinkInterest {
  /** Public keys of our agents. */
  readonly agents: readonly string[];
  /** Those of them that are zapped at other providers; nobody, where it is left out. */
  readonly zapped?: readonly string[];
  /** Request kinds any agent takes: the agent NIP's kind and NIP-90's. */
  readonly requestKinds: readonly number[];
  /** Kinds of events under which a comment may be meant for a team; none, where it is left out. */
  readonly commentedKinds?: readonly number[];
  /** Public key of our MCP server; none, where it is left out. */
  readonly server?: string;
}

/**
 * - `requests`: jobs, whether addressed to us or open. What is addressed to others is dropped on arrival: a
 *   second filter by `p` would only make the relay send ours twice.
 * - `wraps`: sealed requests and feedback (NIP-59), findable by `p` alone.
 * - `deletions`: cancellations (NIP-09).
 * - `receipts`: zaps of our agents at other providers (NIP-57).
 * - `comments`: what clients say under jobs of teams (NIP-22). A comment under a request names its author, the client, and
 *   no agent, so they are asked for by the kind they stand under.
 * - `calls`: messages to our MCP server, in the clear or wrapped; only from now on, because nobody waits for an answer to
 *   an older one.
 * - `reviews`: what clients say of jobs our agents did.
 * - `content`: what the search index is made of; only from now on, and the first to go when a budget is short.
 */
export type Purpose =
  | 'requests'
  | 'wraps'
  | 'deletions'
  | 'receipts'
  | 'comments'
  | 'calls'
  | 'reviews'
  | 'content';

export interface PlannedSubscription {
  readonly purpose: Purpose;
  readonly filter: Filter;
}

/** Kinds the search index knows, besides deletions. */
export const CONTENT_KINDS: readonly number[] = [
  KIND.profile,
  KIND.note,
  KIND.contacts,
  KIND.repost,
  KIND.reaction,
  KIND.zapReceipt,
  KIND.longNote,
];

/**
 * The subscriptions of one new connection.
 *
 * @param cursor_s Unix s up to which requests were seen at this relay
 * @param now_s Unix s
 */
export function planSubscriptions(
  interest: LinkInterest,
  cursor_s: number,
  now_s: number,
): PlannedSubscription[] {
  const since = sinceOf(cursor_s, now_s);
  const plan: PlannedSubscription[] = [];
  if (interest.requestKinds.length > 0)
    plan.push({
      purpose: 'requests',
      filter: { kinds: interest.requestKinds, since, limit: LINK_PAGE_EVENTS },
    });
  if (interest.agents.length > 0) {
    plan.push({
      purpose: 'wraps',
      filter: {
        kinds: [KIND.giftWrap],
        '#p': interest.agents.slice(0, LINK_MAX_WRAPPED),
        since: Math.max(0, since - LINK_WRAP_WINDOW_S),
        limit: LINK_PAGE_EVENTS,
      },
    });
  }
  if (interest.agents.length > 0) {
    const away = sinceOf(cursor_s, now_s, REVIEW_MAX_AGE_S);
    const filter = { kinds: [KIND.jobReview], '#p': interest.agents, since: away, limit: LINK_PAGE_EVENTS };
    plan.push({ purpose: 'reviews', filter });
  }
  plan.push({ purpose: 'deletions', filter: { kinds: [KIND.deletion], since, limit: LINK_PAGE_EVENTS } });
  if (interest.zapped !== undefined && interest.zapped.length > 0) {
    const filter = { kinds: [KIND.zapReceipt], '#p': interest.zapped, since, limit: LINK_PAGE_EVENTS };
    plan.push({ purpose: 'receipts', filter });
  }
  if (interest.commentedKinds !== undefined && interest.commentedKinds.length > 0) {
    const kinds = interest.commentedKinds.map(String);
    // A run goes on while we are away, for longer than a request is waited for.
    const away = sinceOf(cursor_s, now_s, LINK_WORDS_MAX_AGE_S);
    const filter = { kinds: [KIND.comment], '#K': kinds, since: away, limit: LINK_PAGE_EVENTS };
    plan.push({ purpose: 'comments', filter });
  }
  if (interest.server !== undefined) {
    const kinds = [KIND.mcpMessage, KIND.giftWrap, KIND.ephemeralGiftWrap];
    plan.push({ purpose: 'calls', filter: { kinds, '#p': [interest.server], since: now_s } });
  }
  plan.push({ purpose: 'content', filter: { kinds: CONTENT_KINDS, since: now_s } });
  return plan;
}

/**
 * Where asking begins, Unix s: the cursor less the overlap. Never in the future, whatever was stored, and not
 * further back than what is asked for may be old: after a long downtime nobody waits for older requests.
 */
export function sinceOf(cursor_s: number, now_s: number, maxAge_s: number = JOB_REQUEST_MAX_AGE_S): number {
  const from = Math.max(Math.min(cursor_s, now_s), now_s - maxAge_s);
  return Math.max(0, from - LINK_OVERLAP_S);
}
