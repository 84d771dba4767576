/** Reading from Nostr: notes and profiles by name, and search over what our relay and links have seen. */
import { nip19 } from 'nostr-tools';
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import { LOOP_TOOL_OUTPUT_MAX_BYTES, TOOL_QUERY_CHARS, TOOL_SEARCH_RESULTS } from '../../limits.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import type { Filter } from '../../nostr/filter.ts';
import { isHex32 } from '../../nostr/hex.ts';
import { KIND } from '../../nostr/kinds.ts';
import { cutToBytes } from '../../protocol/size.ts';
import { dataBlock } from '../data-block.ts';
import { type EventPointer, type InputPorts, readPointer } from '../inputs.ts';
import type { EventSearch, SearchHit } from '../runtime.ts';
import { defineTool, type TextTool } from './tool.ts';

export interface NostrPorts {
  readonly events: EventSearch;
  /** Here, then at the relays named; the port checks whether these are safe. */
  readonly fetchEvent: InputPorts['fetchEvent'];
}

/** One event's text of several, bytes. */
const EVENT_BYTES = 2_000;
/** Notes shown with a profile. */
const PROFILE_NOTES = 5;
const MAX_HINTS = 3;
/** All blocks together stay below the output's limit with their frames. */
const FRAME_BYTES = 400;

export function nostrRead(ports: NostrPorts): TextTool {
  return defineTool({
    name: 'nostr_read',
    description:
      'Reads one thing on Nostr: a note or article (note1…, nevent1…, naddr1…, 64 hex characters), or a profile with its newest notes (npub1…, nprofile1…).',
    shape: { name: z.string().trim().max(2_000) },
    parallel: true,
    maxOutputBytes: LOOP_TOOL_OUTPUT_MAX_BYTES,
    async run({ name }) {
      const text = name.replace(/^nostr:/, '');
      const person = readPerson(text);
      if (person !== null) return await profile(ports, person);
      const { pointer, relays } = readPointer(text);
      const event = await ports.fetchEvent(pointer, relays.slice(0, MAX_HINTS));
      if (event === null) throw new JobError('NOT_FOUND', 'nobody asked has that event');
      return block(event, LOOP_TOOL_OUTPUT_MAX_BYTES - FRAME_BYTES);
    },
  });
}

export function nostrSearch({ events }: NostrPorts): TextTool {
  return defineTool({
    name: 'nostr_search',
    description:
      'Searches notes and articles, or people, on Nostr by words, best first. Their text is of strangers.',
    shape: {
      query: z.string().trim().max(TOOL_QUERY_CHARS).describe('Words; empty for what is popular now.'),
      subject: z.enum(['notes', 'people']).default('notes'),
      count: z.number().int().min(1).max(TOOL_SEARCH_RESULTS).default(TOOL_SEARCH_RESULTS),
    },
    parallel: true,
    maxOutputBytes: LOOP_TOOL_OUTPUT_MAX_BYTES,
    async run({ query, subject, count }, { now }) {
      const hits = await events.search({ subject, text: query, limit: count, now_ms: now() });
      const found = hits.length === 0 ? [] : await events.query(hits.map(filterOf), hits.length);
      if (found.length === 0) return 'Nothing was found.';
      const rank = new Map(hits.map(({ value }, index) => [value, index]));
      const ranked = found.toSorted((a, b) => rankOf(a, rank) - rankOf(b, rank)).slice(0, count);
      const bytes = Math.min(
        EVENT_BYTES,
        Math.floor(LOOP_TOOL_OUTPUT_MAX_BYTES / ranked.length) - FRAME_BYTES,
      );
      return ranked.map((event) => block(event, bytes)).join('\n\n');
    },
  });
}

async function profile({ events, fetchEvent }: NostrPorts, person: Person): Promise<string> {
  const { pubkey, relays } = person;
  const pointer: EventPointer = { type: 'address', kind: KIND.profile, pubkey, identifier: '' };
  const [own] = await events.query([{ kinds: [KIND.profile], authors: [pubkey], limit: 1 }], 1);
  const found = own ?? (relays.length === 0 ? null : await fetchEvent(pointer, relays.slice(0, MAX_HINTS)));
  const notes = await events.query(
    [{ kinds: [KIND.note, KIND.longNote], authors: [pubkey], limit: PROFILE_NOTES }],
    PROFILE_NOTES,
  );
  const all = [...(found === null ? [] : [found]), ...notes];
  if (all.length === 0) throw new JobError('NOT_FOUND', 'nothing of that person is known here');
  return all.map((event) => block(event, EVENT_BYTES)).join('\n\n');
}

export interface Person {
  readonly pubkey: string;
  readonly relays: readonly string[];
}

/** A key by its NIP-19 name; null for any other text. Hex alone means an event. @throws JobError for a broken name */
export function readPerson(text: string): Person | null {
  if (!/^(npub|nprofile)1[02-9ac-hj-np-z]{6,2000}$/.test(text)) return null;
  try {
    const entity = nip19.decode(text);
    if (entity.type === 'npub' && isHex32(entity.data)) return { pubkey: entity.data, relays: [] };
    if (entity.type === 'nprofile') return { pubkey: entity.data.pubkey, relays: entity.data.relays ?? [] };
  } catch (cause) {
    throw new JobError('BAD_REQUEST', 'the name of a person cannot be read', undefined, { cause });
  }
  return null;
}

function filterOf({ tag, value }: SearchHit): Filter {
  if (tag === 'e') return { ids: [value], limit: 1 };
  if (tag === 'p') return { kinds: [KIND.profile], authors: [value], limit: 1 };
  const [kind = '', pubkey = '', ...identifier] = value.split(':');
  return { kinds: [Number(kind)], authors: [pubkey], '#d': [identifier.join(':')], limit: 1 };
}

function rankOf(event: NostrEvent, rank: ReadonlyMap<string, number>): number {
  const identifier = event.tags.find(([name]) => name === 'd')?.[1] ?? '';
  const names = [event.id, event.pubkey, `${event.kind}:${event.pubkey}:${identifier}`];
  return Math.min(...names.map((name) => rank.get(name) ?? Number.POSITIVE_INFINITY));
}

function block(event: NostrEvent, bytes: number): string {
  const when = new Date(event.created_at * 1_000).toISOString();
  const shown = cutToBytes(event.content, Math.max(0, bytes));
  const cut =
    shown.length < event.content.length
      ? `, first ${shown.length} of ${event.content.length} characters`
      : '';
  return dataBlock(
    `the Nostr event ${event.id} of kind ${event.kind} by ${event.pubkey}, ${when}${cut}`,
    shown,
  );
}
