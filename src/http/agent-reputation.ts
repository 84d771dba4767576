/** What an agent has done, as it is shown: of a listed one only since it was listed, whoever had its name before. */
import type { KeyedAgent } from '../agent/definition.ts';
import { REPUTATION_JOBS } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { type Reputation, reputationOf } from '../store/reputation.ts';

export function agentReputation(db: Db, { slug, listed }: KeyedAgent): Promise<Reputation> {
  return reputationOf(db, slug, REPUTATION_JOBS, listed?.since_ms);
}
