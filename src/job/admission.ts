/** Whether a client's request is taken at all, before its body is looked at. */
import type { Config } from '../config.ts';
import type { JobFailure } from '../errors.ts';
import { JOB_MAX_OPEN_PER_SESSION } from '../limits.ts';
import type { KeyedAgent } from '../protocol/agent.ts';
import type { Request } from '../protocol/model.ts';
import { takesKind } from '../protocol/route.ts';
import type { LeaveHeld } from './quota.ts';

export interface Applicant {
  readonly request: Request;
  /** Public keys its connection proved to hold (NIP-42). */
  readonly authenticated: readonly string[];
  /** Jobs of this session that are not done. */
  readonly openJobs: number;
  /** Whether the operator has blocked it. */
  readonly keptOut: boolean;
}

/**
 * The reason why a request is refused, or null. The cheapest reasons come first; a refused request uses no leave.
 *
 * @param leave of this client with this agent
 */
export async function admit(
  config: Pick<Config, 'draining' | 'kinds'>,
  agent: KeyedAgent,
  applicant: Applicant,
  leave: LeaveHeld,
  now_ms: number,
): Promise<JobFailure | null> {
  const { envelope } = applicant.request;
  if (applicant.keptOut) return { code: 'FORBIDDEN', message: 'This client is blocked here' };
  const closed = agent.listed?.closed ?? null;
  if (closed?.state === 'deleted')
    return { code: 'NOT_FOUND', message: `${agent.name} is not here any more` };
  if (closed !== null) {
    const why = closed.reason === '' ? '' : `: ${closed.reason}`;
    return {
      code: 'SERVICE_UNAVAILABLE',
      message: `${agent.name} takes no jobs at the moment${why}`,
      details: { state: closed.state },
    };
  }
  if (config.draining) return { code: 'SERVICE_UNAVAILABLE', message: 'No new jobs are taken at the moment' };
  if (!takesKind(agent, envelope.kind, config.kinds)) {
    return {
      code: 'BAD_REQUEST',
      message: `${agent.name} does not take requests of kind ${envelope.kind}`,
      details: { kinds: [config.kinds.task, ...agent.jobKinds] },
    };
  }
  if (agent.authentication === 'nip42' && !applicant.authenticated.includes(envelope.client)) {
    return {
      code: 'UNAUTHORIZED',
      message: 'Authenticate to the relay (NIP-42) with the key that signs the request',
    };
  }
  if (applicant.openJobs >= JOB_MAX_OPEN_PER_SESSION) {
    return {
      code: 'SERVICE_UNAVAILABLE',
      message: 'Too many unfinished jobs in this session',
      details: { limit: JOB_MAX_OPEN_PER_SESSION },
    };
  }
  const again_ms = await leave.use(now_ms);
  if (again_ms === null) return null;
  return {
    code: 'RATE_LIMIT_EXCEEDED',
    message: 'Too many jobs in this hour',
    details: { retry_after_s: Math.max(1, Math.ceil((again_ms - now_ms) / 1000)) },
  };
}
