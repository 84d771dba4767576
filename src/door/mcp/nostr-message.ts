/**
 * MCP messages as Nostr events, as ContextVM has them: kind 25910, in the clear or in a gift wrap of one layer (1059, or
 * 21059 that relays do not store), whose content is the signed event. @see https://docs.contextvm.org
 */
import { ENCRYPTED_MAX_BYTES, MCP_EVENT_MAX_AGE_S } from '../../limits.ts';
import {
  type KeyPair,
  type NostrEvent,
  parseEvent,
  signAs,
  type Tag,
  tagValues,
  type VerifiedEvent,
  verifyEvent,
} from '../../nostr/event.ts';
import { KIND } from '../../nostr/kinds.ts';
import { DecryptionError, decryptNip44, encryptNip44 } from '../../nostr/nip44.ts';
import { isGiftWrap } from '../../nostr/nip59.ts';
import type { RandomBytes } from '../../nostr/random.ts';
import { CurveError, publicKeyOf } from '../../nostr/schnorr.ts';
import { parseJson } from '../../protocol/json.ts';
import { utf8Bytes } from '../../protocol/size.ts';

/** A message that came. */
export interface McpLetter {
  /** Who wrote it, hex. */
  readonly client: string;
  /** Id of the event that holds it: answers name it. */
  readonly id: string;
  /** JSON-RPC, as it was sent. */
  readonly message: unknown;
  /** Kind of the wrap it came in and answers leave in; null for none. */
  readonly wrapKind: number | null;
}

/** What our server says that it can (CEP-19, CEP-4). */
export const CAPABILITY_TAGS: readonly Tag[] = [['support_encryption'], ['support_encryption_ephemeral']];

/** Whether an event may be a message to a server: a cheap look. */
export function isMcpLetter(event: NostrEvent, server: string): boolean {
  if (event.kind !== KIND.mcpMessage && !isGiftWrap(event)) return false;
  return tagValues(event, 'p').includes(server);
}

/**
 * Reads a message to us; null for what is none, was signed by nobody, or is too old to be waited for.
 *
 * @param now_s Unix s
 */
export function readLetter(event: VerifiedEvent, keys: KeyPair, now_s: number): McpLetter | null {
  const wrapped = isGiftWrap(event);
  const inner = wrapped ? opened(event, keys) : event;
  if (inner === null || inner.kind !== KIND.mcpMessage) return null;
  if (!tagValues(inner, 'p').includes(keys.publicKey)) return null;
  if (Math.abs(now_s - inner.created_at) > MCP_EVENT_MAX_AGE_S) return null;
  const message = parseJson(inner.content);
  if (message === undefined) return null;
  const passing = inner.tags.some(([name]) => name === 'support_encryption_ephemeral');
  const wrapKind = !wrapped ? null : passing ? KIND.ephemeralGiftWrap : event.kind;
  return { client: inner.pubkey, id: inner.id, message, wrapKind };
}

function opened(wrap: NostrEvent, keys: KeyPair): VerifiedEvent | null {
  let text: string;
  try {
    text = decryptNip44(wrap.content, keys, wrap.pubkey);
  } catch (error) {
    if (error instanceof DecryptionError || error instanceof CurveError) return null;
    throw error;
  }
  const event = parseEvent(parseJson(text));
  if (typeof event === 'string') return null;
  const verified = verifyEvent(event);
  return typeof verified === 'string' ? null : verified;
}

/** The most a message may be, bytes of UTF-8: what is larger is no event that relays take, once it is wrapped. */
export const MAX_MESSAGE_BYTES = ENCRYPTED_MAX_BYTES;

/**
 * A message of ours as an event that answers a letter, wrapped as that was.
 *
 * @param tags beside those that name client and letter
 * @param now_s Unix s
 */
export function writeLetter(
  to: Pick<McpLetter, 'client' | 'id' | 'wrapKind'>,
  message: object,
  keys: KeyPair,
  {
    now_s,
    random,
    tags = [],
  }: { readonly now_s: number; readonly random: RandomBytes; readonly tags?: readonly Tag[] },
): VerifiedEvent {
  const { client, id, wrapKind } = to;
  const event = signAs(
    {
      kind: KIND.mcpMessage,
      created_at: now_s,
      tags: [['p', client], ['e', id], ...CAPABILITY_TAGS, ...tags],
      content: JSON.stringify(message),
    },
    keys,
    random(32),
  );
  if (wrapKind === null) return event;
  const secretKey = random(32);
  const oneTime: KeyPair = { secretKey, publicKey: publicKeyOf(secretKey) };
  const content = encryptNip44(JSON.stringify(event), oneTime, client, random);
  return signAs({ kind: wrapKind, created_at: now_s, tags: [['p', client]], content }, oneTime, random(32));
}

/** Whether a message is too large for an event. */
export function isTooLarge(message: object): boolean {
  return utf8Bytes(JSON.stringify(message)) > MAX_MESSAGE_BYTES;
}
