/**
 * The `nostr` parameter of a zap callback. NIP-57's own example writes it with `encodeURI`, which leaves `&`, `+` and
 * `#` of the payer's comment as they are: the query is then torn apart, or its spaces change, and the signature no
 * longer fits. What was meant can be read from the raw query, except after a `#`, which never leaves the client.
 */
import type { ZapRequest, ZapRequestRefusal } from './request.ts';

/** Parameters that may follow `nostr` in a query that was not escaped properly. */
const NEXT_PARAMETER = /&(?:amount|lnurl|comment|nonce|payerdata|nostr)=/;
/** The end of a JSON object, as it is or escaped. */
const JSON_END = /.*(?:\}|%7d)/is;

/**
 * The texts a query's `nostr` parameter may stand for, the proper reading first; none when there is no such parameter.
 *
 * @param query what follows the `?` of the URL, raw
 */
export function zapParameterReadings(query: string): string[] {
  const proper = new URLSearchParams(query).get('nostr');
  if (proper === null) return [];
  const from = /(?:^|[?&])nostr=/.exec(query);
  if (from === null) return [proper];
  const rest = query.slice(from.index + from[0].length);
  const end = NEXT_PARAMETER.exec(rest)?.index ?? rest.length;
  const guesses = [unescaped(rest.slice(0, end)), unescaped(JSON_END.exec(rest)?.[0] ?? '')];
  return [...new Set([proper, ...guesses.filter((guess) => guess !== null)])];
}

/** Percent escapes decoded and everything else kept, `+` as well; null where the escapes are broken. */
function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

/**
 * The zap request of a query: the first reading that passes the check, which includes the payer's signature, so a
 * wrong guess is never taken. Null without the parameter; the refusal of the proper reading when none passes.
 */
export function zapRequestOf(
  query: string,
  check: (raw: string) => ZapRequest | ZapRequestRefusal,
): ZapRequest | ZapRequestRefusal | null {
  let refusal: ZapRequestRefusal | null = null;
  for (const reading of zapParameterReadings(query)) {
    const checked = check(reading);
    if (typeof checked !== 'string') return checked;
    refusal ??= checked;
  }
  return refusal;
}
