/** The Content-Security-Policy of pages: everything from here, nothing inline but one hashed script. */

/**
 * Where the scripts of a page may connect. `here`: this service and its embedded relay. `relays`: any relay, because a
 * visitor's bunker or wallet names its own. `web`: also any HTTPS address, for Lightning addresses elsewhere.
 */
export type Reach = 'here' | 'relays' | 'web';

/**
 * @param publicUrl base URL of this deployment; where it is plain HTTP (locally), relays may be plain too
 * @param inlineSha256_base64 of the one script in the page itself
 */
export function pagePolicy(publicUrl: string, reach: Reach, inlineSha256_base64: string): string {
  const plain = publicUrl.startsWith('http:');
  const relays = reach === 'here' ? [] : plain ? ['wss:', 'ws:'] : ['wss:'];
  const connect = [
    "'self'",
    publicUrl,
    // Not every browser counts a socket of the same host as `self`.
    publicUrl.replace(/^http/, 'ws'),
    ...relays,
    ...(reach === 'web' ? ['https:'] : []),
  ];
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${inlineSha256_base64}'`,
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src ${connect.join(' ')}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}
