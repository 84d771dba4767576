/**
 * L402: whoever has no key pays an invoice and shows its preimage. The macaroon that comes with the invoice names a purse, so
 * what was paid is credit like any other: it serves more than one request until it is used up, and the rest can be had back.
 * Nothing has to be remembered here: the macaroon carries payment hash and purse, signed with a key of the master secret.
 */
import { isHex32 } from '../nostr/hex.ts';
import { isPreimage } from '../payment/settlement.ts';
import { decodeMacaroon, encodeMacaroon, isGenuine, mintMacaroon } from './macaroon.ts';

/** Version of the identifier: 2 bytes, before the payment hash and the token id of 32 bytes each (L402, "Macaroons"). */
const IDENTIFIER_VERSION = 0;
const IDENTIFIER_BYTES = 66;

/** What a token says once everything about it was checked. */
export interface L402Token {
  /** Names the purse; hex. */
  readonly tokenId: string;
  /** Of the payment by which it was bought; hex. */
  readonly paymentHash: string;
  /** Slugs; null for every agent. */
  readonly agents: readonly string[] | null;
  /** Unix s; null for no end. */
  readonly expiresAt_s: number | null;
}

/** Why a token is refused. `expired` is said of one that is genuine and paid: its rest can still be had back. */
export type L402Refusal = 'malformed' | 'forged' | 'unpaid' | 'unknown_caveat' | 'expired';

/** Makes the macaroon of one invoice. @param rootKeyOf the key for an identifier, 32 bytes, the same every time */
export function mintToken(
  { tokenId, paymentHash, agents, expiresAt_s }: L402Token,
  rootKeyOf: (identifier: string) => Uint8Array,
  location: string,
): string {
  const identifier = Buffer.concat([
    Buffer.from([0, IDENTIFIER_VERSION]),
    Buffer.from(paymentHash, 'hex'),
    Buffer.from(tokenId, 'hex'),
  ]);
  const caveats = [
    ...(agents === null ? [] : [`agents=${agents.join(',')}`]),
    ...(expiresAt_s === null ? [] : [`valid_until=${expiresAt_s}`]),
  ];
  return encodeMacaroon(mintMacaroon(rootKeyOf(identifier.toString('hex')), identifier, caveats, location));
}

/**
 * Reads `<macaroon>:<preimage>` of an `Authorization: L402` header.
 *
 * @param now_s Unix s; null where an expired token is as good as any, because only its rest is asked for
 */
export function readToken(
  credentials: string,
  rootKeyOf: (identifier: string) => Uint8Array,
  now_s: number | null,
): L402Token | L402Refusal {
  const [text = '', preimage = '', ...more] = credentials.trim().split(':');
  const macaroon = decodeMacaroon(text);
  const { identifier } = macaroon ?? {};
  if (macaroon === null || identifier === undefined || more.length > 0) return 'malformed';
  if (identifier.length !== IDENTIFIER_BYTES || !isHex32(preimage.toLowerCase())) return 'malformed';
  const name = Buffer.from(identifier).toString('hex');
  if (!isGenuine(macaroon, rootKeyOf(name))) return 'forged';
  const paymentHash = name.slice(4, 68);
  if (!isPreimage(preimage.toLowerCase(), paymentHash)) return 'unpaid';
  const conditions = conditionsOf(macaroon.caveats);
  if (conditions === null) return 'unknown_caveat';
  const { agents, expiresAt_s } = conditions;
  if (now_s !== null && expiresAt_s !== null && now_s >= expiresAt_s) return 'expired';
  return { tokenId: name.slice(68), paymentHash, agents, expiresAt_s };
}

/** What all caveats together allow: each one more can only take away. Null where one is not known here. */
function conditionsOf(caveats: readonly string[]): Pick<L402Token, 'agents' | 'expiresAt_s'> | null {
  let known: Pick<L402Token, 'agents' | 'expiresAt_s'> = { agents: null, expiresAt_s: null };
  for (const caveat of caveats) {
    const [, condition = '', value = ''] = /^(agents|valid_until)=(.*)$/.exec(caveat) ?? [];
    if (condition === 'agents') {
      const named = value.split(',');
      known = { ...known, agents: known.agents?.filter((slug) => named.includes(slug)) ?? named };
    } else if (condition === 'valid_until' && /^\d{1,12}$/.test(value)) {
      known = { ...known, expiresAt_s: Math.min(known.expiresAt_s ?? Number(value), Number(value)) };
    } else return null;
  }
  return known;
}
