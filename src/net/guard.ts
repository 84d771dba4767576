/**
 * Decides whether a URL from a stranger may be called. Part one of the guarded door (safe-fetch.ts is the other).
 *
 * The URL is parsed first, by the same parser that will call it, and the parsed host is judged: so every spelling
 * of an address (hex, octal, one number, full-width digits, a mapped IPv6) is judged as the address it is. Only
 * what is known to be public passes.
 *
 * What this cannot see: where a public name points to. On Cloudflare there is no private network behind a Worker
 * and `global_fetch_strictly_public` keeps calls on the public internet; elsewhere give safeFetch a resolver.
 */
import ipaddr from 'ipaddr.js';
import { JobError } from '../errors.ts';

export interface GuardOptions {
  /** Allowed schemes without the colon, for example `['https']`; `allowPrivate` adds `http` beside `https` and `ws` beside `wss`. */
  readonly schemes: readonly string[];
  /** Local mode: private addresses, plain schemes and all ports are allowed. Credentials never are. */
  readonly allowPrivate: boolean;
  /** Hosts of our own, never called by a stranger's wish; their subdomains neither. */
  readonly ownHosts?: readonly string[];
}

/** Longer URLs are no honest ones, characters. */
const MAX_URL_CHARS = 2_048;

/** Names that never mean the public internet (RFC 6761, RFC 6762, RFC 8375, RFC 9476, ICANN's `internal`, and habits of home routers). */
const PRIVATE_SUFFIXES = [
  'localhost',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'localdomain',
  'arpa',
  'test',
  'invalid',
  'example',
  'onion',
  'alt',
];

/** Ports of other protocols above 1023, which the Fetch standard blocks too: an HTTP request must not be read as theirs. */
const BLOCKED_PORTS = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10080,
]);

const PLAIN_SCHEME: Readonly<Record<string, string>> = { https: 'http', wss: 'ws' };

/**
 * The URL, parsed and found safe to call. Call exactly what is returned, not the text it was made from.
 *
 * Ports: the scheme's own, or any from 1024 on that is no known port of another protocol, since relays live on
 * such ports.
 *
 * @throws JobError BAD_REQUEST with `details.reason` naming what is wrong
 */
export function assertPublicUrl(url: string, options: GuardOptions): URL {
  if (url.length > MAX_URL_CHARS) throw refusal('too_long', 'is longer than 2048 characters');
  if (!URL.canParse(url)) throw refusal('malformed', 'cannot be read');
  const parsed = new URL(url);
  const scheme = parsed.protocol.slice(0, -1);
  if (!schemesOf(options).includes(scheme))
    throw refusal('scheme', `must begin with ${options.schemes.join(':// or ')}://`);
  if (parsed.username !== '' || parsed.password !== '')
    throw refusal('credentials', 'must not carry a user name or password');
  const host = hostOf(parsed);
  if (host === '') throw refusal('host', 'names no host');
  if (options.ownHosts?.some((own) => isWithin(host, own.toLowerCase()))) {
    throw refusal('own_host', 'points back to this marketplace');
  }
  if (options.allowPrivate) return parsed;
  if (!isAllowedPort(parsed.port)) throw refusal('port', 'names a port that is not allowed');
  if (!isPublicHost(host)) throw refusal('private', 'does not point to the public internet');
  return parsed;
}

/** Whether an address is one of the public internet. Takes every spelling ipaddr.js reads; what is no address is not public. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  // Of IPv6 only 2000::/3 is given out to the public. This also leaves out `::127.0.0.1` and its like.
  return !(parsed instanceof ipaddr.IPv6) || (parsed.parts[0] ?? 0) >> 13 === 1;
}

/** The host without brackets and trailing dots, as it is judged. */
export function hostOf(url: URL): string {
  return url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.+$/, '')
    .toLowerCase();
}

/** Whether a host is an address, in contrast to a name. */
export function isAddress(host: string): boolean {
  return ipaddr.isValid(host);
}

function isPublicHost(host: string): boolean {
  if (isAddress(host)) return isPublicAddress(host);
  // A name without a dot is one of the local network.
  if (!host.includes('.')) return false;
  return !PRIVATE_SUFFIXES.some((suffix) => isWithin(host, suffix));
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

function isAllowedPort(port: string): boolean {
  if (port === '') return true;
  const number = Number(port);
  return number === 443 || number === 80 || (number >= 1024 && !BLOCKED_PORTS.has(number));
}

function schemesOf({ schemes, allowPrivate }: GuardOptions): readonly string[] {
  if (!allowPrivate) return schemes;
  return schemes.flatMap((scheme) => [scheme, PLAIN_SCHEME[scheme] ?? scheme]);
}

function refusal(reason: string, text: string): JobError {
  return new JobError('BAD_REQUEST', `the URL ${text}`, { reason });
}
