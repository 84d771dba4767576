/** Mail addresses as we take them: the plain form of RFC 5321 §4.1.2, without quoted local parts or address literals. */
import { MAIL_MAX_ADDRESS_OCTETS, MAIL_MAX_LOCAL_OCTETS } from './limits.ts';

const ATOM = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const ADDRESS = new RegExp(`^${ATOM}(?:\\.${ATOM})*@${LABEL}(?:\\.${LABEL})+$`);

/**
 * The address in lower case, or null when it is none. RFC 5321 lets hosts tell `Ann` from `ann`; none that people use
 * does, and mail programs change the case, so addresses are compared and kept without it.
 */
export function parseMailAddress(text: string): string | null {
  const address = text.trim().toLowerCase();
  if (address.length > MAIL_MAX_ADDRESS_OCTETS || !ADDRESS.test(address)) return null;
  return address.lastIndexOf('@') <= MAIL_MAX_LOCAL_OCTETS ? address : null;
}

/** An address in its two parts. @param address as {@link parseMailAddress} gives it */
export function partsOf(address: string): { readonly local: string; readonly domain: string } {
  const at = address.lastIndexOf('@');
  return { local: address.slice(0, at), domain: address.slice(at + 1) };
}
