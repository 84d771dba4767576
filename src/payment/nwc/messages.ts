/** NIP-47's events: a request on its way out, responses, notifications and the info event coming in. */
import {
  type KeyPair,
  type NostrEvent,
  signAs,
  tagValue,
  type VerifiedEvent,
  verifyEvent,
} from '../../nostr/event.ts';
import { KIND } from '../../nostr/kinds.ts';
import { decryptNip04, encryptNip04 } from '../../nostr/nip04.ts';
import { DecryptionError, decryptNip44, encryptNip44 } from '../../nostr/nip44.ts';
import type { RandomBytes } from '../../nostr/random.ts';
import {
  type NwcEncryption,
  type NwcMethod,
  type NwcResponse,
  notificationSchema,
  PAYMENT_NOTIFICATIONS,
  parseAs,
  responseSchema,
} from './wire.ts';

/** The two ends of a connection, as seen from one of them. */
export interface NwcParties {
  readonly keys: KeyPair;
  readonly peer: string;
}

export interface NwcRequest {
  readonly method: NwcMethod;
  readonly params: Readonly<Record<string, unknown>>;
  readonly encryption: NwcEncryption;
  /** Unix s. */
  readonly now_s: number;
  /** Unix s after which the wallet must not begin it any more: relays may deliver late. */
  readonly expiration_s: number;
}

/** A signed request. */
export function requestEvent(
  request: NwcRequest,
  { keys, peer }: NwcParties,
  random: RandomBytes,
): VerifiedEvent {
  const { method, params, encryption, now_s, expiration_s } = request;
  const tags = [
    ['p', peer],
    ['expiration', String(expiration_s)],
    ['encryption', encryption],
  ];
  const content = sealNwc(JSON.stringify({ method, params }), { keys, peer }, encryption, random);
  return signAs({ kind: KIND.walletRequest, created_at: now_s, tags, content }, keys, random(32));
}

/** Encrypts for the other end. */
export function sealNwc(
  text: string,
  { keys, peer }: NwcParties,
  encryption: NwcEncryption,
  random: RandomBytes,
): string {
  return encryption === 'nip04'
    ? encryptNip04(text, keys, peer, random)
    : encryptNip44(text, keys, peer, random);
}

/** Decrypts what the other end sent, whichever of the two it used; undefined for what cannot be read. */
export function openNwc(content: string, { keys, peer }: NwcParties): string | undefined {
  try {
    return content.includes('?iv=') ? decryptNip04(content, keys, peer) : decryptNip44(content, keys, peer);
  } catch (error) {
    if (error instanceof DecryptionError) return undefined;
    throw error;
  }
}

/** What an event from the wallet says. */
export type NwcNews =
  | { readonly type: 'response'; readonly to: string; readonly response: NwcResponse }
  | { readonly type: 'notification'; readonly paymentHash: string };

/**
 * Reads an event the wallet may have sent: author, addressee, signature and encryption must fit.
 *
 * @returns undefined for everything else, which anybody can put on a relay
 */
export function readNews(event: NostrEvent, parties: NwcParties): NwcNews | undefined {
  if (event.pubkey !== parties.peer || tagValue(event, 'p') !== parties.keys.publicKey) return undefined;
  if (typeof verifyEvent(event) === 'string') return undefined;
  const text = openNwc(event.content, parties);
  if (text === undefined) return undefined;
  if (event.kind === KIND.walletResponse) {
    const to = tagValue(event, 'e');
    const response = parseAs(responseSchema, text);
    return to === undefined || response === undefined ? undefined : { type: 'response', to, response };
  }
  if (event.kind !== KIND.walletNotification && event.kind !== KIND.walletNotificationNip04) return undefined;
  const news = parseAs(notificationSchema, text);
  return news === undefined || !PAYMENT_NOTIFICATIONS.has(news.notification_type)
    ? undefined
    : { type: 'notification', paymentHash: news.notification.payment_hash };
}

/** What a wallet announces of itself (kind 13194). */
export interface NwcInfo {
  readonly encryption: NwcEncryption;
  readonly methods: readonly string[];
  readonly notifications: readonly string[];
}

/** Reads an info event of this wallet; undefined when it is not one, or not its own. */
export function readInfo(event: NostrEvent, walletPubkey: string): NwcInfo | undefined {
  if (event.kind !== KIND.walletInfo || event.pubkey !== walletPubkey) return undefined;
  if (typeof verifyEvent(event) === 'string') return undefined;
  // A wallet that names no encryption is of the time when there was only NIP-04 (NIP-47).
  const schemes = words(tagValue(event, 'encryption') ?? 'nip04');
  return {
    encryption: schemes.includes('nip44_v2') ? 'nip44_v2' : 'nip04',
    methods: words(event.content),
    notifications: words(tagValue(event, 'notifications') ?? ''),
  };
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
