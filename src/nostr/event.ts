/** Nostr events (NIP-01): shape, id, signature, and the type that says both were checked. */
import { publicKeyOf, signHash, verifySignature } from '#curve';
import { sha256Hex } from '#primitives';
import { isHex32, isHex64 } from './hex.ts';

export { sha256Hex } from '#primitives';

/** A tag: its name, then its values. */
export type Tag = readonly string[];

/** What is signed and hashed, before it has an id. `created_at` is in Unix seconds. */
export interface EventTemplate {
  readonly kind: number;
  readonly created_at: number;
  readonly tags: readonly Tag[];
  readonly content: string;
}

/** An event without signature: what a gift wrap carries (NIP-59 "rumor"). */
export interface Rumor extends EventTemplate {
  readonly pubkey: string;
  readonly id: string;
}

/** An event of the right shape whose id and signature nobody has checked yet. */
export interface NostrEvent extends Rumor {
  readonly sig: string;
}

declare const verified: unique symbol;
/** An event whose id hash and signature were checked, or that we signed ourselves. */
export type VerifiedEvent = NostrEvent & { readonly [verified]: true };

/** A refusal in the words of NIP-01: a machine-readable prefix, then text. */
export type Refusal =
  `${'invalid' | 'blocked' | 'rate-limited' | 'pow' | 'auth-required' | 'restricted' | 'duplicate' | 'error'}: ${string}`;

/** Kinds are unsigned 16-bit integers (NIP-01). */
export const MAX_KIND = 65_535;

/**
 * Gives an unknown JSON value the shape of an event, or says what is wrong. Unknown members are dropped.
 * Costs no hashing: limits and duplicates are checked before ids and signatures.
 */
export function parseEvent(value: unknown): NostrEvent | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'invalid: an event is an object';
  const { id, pubkey, sig, kind, created_at, tags, content } = value as Partial<
    Record<keyof NostrEvent, unknown>
  >;
  if (!isHex32(id)) return 'invalid: id must be 64 lower-case hex characters';
  if (!isHex32(pubkey)) return 'invalid: pubkey must be 64 lower-case hex characters';
  if (!isHex64(sig)) return 'invalid: sig must be 128 lower-case hex characters';
  const template = parseTemplate(kind, created_at, tags, content);
  return typeof template === 'string' ? template : { id, pubkey, sig, ...template };
}

/** Gives an unknown value the shape of an unsigned event (NIP-59), with its id checked. */
export function parseRumor(value: unknown): Rumor | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'invalid: an event is an object';
  const { id, pubkey, kind, created_at, tags, content } = value as Partial<Record<keyof Rumor, unknown>>;
  if (!isHex32(pubkey)) return 'invalid: pubkey must be 64 lower-case hex characters';
  const template = parseTemplate(kind, created_at, tags, content);
  if (typeof template === 'string') return template;
  const computed = eventId({ pubkey, ...template });
  if (id !== undefined && id !== computed) return 'invalid: id is not the hash of the event';
  return { id: computed, pubkey, ...template };
}

function parseTemplate(
  kind: unknown,
  createdAt: unknown,
  tags: unknown,
  content: unknown,
): EventTemplate | Refusal {
  if (typeof kind !== 'number' || !Number.isInteger(kind) || kind < 0 || kind > MAX_KIND) {
    return 'invalid: kind must be an integer from 0 to 65535';
  }
  if (typeof createdAt !== 'number' || !Number.isSafeInteger(createdAt) || createdAt < 0) {
    return 'invalid: created_at must be Unix seconds';
  }
  if (typeof content !== 'string') return 'invalid: content must be a string';
  if (!isTagList(tags)) return 'invalid: tags must be a list of non-empty lists of strings';
  return { kind, created_at: createdAt, tags, content };
}

function isTagList(value: unknown): value is string[][] {
  if (!Array.isArray(value)) return false;
  for (const tag of value) {
    if (!Array.isArray(tag) || tag.length === 0) return false;
    for (const item of tag) if (typeof item !== 'string') return false;
  }
  return true;
}

/** The NIP-01 serialisation that is hashed into the id. */
export function serializeEvent(event: EventTemplate & { readonly pubkey: string }): string {
  return JSON.stringify([0, event.pubkey, event.created_at, event.kind, event.tags, event.content]);
}

/** The event's id: SHA-256 of its serialisation, as hex. */
export function eventId(event: EventTemplate & { readonly pubkey: string }): string {
  return sha256Hex(serializeEvent(event));
}

/** Checks id hash and signature. Returns the event as verified, or the reason in NIP-01's words. */
export function verifyEvent(event: NostrEvent): VerifiedEvent | Refusal {
  if (eventId(event) !== event.id) return 'invalid: id is not the hash of the event';
  if (!verifySignature(event.sig, event.id, event.pubkey)) return 'invalid: bad signature';
  return event as VerifiedEvent;
}

/**
 * Takes an event as verified because another part of this marketplace verified it before it was handed over
 * (a type cannot cross an RPC boundary). Only for values that came by RPC or from our own storage.
 */
export function alreadyVerified(event: NostrEvent): VerifiedEvent {
  return event as VerifiedEvent;
}

/**
 * Signs a template.
 *
 * @param auxiliary 32 bytes of BIP-340 randomness; fixed in tests
 * @throws CurveError when the secret key is out of range
 */
export function signEvent(
  template: EventTemplate,
  secretKey: Uint8Array,
  auxiliary?: Uint8Array,
): VerifiedEvent {
  return signAs(template, { secretKey, publicKey: publicKeyOf(secretKey) }, auxiliary);
}

/** A key pair whose public half is already known, which saves one curve operation per signature. */
export interface KeyPair {
  readonly secretKey: Uint8Array;
  readonly publicKey: string;
}

/** Signs a template with a key pair whose public key is known. @throws CurveError as {@link signEvent} */
export function signAs(template: EventTemplate, keys: KeyPair, auxiliary?: Uint8Array): VerifiedEvent {
  const { kind, created_at, tags, content } = template;
  const unsigned = { pubkey: keys.publicKey, created_at, kind, tags, content };
  const id = eventId(unsigned);
  return { ...unsigned, id, sig: signHash(id, keys.secretKey, auxiliary) } as VerifiedEvent;
}

/** The first value of the first tag of that name, or undefined. */
export function tagValue(event: { readonly tags: readonly Tag[] }, name: string): string | undefined {
  return event.tags.find((tag) => tag[0] === name)?.[1];
}

/** The first values of all tags of that name, in order; tags without a value are passed over. */
export function tagValues(event: { readonly tags: readonly Tag[] }, name: string): string[] {
  const values: string[] = [];
  for (const tag of event.tags) if (tag[0] === name && tag[1] !== undefined) values.push(tag[1]);
  return values;
}
