/** The check of a job's contract, whose hidden part is encrypted to this marketplace. */
import { readVerifiedTerms, type VerifiedTerms } from '../src/checks/contract.ts';
import type { Json } from '../src/errors.ts';
import { openerFor } from '../src/protocol/sealing.ts';
import type { Marketplace } from './marketplace.ts';

/** Null for a contract without one. @throws JobError BAD_REQUEST */
export function verifiedTerms(
  { ownKeys }: Pick<Marketplace, 'ownKeys'>,
  client: string,
  contract: Json,
): VerifiedTerms | null {
  return readVerifiedTerms(contract, (text) => openerFor(ownKeys, client)('nip44', text));
}
