/**
 * Zap requests (NIP-57, kind 9734): what a payer signs and hands to the recipient's LNURL server, which checks it by
 * Appendix D before it makes an invoice for it.
 */

import { ZAP_MAX_RELAYS, ZAP_MAX_REQUEST_BYTES } from '../../limits.ts';
import {
  type EventTemplate,
  parseEvent,
  type Tag,
  tagValue,
  tagValues,
  type VerifiedEvent,
  verifyEvent,
} from '../../nostr/event.ts';
import { isHex32 } from '../../nostr/hex.ts';
import { KIND } from '../../nostr/kinds.ts';
import { type Msats, parseMsats } from '../msats.ts';

/** A zap request of the right form, signed by its sender. */
export interface ZapRequest {
  /** The very text that came. Its hash is what the invoice commits to, so it is never written anew. */
  readonly raw: string;
  readonly event: VerifiedEvent;
  readonly sender: string;
  readonly recipient: string;
  /** The zapped event (`e`), its address (`a`) where it has one; both null for a zap to the person. */
  readonly eventId: string | null;
  readonly address: string | null;
  /** Null when the request names none. */
  readonly amount: Msats | null;
  /** Where the receipt is wanted, not yet checked for safety; at most ZAP_MAX_RELAYS. */
  readonly relays: readonly string[];
}

/** Why a zap request is refused: a code for tests, logs and counters. */
export type ZapRequestRefusal =
  | 'too_long'
  | 'not_json'
  | 'not_an_event'
  | 'wrong_kind'
  | 'bad_signature'
  | 'recipient_missing'
  | 'recipient_twice'
  | 'recipient_malformed'
  | 'event_twice'
  | 'event_malformed'
  | 'address_twice'
  | 'address_malformed'
  | 'relays_missing'
  | 'amount_twice'
  | 'amount_malformed'
  | 'signer_twice'
  | 'other_amount'
  | 'other_recipient'
  | 'other_signer';

/** `kind:pubkey:d` (NIP-01). */
const COORDINATE = /^\d{1,5}:[0-9a-f]{64}:/;

/** Reads a zap request and checks what can be told from it alone. Callers add what they know (below, and foreign.ts). */
export function readZapRequest(raw: string): ZapRequest | ZapRequestRefusal {
  if (new TextEncoder().encode(raw).length > ZAP_MAX_REQUEST_BYTES) return 'too_long';
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch (error) {
    if (error instanceof SyntaxError) return 'not_json';
    throw error;
  }
  const parsed = parseEvent(value);
  if (typeof parsed === 'string') return 'not_an_event';
  if (parsed.kind !== KIND.zapRequest) return 'wrong_kind';
  const tags = readTags(parsed.tags);
  if (typeof tags === 'string') return tags;
  // The costly check comes last.
  const event = verifyEvent(parsed);
  return typeof event === 'string' ? 'bad_signature' : { raw, event, sender: event.pubkey, ...tags };
}

/** What the server of an address knows of a zap request that reaches its callback. */
export interface ZapTerms {
  /** The `amount` parameter of the callback. */
  readonly amount: Msats;
  /** Whose address it is. */
  readonly recipient: string;
  /** The key that will sign the receipt (`nostrPubkey`). */
  readonly signer: string;
}

/**
 * Checks a zap request as an LNURL server has to (Appendix D), and that it is for the owner of the address: a payer
 * who may name anybody could have a stranger's zaps counted that this address received.
 */
export function checkZapRequest(raw: string, terms: ZapTerms): ZapRequest | ZapRequestRefusal {
  const request = readZapRequest(raw);
  if (typeof request === 'string') return request;
  if (request.recipient !== terms.recipient) return 'other_recipient';
  if (request.amount !== null && request.amount !== terms.amount) return 'other_amount';
  const signer = tagValue(request.event, 'P');
  if (signer !== undefined && signer !== terms.signer) return 'other_signer';
  return request;
}

/** What a payer wants to zap. */
export interface ZapOrder {
  readonly recipient: string;
  readonly amount: Msats;
  readonly relays: readonly string[];
  /** Bech32, as `encodeLnurl` writes it. */
  readonly lnurl?: string;
  /** The zapped event and its kind; both absent for a zap to the person. */
  readonly event?: { readonly id: string; readonly kind: number };
  readonly address?: string;
  readonly comment?: string;
}

/** A zap request to be signed by the payer. */
export function zapRequest(order: ZapOrder, createdAt_s: number): EventTemplate {
  return {
    kind: KIND.zapRequest,
    created_at: createdAt_s,
    content: order.comment ?? '',
    tags: [
      ['relays', ...order.relays],
      ['amount', order.amount.toString()],
      ...(order.lnurl === undefined ? [] : [['lnurl', order.lnurl]]),
      ['p', order.recipient],
      ...(order.event === undefined
        ? []
        : [
            ['e', order.event.id],
            ['k', String(order.event.kind)],
          ]),
      ...(order.address === undefined ? [] : [['a', order.address]]),
    ],
  };
}

type FromTags = Omit<ZapRequest, 'raw' | 'event' | 'sender'>;

function readTags(tags: readonly Tag[]): FromTags | ZapRequestRefusal {
  const count = (name: string): number => tags.filter((tag) => tag[0] === name).length;
  const event = { tags };
  if (count('p') === 0) return 'recipient_missing';
  if (count('p') > 1) return 'recipient_twice';
  if (count('e') > 1) return 'event_twice';
  if (count('a') > 1) return 'address_twice';
  if (count('amount') > 1) return 'amount_twice';
  if (count('P') > 1) return 'signer_twice';
  const recipient = tagValue(event, 'p');
  if (!isHex32(recipient)) return 'recipient_malformed';
  const eventId = count('e') === 0 ? null : (tagValue(event, 'e') ?? '');
  if (eventId !== null && !isHex32(eventId)) return 'event_malformed';
  const address = count('a') === 0 ? null : (tagValue(event, 'a') ?? '');
  if (address !== null && !COORDINATE.test(address)) return 'address_malformed';
  const amount = count('amount') === 0 ? null : parseMsats(tagValue(event, 'amount') ?? '');
  if (amount === null && count('amount') > 0) return 'amount_malformed';
  const relays = tags.find((tag) => tag[0] === 'relays')?.slice(1, 1 + ZAP_MAX_RELAYS) ?? [];
  if (relays.length === 0) return 'relays_missing';
  return { recipient, eventId, address, amount, relays };
}

/** The tags of a request that its receipt repeats (Appendix E). */
export function repeatedTags({ event }: ZapRequest): Tag[] {
  const repeated = (name: string): Tag[] => tagValues(event, name).map((value) => [name, value]);
  return [...repeated('p'), ...repeated('e'), ...repeated('a'), ...repeated('k').slice(0, 1)];
}
