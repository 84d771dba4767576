/** What happens to an event from a relay: the cheapest look first, the signature last, the inbox before any await. */
import {
  LINK_CONTENT_CHECKS_BURST,
  LINK_CONTENT_CHECKS_PER_S,
  LINK_DELETION_TARGETS,
  LINK_EARLY_DELETIONS,
  LINK_INBOX_MAX,
  LINK_REQUEST_CHECKS_BURST,
  LINK_REQUEST_CHECKS_PER_S,
  LINK_SEEN_IDS,
} from '../limits.ts';
import { type NostrEvent, tagValues, type VerifiedEvent, verifyEvent } from '../nostr/event.ts';
import { KIND } from '../nostr/kinds.ts';
import { Budget } from './budget.ts';
import type { ContentFeed } from './content.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Inbox } from './inbox.ts';
import type { LinkInterest, Purpose } from './plan.ts';
import type { LinkPorts } from './ports.ts';
import { Recent } from './recent.ts';
import type { LinkCounters } from './status.ts';

/**
 * - `taken`: stored, or passed to the index; - `known`: seen before; - `ignored`: not for us;
 * - `forged`: hash or signature are wrong; - `deferred`: a budget is spent, it has to be asked for again.
 */
export type Verdict = 'taken' | 'known' | 'ignored' | 'forged' | 'deferred';

/** What one relay may cost. Budgets are apart, so that content never takes the place of requests. */
export interface Source {
  readonly url: string;
  readonly counters: LinkCounters;
  readonly requestChecks: Budget;
  readonly contentChecks: Budget;
}

/** A relay's budgets, full. `now_ms` is Unix ms. */
export function newSource(url: string, counters: LinkCounters, now_ms: number): Source {
  return {
    url,
    counters,
    requestChecks: new Budget(LINK_REQUEST_CHECKS_PER_S, LINK_REQUEST_CHECKS_BURST, now_ms),
    contentChecks: new Budget(LINK_CONTENT_CHECKS_PER_S, LINK_CONTENT_CHECKS_BURST, now_ms),
  };
}

const NOBODY = { list: [], keys: new Set<string>() } as const;

export class Intake {
  readonly #ports: LinkPorts;
  readonly #inbox: Inbox;
  readonly #dispatcher: Dispatcher;
  readonly #content: ContentFeed;
  readonly #interest: LinkInterest;
  #agents: { readonly list: readonly string[]; readonly keys: ReadonlySet<string> } = NOBODY;
  /** Verified ids only: a forged copy of a real event must not make us deaf for the real one. */
  readonly #seen = new Recent<true>(LINK_SEEN_IDS);
  readonly #early = new Recent<NostrEvent>(LINK_EARLY_DELETIONS);
  /** Requests between verification and inbox; only fault points make that more than an instant. */
  readonly #storing = new Set<Promise<void>>();

  constructor(
    ports: LinkPorts,
    inbox: Inbox,
    dispatcher: Dispatcher,
    content: ContentFeed,
    interest: LinkInterest,
  ) {
    this.#ports = ports;
    this.#inbox = inbox;
    this.#dispatcher = dispatcher;
    this.#content = content;
    this.#interest = interest;
  }

