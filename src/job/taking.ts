/** The first look at a request: is it for now, is the client admitted, and can its body be used. */

import type { VerifiedTerms } from '../checks/contract.ts';
import { JobError, type JobFailure } from '../errors.ts';
import { JOB_REQUEST_MAX_AGE_S, RELAY_CREATED_AT_FUTURE_S } from '../limits.ts';
import type { JobBody, Request } from '../protocol/model.ts';
import type { Placement } from './broker.ts';
import type { JournalRecord } from './journal.ts';
import type { Live } from './live.ts';
import type { SessionPorts } from './ports.ts';

/** A request with either a body to work on or the reason why it is refused. */
export type Taken =
  | (Asked & { readonly body: JobBody; readonly failure: null })
  | (Asked & { readonly body: null; readonly failure: JobFailure });

interface Asked {
  readonly request: Request;
  /** The check its answer has to pass; null where there is none. */
  readonly verified: VerifiedTerms | null;
}

/**
 * Looks at a request. Null when it is not for now: too old, so that nobody waits for it, or from the future. One that
 * another agent passes on was looked at there.
 */
export async function take(
  ports: Pick<SessionPorts, 'body' | 'verified' | 'admit' | 'clock'>,
  request: Request,
  authenticated: readonly string[],
  openJobs: number,
  { passedOn, refusal: unplaced }: Placement,
): Promise<Taken | null> {
  if (passedOn) return readBody(ports, request);
  const { createdAt_s } = request.envelope;
  const now_s = ports.clock() / 1000;
  if (createdAt_s < now_s - JOB_REQUEST_MAX_AGE_S || createdAt_s > now_s + RELAY_CREATED_AT_FUTURE_S)
    return null;
  const refusal = await ports.admit(request, authenticated, openJobs);
  const failure = refusal ?? unplaced;
  if (failure !== null) return { request, body: null, verified: null, failure };
  return readBody(ports, request);
}

/** The body of a request that was admitted before. */
export function readBody(ports: Pick<SessionPorts, 'body' | 'verified'>, request: Request): Taken {
  try {
    const body = ports.body(request);
    return { request, body, verified: ports.verified(request, body), failure: null };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return { request, body: null, verified: null, failure: error.failure };
  }
}

/** Nobody works on it, as far as this memory goes. */
export const AT_REST = { abort: null, workWake_ms: null, working: null } as const;

/** Stored jobs as they are held in memory. One whose request cannot be read is logged and left out. */
export function takeUp(
  ports: Pick<SessionPorts, 'read' | 'body' | 'verified' | 'log'>,
  records: readonly JournalRecord[],
): Live[] {
  return records.flatMap((record) => {
    try {
      if (record.erased !== null) {
        const erased = { envelope: record.erased, event: record.request };
        return [{ record, request: erased, body: null, verified: null, ...AT_REST }];
      }
      const request = ports.read(record.request);
      const { body, verified } = readBody(ports, request);
      return [{ record, request, body, verified, ...AT_REST }];
    } catch (error) {
      // It stays in the journal for a version of us that can read it; the others must not wait for that.
      ports.log('a stored request cannot be read', record.job.id, error);
      return [];
    }
  });
}
