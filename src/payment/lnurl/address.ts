/** Names of LNURL-pay endpoints: Lightning addresses (LUD-16), bech32 (LUD-01) and `lnurlp:` URLs (LUD-17). */
import { bech32 } from '@scure/base';
import * as z from 'zod';

/** LUD-16's letters, and `+`, which servers use for tags. */
const USER = /^[a-z0-9_.+-]{1,64}$/;
const HOST = /^[a-z0-9.-]+(?::\d{1,5})?$/;
/** Longer URLs are no honest ones, characters. */
const MAX_CHARS = 2_048;

const profileShape = z.object({ lud16: z.string() });

/**
 * The URL to ask for a Lightning address, or null when it is none. It is a stranger's URL: call it by `safeFetch`.
 *
 * @param scheme `http` only for a marketplace that runs locally
 */
export function lightningAddressUrl(address: string, scheme: 'https' | 'http' = 'https'): string | null {
  const [user = '', host = '', ...more] = address.trim().toLowerCase().split('@');
  if (more.length > 0 || !USER.test(user) || !HOST.test(host)) return null;
  const url = `${scheme}://${host}/.well-known/lnurlp/${user}`;
  // The parser has the last word on what a host is, and must not have found another one.
  return URL.canParse(url) && new URL(url).href === url ? url : null;
}

/** The URL that a Lightning address, an `lnurl1…`, an `lnurlp://…` or a plain https URL stands for, or null. */
export function payUrlOf(text: string): string | null {
  const trimmed = text.trim().replace(/^lightning:/i, '');
  if (trimmed.length > MAX_CHARS) return null;
  if (/^lnurl1/i.test(trimmed)) return decodeLnurl(trimmed);
  if (/^lnurlp:\/\//i.test(trimmed)) return webUrl(trimmed.replace(/^lnurlp/i, 'https'));
  return /^https?:\/\//i.test(trimmed) ? webUrl(trimmed) : lightningAddressUrl(trimmed);
}

/** A URL in bech32 with the prefix `lnurl` (LUD-01), as NIP-57's `lnurl` tags carry it. */
export function encodeLnurl(url: string): string {
  return bech32.encode('lnurl', bech32.toWords(new TextEncoder().encode(url)), false);
}

/** Whether two names mean the same endpoint, however each is written. */
export function sameLnurl(one: string, other: string): boolean {
  const url = payUrlOf(one);
  return url !== null && url === payUrlOf(other);
}

function decodeLnurl(text: string): string | null {
  const decoded = bech32.decodeUnsafe(text, false);
  if (decoded === undefined || decoded.prefix !== 'lnurl') return null;
  const bytes = bech32.fromWordsUnsafe(decoded.words);
  return bytes === undefined ? null : webUrl(new TextDecoder().decode(bytes));
}

function webUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
}

/** The Lightning address in a profile (kind 0, NIP-01 with LUD-16), in lower case; null where there is none. */
export function profileAddress(content: string): string | null {
  const parsed = profileShape.safeParse(parseJson(content));
  const address = parsed.success ? parsed.data.lud16.trim().toLowerCase() : '';
  return lightningAddressUrl(address) === null ? null : address;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
