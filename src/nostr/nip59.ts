/** NIP-59 gift wraps: a rumor inside a seal signed by its author, inside a wrap signed by a one-time key. */
import {
  type EventTemplate,
  eventId,
  type KeyPair,
  type NostrEvent,
  parseEvent,
  parseRumor,
  type Refusal,
  type Rumor,
  signAs,
  type VerifiedEvent,
  verifyEvent,
} from './event.ts';
import { KIND } from './kinds.ts';
import { DecryptionError, decryptNip44, encryptNip44 } from './nip44.ts';
import { type RandomBytes, randomBelow, secureRandom } from './random.ts';
import { CurveError, publicKeyOf } from './schnorr.ts';

/** How far back the timestamps of seal and wrap are moved, s. */
export const WRAP_PAST_S = 172_800;
/** The same for wraps that relays do not store: they refuse ephemeral events that look old, s. */
export const EPHEMERAL_WRAP_PAST_S = 30;

/** Whether an event is a gift wrap of either kind. */
export function isGiftWrap(event: { readonly kind: number }): boolean {
  return event.kind === KIND.giftWrap || event.kind === KIND.ephemeralGiftWrap;
}

/**
 * Opens a gift wrap: both layers are decrypted, the seal's signature is checked, and the rumor must be by the
 * seal's author, since otherwise anyone could speak in anybody's name. The wrap's own signature proves nothing
 * (its key is thrown away), so whether it was checked does not matter here.
 *
 * @returns the rumor with its id checked, or why there is none
 */
export function openWrap(wrap: NostrEvent, keys: KeyPair): Rumor | Refusal {
  if (!isGiftWrap(wrap)) return 'invalid: not a gift wrap';
  const inner = openLayer(wrap.content, keys, wrap.pubkey);
  if (inner === undefined) return 'invalid: the gift wrap is not readable with this key';
  const seal = parseEvent(inner);
  if (typeof seal === 'string') return seal;
  if (seal.kind !== KIND.seal) return 'invalid: a gift wrap must hold a seal';
  const verified = verifyEvent(seal);
  if (typeof verified === 'string') return verified;
  const innermost = openLayer(seal.content, keys, seal.pubkey);
  if (innermost === undefined) return 'invalid: the seal is not readable with this key';
  const rumor = parseRumor(innermost);
  if (typeof rumor === 'string') return rumor;
  if (rumor.pubkey !== seal.pubkey) return 'invalid: the rumor is not by the author of its seal';
  return rumor;
}

/** The JSON inside one layer, or undefined when there is none for us. */
function openLayer(content: string, keys: KeyPair, peer: string): unknown {
  try {
    return JSON.parse(decryptNip44(content, keys, peer));
  } catch (error) {
    if (error instanceof DecryptionError || error instanceof CurveError || error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Wraps an unsigned event for one recipient. The rumor keeps the template's time; seal and wrap are dated back by
 * independent random amounts.
 *
 * @param author signs the seal
 * @param recipient x-only public key, hex
 * @param ephemeral whether relays are to pass the wrap on without storing it (kind 21059)
 */
export function wrap(
  template: EventTemplate,
  author: KeyPair,
  recipient: string,
  ephemeral: boolean,
  random: RandomBytes = secureRandom,
): VerifiedEvent {
  const past_s = ephemeral ? EPHEMERAL_WRAP_PAST_S : WRAP_PAST_S;
  const before = () => template.created_at - randomBelow(past_s, random);
  const { kind, created_at, tags, content } = template;
  const unsigned = { pubkey: author.publicKey, created_at, kind, tags, content };
  const rumor: Rumor = { ...unsigned, id: eventId(unsigned) };
  const seal = signAs(
    {
      kind: KIND.seal,
      created_at: before(),
      tags: [],
      content: encryptNip44(JSON.stringify(rumor), author, recipient, random),
    },
    author,
    random(32),
  );
  const secretKey = random(32);
  const oneTime: KeyPair = { secretKey, publicKey: publicKeyOf(secretKey) };
  return signAs(
    {
      kind: ephemeral ? KIND.ephemeralGiftWrap : KIND.giftWrap,
      created_at: before(),
      tags: [['p', recipient]],
      content: encryptNip44(JSON.stringify(seal), oneTime, recipient, random),
    },
    oneTime,
    random(32),
  );
}
