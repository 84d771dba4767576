/** Signed events of made-up people, for tests. The same name always is the same key. */
import { createHash } from 'node:crypto';
import { type EventTemplate, type KeyPair, signAs, type VerifiedEvent } from '../../src/nostr/event.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';

const AUXILIARY = new Uint8Array(32);
const people = new Map<string, KeyPair>();

/** The key pair of somebody. */
export function person(name: string): KeyPair {
  let keys = people.get(name);
  if (keys === undefined) {
    const secretKey = new Uint8Array(createHash('sha256').update(`test person ${name}`).digest());
    keys = { secretKey, publicKey: publicKeyOf(secretKey) };
    people.set(name, keys);
  }
  return keys;
}

/** An event signed by somebody, at Unix s 1,700,000,000 unless told. */
export function signedBy(
  name: string,
  event: Partial<EventTemplate> & { readonly kind: number },
): VerifiedEvent {
  return signAs({ created_at: 1_700_000_000, tags: [], content: '', ...event }, person(name), AUXILIARY);
}