  /** Decides on an event that lies inside the filters of a subscription with that purpose. */
  take(source: Source, purpose: Purpose, event: NostrEvent): Verdict {
    if (this.#seen.has(event.id)) return 'known';
    if (this.#isOurs(event.pubkey)) return 'ignored';
    switch (purpose) {
      case 'requests':
      case 'wraps':
      case 'receipts':
      case 'comments':
      case 'calls':
      case 'reviews':
        return this.#ports.concerns(event) ? this.#admit(source, event) : 'ignored';
      case 'deletions':
        return this.#deletion(source, event);
      case 'content':
        // A zap of one of ours may come by this subscription first; it is not only content.
        if (event.kind === KIND.zapReceipt && this.#ports.concerns(event)) return this.#admit(source, event);
        return this.#index(source, event);
    }
  }

  #isOurs(pubkey: string): boolean {
    const list = this.#interest.agents;
    if (list !== this.#agents.list) this.#agents = { list, keys: new Set(list) };
    return this.#agents.keys.has(pubkey);
  }

  /** Runs `work` once everything taken so far stands in the inbox; at once, where nothing is under way. */
  afterStored(work: () => void): void {
    if (this.#storing.size === 0) work();
    else this.#ports.background(Promise.all(this.#storing).then(work));
  }

  #admit(source: Source, event: NostrEvent): Verdict {
    if (this.#inbox.has(event.id)) {
      this.#seen.set(event.id, true);
      return 'known';
    }
    const now = this.#ports.now();
    if (this.#inbox.waiting(source.url) >= LINK_INBOX_MAX || !source.requestChecks.take(1, now)) {
      source.counters.refused++;
      return 'deferred';
    }
    const verified = verifyEvent(event);
    if (typeof verified === 'string') return 'forged';
    this.#seen.set(event.id, true);
    if (this.#ports.fault === undefined) this.#store(source, verified);
    else this.#hold(this.#storeSlowly(source, verified, this.#ports.fault));
    return 'taken';
  }

  #store(source: Source, event: VerifiedEvent): void {
    this.#inbox.put(event, source.url, this.#ports.now());
    this.#dispatcher.offer(source.url, event);
    this.#cancelEarly(source, event);
  }

  async #storeSlowly(
    source: Source,
    event: VerifiedEvent,
    fault: (name: 'K0' | 'K1', about: string) => Promise<void>,
  ): Promise<void> {
    await fault('K0', event.id);
    this.#inbox.put(event, source.url, this.#ports.now());
    await fault('K1', event.id);
    this.#dispatcher.offer(source.url, event);
    this.#cancelEarly(source, event);
  }

  #hold(work: Promise<void>): void {
    this.#storing.add(work);
    this.#ports.background(work.finally(() => this.#storing.delete(work)));
  }

  /**
   * A deletion is a cancellation when it names a request that came through here. It may also come before its
   * request (relays order what they like), so it is kept for a while under the request's id and author.
   */
  #deletion(source: Source, event: NostrEvent): Verdict {
    const targets = tagValues(event, 'e').slice(0, LINK_DELETION_TARGETS);
    const concerned = tagValues(event, 'p').some((pubkey) => this.#isOurs(pubkey)) || takesBackReview(event);
    if (concerned || targets.some((id) => this.#inbox.has(id))) return this.#admit(source, event);
    for (const id of targets) this.#early.set(earlyKey(id, event.pubkey), event);
    return this.#index(source, event);
  }

  #cancelEarly(source: Source, request: VerifiedEvent): void {
    const key = earlyKey(request.id, request.pubkey);
    const deletion = this.#early.get(key);
    if (deletion === undefined) return;
    this.#early.delete(key);
    this.#admit(source, deletion);
  }

  #index(source: Source, event: NostrEvent): Verdict {
    if (!source.contentChecks.take(1, this.#ports.now())) {
      source.counters.refused++;
      return 'deferred';
    }
    const verified = verifyEvent(event);
    if (typeof verified === 'string') return 'forged';
    // A deletion may still turn out to be a cancellation when it comes again, so it does not count as seen.
    if (event.kind !== KIND.deletion) this.#seen.set(event.id, true);
    return this.#content.add(verified) ? 'taken' : 'deferred';
  }
}

/** Whether it names the address of a review, which needs no `p` and has no id that would have come through here. */
function takesBackReview({ pubkey, tags }: NostrEvent): boolean {
  const prefix = `${KIND.jobReview}:${pubkey}:`;
  return tags.some((tag) => tag[0] === 'a' && tag[1]?.startsWith(prefix) === true);
}

function earlyKey(requestId: string, author: string): string {
  return `${requestId}:${author}`;
}
