/**
 * What the server tells the islands of a page (src/http/pages/facts.ts): one block of JSON in it, which is data and never run. The page is
 * ours as this script is, so it is read as it is; a schema here would bring a validator into every first page.
 */
import type { AgentKinds } from '../../../nostr/kinds.ts';

export interface PageFacts {
  /** Base URL of the marketplace, without a trailing slash. */
  readonly url: string;
  /** The relays its agents listen at, its own first. */
  readonly relays: readonly string[];
  /** Its own key, whose verdicts count. */
  readonly marketplace: string;
  readonly kinds: AgentKinds;
  readonly agents: readonly {
    readonly slug: string;
    readonly name: string;
    readonly pubkey: string;
    /** NIP-90 request kinds it takes. */
    readonly kinds: readonly number[];
    /** Whether it is a team, which takes words while it works. */
    readonly team: boolean;
  }[];
  readonly developmentMoney: boolean;
}

let read: PageFacts | undefined;

/** @throws Error in a page that has none */
export function pageFacts(): PageFacts {
  if (read === undefined) {
    const facts: PageFacts | null = dataBlock('facts');
    if (facts === null) throw new Error('this page has no facts for its islands');
    read = facts;
  }
  return read;
}

/** The data of a block of the page; null without one. */
export function dataBlock<Data>(id: string): Data | null {
  const text = document.querySelector(`#${id}`)?.textContent;
  if (!text) return null;
  const data: Data = JSON.parse(text);
  return data;
}

/** The marketplace's own relay. */
export function relayOf(url: string): string {
  return url.replace(/^http/, 'ws');
}
