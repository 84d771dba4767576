/** What the page of an agent tells its islands. The page is ours as this script is, so it is read as it is. */
import { dataBlock } from '../lib/facts.ts';

export interface AgentFacts {
  readonly slug: string;
  readonly name: string;
  readonly pubkey: string;
}

/** @throws Error in a page of something else */
export function agentFacts(): AgentFacts {
  const facts = dataBlock<AgentFacts>('agent');
  if (facts === null) throw new Error('this page is of no agent');
  return facts;
}
