/** Which object holds the link to which relay: a pure function, so that every caller finds the same object. */
import { LINK_RELAYS_PER_OBJECT } from '../limits.ts';
import { sha256Hex } from '../nostr/event.ts';

/**
 * The name of the object for a relay. Followed relays are grouped in the order of the list; a relay nobody
 * follows (an answer goes there) is spread over the same objects by its hash.
 *
 * @param urls the relays this deployment follows, normalised
 */
export function linkObjectName(urls: readonly string[], url: string): string {
  const index = urls.indexOf(url);
  if (index >= 0) return groupName(Math.floor(index / LINK_RELAYS_PER_OBJECT));
  return groupName(Number.parseInt(sha256Hex(url).slice(0, 8), 16) % groupCount(urls));
}

export interface LinkGroup {
  /** Object name. */
  readonly name: string;
  /** What it is to follow. */
  readonly urls: readonly string[];
}

/** Every object with the relays it is to follow. */
export function linkGroups(urls: readonly string[]): LinkGroup[] {
  return Array.from({ length: Math.ceil(urls.length / LINK_RELAYS_PER_OBJECT) }, (_, i) => ({
    name: groupName(i),
    urls: urls.slice(i * LINK_RELAYS_PER_OBJECT, (i + 1) * LINK_RELAYS_PER_OBJECT),
  }));
}

/**
 * What an object of that name is to follow by configuration: nothing, when the list has become so short that its
 * group is gone. Undefined for an object that is no group.
 */
export function linkGroupNamed(
  urls: readonly string[],
  name: string | undefined,
): readonly string[] | undefined {
  if (name === undefined || !/^links:\d+$/.test(name)) return undefined;
  return linkGroups(urls).find((group) => group.name === name)?.urls ?? [];
}

function groupCount(urls: readonly string[]): number {
  return Math.max(1, Math.ceil(urls.length / LINK_RELAYS_PER_OBJECT));
}

function groupName(index: number): string {
  return `links:${index}`;
}
