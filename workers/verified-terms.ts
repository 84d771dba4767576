/** The check of a job's contract, whose hidden part is encrypted to this marketplace. */
import { readVerifiedTerms, type VerifiedTerms } from '../src/checks/contract.ts';
import { JobError, type Json } from '../src/errors.ts';
import { answersChecks, type KeyedAgent } from '../src/protocol/agent.ts';
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

/** The same for an agent, which may be one that takes no checks. @throws JobError BAD_REQUEST */
export function checkTerms(
  marketplace: Pick<Marketplace, 'ownKeys'>,
  agent: Pick<KeyedAgent, 'slug' | 'runtime'>,
  client: string,
  contract: Json,
): VerifiedTerms | null {
  const terms = verifiedTerms(marketplace, client, contract);
  if (terms === null || answersChecks(agent.runtime)) return terms;
  const path = '$.contract.verify';
  throw new JobError('BAD_REQUEST', `${path}: ${agent.slug} takes no jobs with a check`, { path });
}
