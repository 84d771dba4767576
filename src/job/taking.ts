/** The first look at a request: is it for now, is the client admitted, and can its body be used. */
import { JobError, type JobFailure } from '../errors.ts';
import { JOB_REQUEST_MAX_AGE_S, RELAY_CREATED_AT_FUTURE_S } from '../limits.ts';
import type { JobBody, Request } from '../protocol/model.ts';
import type { Placement } from './broker.ts';
import type { JournalRecord } from './journal.ts';
import type { Live } from './live.ts';
import type { SessionPorts } from './ports.ts';

/** A request with either a body to work on or the reason why it is refused. */
export type Taken =
  | { readonly request: Request; readonly body: JobBody; readonly failure: null }
  | { readonly request: Request; readonly body: null; readonly failure: JobFailure };

/**
 * Looks at a request. Null when it is not for now: too old, so that nobody waits for it, or from the future. One that
 * another agent passes on was looked at there.
 */
export async function take(
  ports: Pick<SessionPorts, 'body' | 'admit' | 'clock'>,
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
  if (failure !== null) return { request, body: null, failure };
  return readBody(ports, request);
}

/** The body of a request that was admitted before. */
export function readBody(ports: Pick<SessionPorts, 'body'>, request: Request): Taken {
  try {
    return { request, body: ports.body(request), failure: null };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return { request, body: null, failure: error.failure };
  }
}

/** Stored jobs as they are held in memory. One whose request cannot be read is logged and left out. */
export function takeUp(
  ports: Pick<SessionPorts, 'read' | 'body' | 'log'>,
  records: readonly JournalRecord[],
): Live[] {
  return records.flatMap((record) => {
    try {
      if (record.erased !== null) {
        const erased = { envelope: record.erased, event: record.request };
        return [{ record, request: erased, body: null, abort: null, workWake_ms: null, working: null }];
      }
      const request = ports.read(record.request);
      const { body } = readBody(ports, request);
      return [{ record, request, body, abort: null, workWake_ms: null, working: null }];
    } catch (error) {
      // It stays in the journal for a version of us that can read it; the others must not wait for that.
      ports.log('a stored request cannot be read', record.job.id, error);
      return [];
    }
  });
}
