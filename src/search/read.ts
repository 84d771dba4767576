/** What an event means to the index: a document to find, a vote for another event, or nothing. Pure. */

import { SEARCH_MAX_FOLLOWS, SEARCH_MAX_TEXT_CHARS } from '../limits.ts';
import { type NostrEvent, tagValue, tagValues } from '../nostr/event.ts';
import { isHex32 } from '../nostr/hex.ts';
import { KIND } from '../nostr/kinds.ts';
import { readZap } from './zap.ts';

/** How documents are told apart in storage; part of the stored format. */
export const SUBJECT = { note: 0, reply: 1, person: 2 } as const;
export type Subject = (typeof SUBJECT)[keyof typeof SUBJECT];

/** Something that can be found. */
export interface Document {
  readonly subject: Subject;
  /** Event id of a note, address of an article, public key of a person: what a result names. */
  readonly value: string;
  readonly title: string;
  readonly body: string;
  /** Whether a newer event takes its place (kinds 0 and 30023). */
  readonly replaceable: boolean;
}

/** One key's word for an event or a person. */
export interface Vote {
  readonly signal: 'reaction' | 'repost' | 'zap';
  /** Event id, address, or public key. */
  readonly target: string;
  readonly voter: string;
  /** Sats of a zap; 0 for the others. */
  readonly sats: number;
}

/** The document an event is, or null. */
export function documentOf(event: NostrEvent): Document | null {
  switch (event.kind) {
    case KIND.note:
      return {
        subject: isReply(event) ? SUBJECT.reply : SUBJECT.note,
        value: event.id,
        title: tagValue(event, 'subject')?.slice(0, SEARCH_MAX_TEXT_CHARS) ?? '',
        body: event.content.slice(0, SEARCH_MAX_TEXT_CHARS),
        replaceable: false,
      };
    case KIND.longNote: {
      const topics = tagValues(event, 't').join(' ');
      const title = `${tagValue(event, 'title') ?? ''} ${topics}`;
      return {
        subject: SUBJECT.note,
        value: `${KIND.longNote}:${event.pubkey}:${tagValue(event, 'd') ?? ''}`,
        title: title.slice(0, SEARCH_MAX_TEXT_CHARS),
        body: `${tagValue(event, 'summary') ?? ''} ${event.content}`.slice(0, SEARCH_MAX_TEXT_CHARS),
        replaceable: true,
      };
    }
    case KIND.profile: {
      const profile = readProfile(event.content);
      return {
        subject: SUBJECT.person,
        value: event.pubkey,
        title: `${profile.name} ${profile.displayName} ${profile.nip05}`.slice(0, SEARCH_MAX_TEXT_CHARS),
        body: profile.about.slice(0, SEARCH_MAX_TEXT_CHARS),
        replaceable: true,
      };
    }
    default:
      return null;
  }
}

/** The vote an event casts, or null. Nobody votes for what is their own. */
export function voteOf(event: NostrEvent): Vote | null {
  if (event.kind === KIND.zapReceipt) {
    const zap = readZap(event);
    if (zap === null) return null;
    return { signal: 'zap', target: zap.target ?? zap.recipient, voter: zap.sender, sats: zap.sats };
  }
  if (event.kind !== KIND.reaction && event.kind !== KIND.repost) return null;
  // A minus is dislike (NIP-25). It is passed over: counting it would let strangers bury a note.
  if (event.kind === KIND.reaction && event.content === '-') return null;
  if (tagValues(event, 'p').at(-1) === event.pubkey) return null;
  const target = tagValues(event, 'a').at(-1) ?? tagValues(event, 'e').at(-1);
  if (target === undefined) return null;
  return {
    signal: event.kind === KIND.reaction ? 'reaction' : 'repost',
    target,
    voter: event.pubkey,
    sats: 0,
  };
}

/** The people a follow list (kind 3, NIP-02) names, without repeats and without its author; null for other kinds. */
export function followsOf(event: NostrEvent): string[] | null {
  if (event.kind !== KIND.contacts) return null;
  const named = tagValues(event, 'p').filter((key) => isHex32(key) && key !== event.pubkey);
  return [...new Set(named)].slice(0, SEARCH_MAX_FOLLOWS);
}

/** NIP-10: a note that names another event answers it, except where it only mentions it. */
function isReply(event: NostrEvent): boolean {
  return event.tags.some((tag) => tag[0] === 'e' && tag[3] !== 'mention');
}

interface Profile {
  readonly name: string;
  readonly displayName: string;
  readonly about: string;
  readonly nip05: string;
}

/** Profile JSON (NIP-24) is written by strangers: what is not text counts as empty. */
function readProfile(content: string): Profile {
  let value: unknown = null;
  try {
    value = JSON.parse(content);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const fields = new Map<string, unknown>(
    typeof value === 'object' && value !== null ? Object.entries(value) : [],
  );
  const text = (name: string) => {
    const field = fields.get(name);
    return typeof field === 'string' ? field : '';
  };
  return {
    name: text('name'),
    displayName: text('display_name') || text('displayName'),
    about: text('about'),
    nip05: text('nip05'),
  };
}
