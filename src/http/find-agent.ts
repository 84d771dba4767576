/** An agent by the name in a path. */
import { JobError } from '../errors.ts';
import type { KeyedAgent } from '../protocol/agent.ts';
import type { HttpPorts } from './ports.ts';

/** @throws JobError NOT_FOUND */
export function agentNamed(ports: Pick<HttpPorts, 'agents'>, slug: string): KeyedAgent {
  const agent = ports.agents.find((one) => one.slug === slug);
  if (agent === undefined) throw new JobError('NOT_FOUND', 'no agent has this name');
  return agent;
}
