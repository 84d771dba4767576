/** Relay URLs: one spelling per relay, so that two names of the same relay are found equal. */

/**
 * Lower-case host, no default port, no trailing slash on a bare host, no fragment.
 *
 * @throws TypeError when it is not a URL
 */
export function normalizeRelayUrl(url: string): string {
  const parsed = new URL(url);
  parsed.hash = '';
  const normal = parsed.toString();
  return parsed.pathname === '/' && parsed.search === '' ? normal.replace(/\/$/, '') : normal;
}

/** The normal spelling of a relay URL, or null for whatever is not a ws(s) URL. */
export function parseRelayUrl(text: string): string | null {
  if (!/^wss?:\/\//i.test(text) || !URL.canParse(text)) return null;
  return normalizeRelayUrl(text);
}
