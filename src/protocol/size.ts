/** Sizes of text, and answers kept under what relays take: what only repeats gives way before what says something. */
import { ENCRYPTED_MAX_BYTES, RELAY_MAX_EVENT_BYTES, WRAPPED_MAX_BYTES } from '../limits.ts';
import type { EventTemplate } from '../nostr/event.ts';
import type { Sealing } from './model.ts';

/** Id, public key, signature and the member names of a signed event, bytes. */
const SIGNED_OVERHEAD_BYTES = 400;
/** Member names, kind and time of an unsigned event, bytes. */
const EMPTY_EVENT_BYTES = 100;

/** What an unsigned event may have, so that relays take it signed and sealed in that way, bytes of JSON. */
export function eventLimit(sealing: Sealing): number {
  switch (sealing) {
    case 'none':
      return RELAY_MAX_EVENT_BYTES - SIGNED_OVERHEAD_BYTES;
    case 'nip44':
    case 'nip04':
      return ENCRYPTED_MAX_BYTES;
    case 'giftwrap':
      return WRAPPED_MAX_BYTES;
  }
}

/** The first of the given spellings that relays of the usual limit take when it is sealed in that way, else the last. */
export function withinEventLimit(
  sealing: Sealing,
  full: EventTemplate,
  ...shorter: readonly (() => EventTemplate)[]
): EventTemplate {
  const limit = eventLimit(sealing);
  let chosen = full;
  for (const next of shorter) {
    if (fits(chosen, limit)) return chosen;
    chosen = next();
  }
  return chosen;
}

function fits(template: EventTemplate, limit: number): boolean {
  // A UTF-16 unit becomes at most 6 bytes of JSON, so small events are told without serialising them.
  let units = template.content.length + EMPTY_EVENT_BYTES;
  for (const tag of template.tags) for (const item of tag) units += item.length + 3;
  if (units * 6 <= limit) return true;
  return units - EMPTY_EVENT_BYTES <= limit && jsonBytes(template) <= limit;
}

/**
 * An event with the longest beginning of a text that relays take, whole characters only.
 *
 * @param make an event that grows with the text
 */
export function withBeginning(
  sealing: Sealing,
  text: string,
  make: (beginning: string) => EventTemplate,
): EventTemplate {
  const limit = eventLimit(sealing);
  const at = (units: number) => make(text.slice(0, units).replace(/[\ud800-\udbff]$/, ''));
  let kept = 0;
  // Every unit takes a byte at least, so what is over the limit need not be tried.
  for (let over = Math.min(text.length, limit) + 1; over - kept > 1; ) {
    const middle = Math.floor((kept + over) / 2);
    if (fits(at(middle), limit)) kept = middle;
    else over = middle;
  }
  return at(kept);
}

/** Length of a text in UTF-8, bytes. */
export function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}

const encoder = new TextEncoder();

/** At most `chars` UTF-16 units of a text, never half a character at the end. */
export function clip(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1).toWellFormed()}…`;
}

/** Length of a value as JSON in UTF-8, bytes. */
export function jsonBytes(value: unknown): number {
  return utf8Bytes(JSON.stringify(value));
}

/** The beginning of a text within so many bytes of UTF-8, whole characters only. */
export function cutToBytes(text: string, limit: number): string {
  const { read } = encoder.encodeInto(text, new Uint8Array(Math.max(0, limit)));
  return text.slice(0, read);
}
