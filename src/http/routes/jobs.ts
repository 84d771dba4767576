/** Jobs: the public list, one job, its events as they come, and its erasure. */
import { Hono } from 'hono';
import { JobError } from '../../errors.ts';
import { isFinal } from '../../job/types.ts';
import { decodeCursor, encodeCursor } from '../../store/cursor.ts';
import type { JobRecord } from '../../store/job-record.ts';
import { listJobs } from '../../store/jobs.ts';
import { authenticate } from '../auth.ts';
import { jobById } from '../find-job.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { nextLink, readQuery } from '../query.ts';
import { JobQuery } from '../schemas.ts';
import { jobView } from '../views.ts';

export function jobRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  async function jobOf(id: string): Promise<JobRecord> {
    const job = await jobById(ports, id);
    if (job === undefined) throw notFound();
    return job;
  }

  /** A gift-wrapped job does not exist for the public: its wrap hides who asked whom, and so must we. */
  async function publicJobOf(id: string): Promise<JobRecord> {
    const job = await jobOf(id);
    if (job.sealing === 'giftwrap') throw notFound();
    return job;
  }

  /** A job that was called off ends in silence, one that was erased has lost its last event: there is none to wait for. */
  async function mayTellMore(job: JobRecord): Promise<boolean> {
    if (!isFinal(job.phase)) return true;
    return job.phase !== 'cancelled' && (await ports.liveJob(job.id, job.session)) !== undefined;
  }

  app.get('/jobs', async (c) => {
    const { limit, cursor, ...filter } = readQuery(c, JobQuery);
    const after = cursor === undefined ? null : decodeCursor(cursor);
    if (after === undefined) throw new JobError('BAD_REQUEST', 'query cursor: none that this list gave out');
    const page = await listJobs(ports.db, filter, after, limit);
    const next = page.next === null ? null : encodeCursor(page.next);
    if (next !== null) c.header('Link', nextLink(c, next));
    return c.json({ jobs: page.jobs.map((job) => jobView(ports, job)), next });
  });

  app.get('/jobs/:id', async (c) => c.json(jobView(ports, await publicJobOf(c.req.param('id')))));

  app.get('/jobs/:id/events', async (c) => {
    const job = await publicJobOf(c.req.param('id'));
    const after = readLastEventId(c.req.header('Last-Event-ID'));
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };
    // A stream opened for HEAD would never be read, and so never be closed.
    if (c.req.method === 'HEAD') return c.body(null, 200, headers);
    return c.body(await ports.jobEvents(job.id, after, await mayTellMore(job)), 200, headers);
  });

  app.delete('/jobs/:id', async (c) => {
    const client = await authenticate(ports, c);
    const job = await jobOf(c.req.param('id'));
    if (job.client !== client) {
      if (job.sealing === 'giftwrap') throw notFound();
      throw new JobError('FORBIDDEN', 'only the client of a job can have it erased');
    }
    await ports.eraseJob(job);
    return c.body(null, 204);
  });
  return app;
}

function notFound(): JobError {
  return new JobError('NOT_FOUND', 'no public job has this id');
}

/**
 * The sequence number in `Last-Event-ID`; 0, which is before the first, without the header.
 *
 * @throws JobError BAD_REQUEST when it is none that a stream of ours gave out
 */
function readLastEventId(header: string | undefined): number {
  if (header === undefined || header === '') return 0;
  const seq = /^\d{1,16}$/.test(header) ? Number(header) : Number.NaN;
  if (!Number.isSafeInteger(seq))
    throw new JobError('BAD_REQUEST', 'Last-Event-ID: none that this stream gave out');
  return seq;
}
