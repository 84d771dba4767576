/** Sizes of text, and answers kept under what relays take: what only repeats gives way before what says something. */
import { RELAY_MAX_EVENT_BYTES } from '../limits.ts';
import type { EventTemplate } from '../nostr/event.ts';

/** Id, public key, signature and the member names of a signed event, bytes. */
const SIGNED_OVERHEAD_BYTES = 400;

/** The first of the given spellings that relays of the usual limit take, else the last. */
export function withinEventLimit(full: EventTemplate, ...shorter: readonly EventTemplate[]): EventTemplate {
  let chosen = full;
  for (const next of shorter) {
    if (fits(chosen)) return chosen;
    chosen = next;
  }
  return chosen;
}

function fits(template: EventTemplate): boolean {
  // A UTF-16 unit becomes at most 6 bytes of JSON, so small events are told without serialising them.
  let units = template.content.length;
  for (const tag of template.tags) for (const item of tag) units += item.length + 4;
  if (units * 6 + SIGNED_OVERHEAD_BYTES <= RELAY_MAX_EVENT_BYTES) return true;
  if (units > RELAY_MAX_EVENT_BYTES) return false;
  return utf8Bytes(JSON.stringify(template)) + SIGNED_OVERHEAD_BYTES <= RELAY_MAX_EVENT_BYTES;
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

/** The beginning of a text that takes at most `limit` bytes as a JSON string, whole characters only. */
export function cutToJsonBytes(text: string, limit: number): string {
  // Escaped, no text is shorter than in UTF-8, so only what is within that has to be looked at.
  let kept = cutToBytes(text, limit - 2);
  for (let over = jsonBytes(kept) - limit; over > 0 && kept !== ''; over = jsonBytes(kept) - limit) {
    // A UTF-16 unit takes at most six bytes, so this never cuts more than it must.
    kept = kept.slice(0, -Math.ceil(over / 6));
  }
  return kept.isWellFormed() ? kept : kept.slice(0, -1);
}

/** The beginning of a text within so many bytes of UTF-8, whole characters only. */
export function cutToBytes(text: string, limit: number): string {
  const { read } = encoder.encodeInto(text, new Uint8Array(Math.max(0, limit)));
  return text.slice(0, read);
}
