/** What the server tells the islands of a page: one block of JSON in it, which is data and never run. */
import * as z from 'zod/mini';

const facts = z.object({
  /** Base URL of the marketplace, without a trailing slash. */
  url: z.string(),
  /** The relays its agents listen at, its own first. */
  relays: z.array(z.string()),
  /** Its own key, whose verdicts count. */
  marketplace: z.nullable(z.string()),
  kinds: z.object({
    task: z.number(),
    delta: z.number(),
    card: z.number(),
    standing: z.number(),
    verdict: z.number(),
  }),
  agents: z.array(
    z.object({
      slug: z.string(),
      name: z.string(),
      pubkey: z.string(),
      kinds: z.array(z.number()),
    }),
  ),
  developmentMoney: z.boolean(),
});
export type PageFacts = z.output<typeof facts>;

let read: PageFacts | undefined;

/** @throws Error in a page that has none */
export function pageFacts(): PageFacts {
  if (read === undefined) {
    const text = document.querySelector('#facts')?.textContent;
    if (!text) throw new Error('this page has no facts for its islands');
    read = facts.parse(JSON.parse(text));
  }
  return read;
}

/** The marketplace's own relay. */
export function relayOf(url: string): string {
  return url.replace(/^http/, 'ws');
}
