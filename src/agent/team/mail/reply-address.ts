/**
 * Addresses that bring an answer back to its run: `<local>+<token>@<domain>` of MAIL_FROM. The token is the beginning of
 * the job's id and a code (HMAC-SHA-256) that only this deployment can make, so an address cannot be guessed, and one
 * that was is refused before anything is looked up.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { base32nopad } from '@scure/base';
import { MAIL_REPLY_CODE_BYTES, MAIL_REPLY_JOB_BYTES } from '../../../limits.ts';
import { partsOf } from '../../../mail-address.ts';
import { fromHex, toHex } from '../../../nostr/hex.ts';
import { deriveKeys } from '../../../nostr/keys.ts';

/** Base32 (RFC 4648) in lower case, because mail does not keep capitals; 20 bytes are 32 whole characters. */
const TOKEN_CHARS = ((MAIL_REPLY_JOB_BYTES + MAIL_REPLY_CODE_BYTES) * 8) / 5;

export interface ReplyAddresses {
  /** Where answers to mails of this job go. @param jobId 64 hex characters */
  of(jobId: string): string;
  /** The first 16 hex characters of the job's id, or null for an address that we did not make. Takes constant time. */
  read(address: string): string | null;
}

/**
 * @param masterSecret 32 bytes as hex
 * @param mailFrom MAIL_FROM, lower case, its local part at most MAIL_FROM_MAX_LOCAL_OCTETS
 */
export function replyAddresses(masterSecret: string, mailFrom: string): ReplyAddresses {
  const { local, domain } = partsOf(mailFrom);
  const prefix = `${local}+`;
  const key = deriveKeys(masterSecret, 'mail-replies').secretKey;
  const codeOf = (job: Uint8Array): Uint8Array =>
    createHmac('sha256', key).update(job).digest().subarray(0, MAIL_REPLY_CODE_BYTES);
  return {
    of(jobId) {
      const job = fromHex(jobId).subarray(0, MAIL_REPLY_JOB_BYTES);
      return `${prefix}${base32nopad.encode(Uint8Array.of(...job, ...codeOf(job))).toLowerCase()}@${domain}`;
    },
    read(address) {
      const found = partsOf(address.trim().toLowerCase());
      if (found.domain !== domain || !found.local.startsWith(prefix)) return null;
      const token = found.local.slice(prefix.length);
      if (!/^[a-z2-7]+$/.test(token) || token.length !== TOKEN_CHARS) return null;
      const bytes = base32nopad.decode(token.toUpperCase());
      const job = bytes.subarray(0, MAIL_REPLY_JOB_BYTES);
      return timingSafeEqual(bytes.subarray(MAIL_REPLY_JOB_BYTES), codeOf(job)) ? toHex(job) : null;
    },
  };
}
