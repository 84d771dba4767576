/**
 * Live subscriptions, indexed by what narrows each filter most, so that an event is compared only with the few
 * subscriptions that may want it and not with all of them.
 */
import type { NostrEvent } from '../nostr/event.ts';
import { type Filter, isIndexedTag, isTagKey, matchesAny } from '../nostr/filter.ts';

/** One subscription of one owner. */
export interface Subscription<Owner> {
  readonly owner: Owner;
  /** The name its owner gave it. */
  readonly name: string;
  readonly filters: readonly Filter[];
}

interface Entry<Owner> extends Subscription<Owner> {
  readonly keys: readonly string[];
  /** Number of the last event it was given, so that no event reaches it twice. */
  given: number;
}

/** The subscriptions of all owners. */
export class Subscriptions<Owner> {
  readonly #lists = new Map<string, Set<Entry<Owner>>>();
  readonly #entries = new Map<Subscription<Owner>, Entry<Owner>>();
  #events = 0;

  get size(): number {
    return this.#entries.size;
  }

  add(subscription: Subscription<Owner>): void {
    const keys = [...new Set(subscription.filters.flatMap(keysOf))];
    const entry: Entry<Owner> = { ...subscription, keys, given: 0 };
    this.#entries.set(subscription, entry);
    for (const key of keys) {
      const list = this.#lists.get(key);
      if (list === undefined) this.#lists.set(key, new Set([entry]));
      else list.add(entry);
    }
  }

  remove(subscription: Subscription<Owner>): void {
    const entry = this.#entries.get(subscription);
    if (entry === undefined) return;
    this.#entries.delete(subscription);
    for (const key of entry.keys) {
      const list = this.#lists.get(key);
      list?.delete(entry);
      if (list?.size === 0) this.#lists.delete(key);
    }
  }

  /** Calls `visit` once for every subscription that wants the event. */
  match(event: NostrEvent, visit: (subscription: Subscription<Owner>) => void): void {
    if (this.#entries.size === 0) return;
    const number = ++this.#events;
    this.#visit('*', number, event, visit);
    this.#visit(`i${event.id}`, number, event, visit);
    this.#visit(`a${event.pubkey}`, number, event, visit);
    this.#visit(`k${event.kind}`, number, event, visit);
    for (const tag of event.tags) {
      if (isIndexedTag(tag[0]) && tag[1] !== undefined)
        this.#visit(`#${tag[0]}${tag[1]}`, number, event, visit);
    }
  }

  #visit(
    key: string,
    number: number,
    event: NostrEvent,
    visit: (subscription: Subscription<Owner>) => void,
  ): void {
    const list = this.#lists.get(key);
    if (list === undefined) return;
    for (const entry of list) {
      if (entry.given === number || !matchesAny(entry.filters, event)) continue;
      entry.given = number;
      visit(entry);
    }
  }
}

/** The keys under which a filter is found: of its lists, the one most events would miss. */
function keysOf(filter: Filter): string[] {
  if (filter.ids !== undefined) return filter.ids.map((id) => `i${id}`);
  let shortest: { name: string; values: readonly string[] } | undefined;
  for (const name of Object.keys(filter)) {
    const values = isTagKey(name) ? filter[name] : undefined;
    if (values !== undefined && (shortest === undefined || values.length < shortest.values.length))
      shortest = { name, values };
  }
  if (shortest !== undefined) {
    const { name, values } = shortest;
    return values.map((value) => name + value);
  }
  if (filter.authors !== undefined) return filter.authors.map((author) => `a${author}`);
  if (filter.kinds !== undefined) return filter.kinds.map((kind) => `k${kind}`);
  return ['*'];
}
