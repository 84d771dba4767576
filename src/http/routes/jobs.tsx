/** Jobs: the public list, one job, its events as they come, and its erasure. */
import { type Context, Hono } from 'hono';
import type { z } from 'zod';
import { JobError } from '../../errors.ts';
import { isFinal } from '../../job/types.ts';
import { tagValue } from '../../nostr/event.ts';
import { isHex32 } from '../../nostr/hex.ts';
import { decodeCursor, encodeCursor } from '../../store/cursor.ts';
import type { JobRecord } from '../../store/job-record.ts';
import { listJobs } from '../../store/jobs.ts';
import { authenticate } from '../auth.ts';
import { jobById } from '../find-job.ts';
import { shortId } from '../pages/format.ts';
import { JobPage, JobsPage } from '../pages/job.tsx';
import { sendPage } from '../pages/send.tsx';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { nextLink, prefersHtml, readQuery } from '../query.ts';
import { JobQuery } from '../schemas.ts';
import type { Verified } from '../schemas-pages.ts';
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
    c.header('Vary', 'Accept');
    const after = cursor === undefined ? null : decodeCursor(cursor);
    if (after === undefined) throw new JobError('BAD_REQUEST', 'query cursor: none that this list gave out');
    const page = await listJobs(ports.db, filter, after, limit);
    const next = page.next === null ? null : encodeCursor(page.next);
    const jobs = page.jobs.map((job) => jobView(ports, job));
    if (prefersHtml(c)) {
      const older = next === null ? null : `/jobs?${new URLSearchParams({ ...c.req.query(), cursor: next })}`;
      const description = 'The newest public jobs of this marketplace.';
      return sendPage(
        c,
        ports,
        { title: 'Jobs', description, path: '/jobs', here: 'jobs' },
        <JobsPage jobs={jobs} next={older} now_ms={ports.clock()} />,
      );
    }
    if (next !== null) c.header('Link', nextLink(c, next));
    return c.json({ jobs, next });
  });

  app.get('/jobs/:id', async (c) => {
    c.header('Vary', 'Accept');
    if (prefersHtml(c)) return await jobPage(c, c.req.param('id'));
    const job = await publicJobOf(c.req.param('id'));
    return c.json({ ...jobView(ports, job), verified: await verifiedOf(job) });
  });

  /** A page for whatever could be a job: one that was just posted may be known a moment later. */
  async function jobPage(c: Context<AppEnv>, id: string): Promise<Response> {
    if (!isHex32(id)) throw notFound();
    const found = await jobById(ports, id);
    const job = found === undefined || found.sealing === 'giftwrap' ? null : jobView(ports, found);
    const description =
      job === null ? 'A job on errand.' : `A job for ${job.agent}, told by its signed events.`;
    return sendPage(
      c,
      ports,
      {
        title: `Job ${shortId(id)}`,
        description,
        path: `/jobs/${id}`,
        here: 'jobs',
        islands: ['job'],
        reach: 'relays',
        unlisted: true,
      },
      <JobPage id={id} job={job} now_ms={ports.clock()} />,
      job === null ? 404 : 200,
    );
  }

  /** What the marketplace has signed of the job's check, as anybody may see it. */
  async function verifiedOf(job: JobRecord): Promise<z.infer<typeof Verified>> {
    if (job.sealing !== 'none' || !isFinal(job.phase)) return null;
    const verdict = await ports.verdict(job.id);
    const passed = verdict === null ? undefined : tagValue(verdict, 'verified');
    return verdict === null || passed === undefined
      ? null
      : { passed: passed === 'true', verdict_event_id: verdict.id };
  }

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
