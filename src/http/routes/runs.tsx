/** What is kept of a team's run: its record, the report for people, its texts. */
import { type Context, Hono } from 'hono';
import { traceMarkdown } from '../../agent/team/export/markdown.ts';
import { JobError } from '../../errors.ts';
import { sha256Hex } from '../../nostr/event.ts';
import { isHex32 } from '../../nostr/hex.ts';
import type { JobRecord } from '../../store/job-record.ts';
import { authenticate } from '../auth.ts';
import { jobById } from '../find-job.ts';
import { RunPage } from '../pages/run.tsx';
import { sendPage } from '../pages/send.tsx';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { readQuery } from '../query.ts';
import { revalidated } from '../revalidated.ts';
import { type ReadPage, recordForReport, recordStream } from '../run-record.ts';
import { TraceQuery } from '../schemas.ts';

const MARKDOWN = 'text/markdown; charset=utf-8';
/** What only some may read is in nobody's cache. */
const CONFIDENTIAL = { 'cache-control': 'private, no-store' };
/** A text by its hash never changes, s: a year. */
const TEXT_MAX_AGE_S = 31_536_000;

export function runRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  /** The job of whoever signs. Others learn nothing of it, not even that there is one. */
  async function ownJob(c: Context<AppEnv, '/jobs/:id/:what'>): Promise<JobRecord> {
    const reader = await authenticate(ports, c);
    const job = await jobById(ports, c.req.param('id'));
    if (job === undefined || (job.client !== reader && ports.operatorPubkey !== reader)) throw noRun();
    return job;
  }

  function readerOf({ id, session }: JobRecord): ReadPage {
    return (after) => ports.runs.record(session, id, after);
  }

  app.get('/jobs/:id/run', (c) => {
    const id = c.req.param('id');
    if (!isHex32(id))
      throw new JobError('NOT_FOUND', 'a run is named by the id of its job, 64 hexadecimal digits');
    const head = {
      title: 'Run of a team',
      description: 'What a team of agents did for a job, for its client.',
      path: `/jobs/${id}/run`,
      here: 'jobs',
      islands: ['run'],
      // A bunker names relays of its own.
      reach: 'relays',
      unlisted: true,
    } as const;
    return sendPage(c, ports, head, <RunPage id={id} />);
  });

  app.get('/jobs/:id/trace', async (c) => {
    const job = await ownJob(c);
    const { after } = readQuery(c, TraceQuery);
    const read = readerOf(job);
    const first = await read(after);
    if (first === null) throw noRun();
    const headers = { ...CONFIDENTIAL, 'content-type': 'application/jsonl' };
    // A stream opened for HEAD would never be read, and so never be closed.
    if (c.req.method === 'HEAD') return c.body(null, 200, headers);
    return c.body(recordStream(read, first, after === 0), 200, headers);
  });

  app.get('/jobs/:id/report.md', async (c) => {
    const job = await ownJob(c);
    const read = readerOf(job);
    const first = await read(0);
    if (first === null) throw noRun();
    const entries = await recordForReport(read, first, (sha256) =>
      ports.runs.artifact(job.session, job.id, sha256),
    );
    return c.body(traceMarkdown(entries), 200, { ...CONFIDENTIAL, 'content-type': MARKDOWN });
  });

  app.get('/jobs/:id/artifact/:sha256', revalidated, async (c) => {
    const { id, sha256 } = c.req.param();
    const job = isHex32(sha256) ? await jobById(ports, id) : undefined;
    const text = job === undefined ? null : await ports.runs.artifact(job.session, job.id, sha256);
    if (job === undefined || text === null)
      throw new JobError('NOT_FOUND', 'no text of this hash is kept for such a job');
    if (sha256Hex(text) !== sha256) throw new Error(`the text kept under ${sha256} of job ${id} is another`);
    // Whoever was told the hash may read it; a cache that others share is told only what is public anyway.
    const shared = job.sealing === 'none' ? 'public' : 'private';
    return c.body(text, 200, {
      'content-type': MARKDOWN,
      'cache-control': `${shared}, max-age=${TEXT_MAX_AGE_S}, immutable`,
      etag: `"${sha256}"`,
      // It is a model's text, so whatever it looks like, no browser shall take it for a page of ours.
      'content-disposition': `attachment; filename="${sha256}.md"`,
    });
  });
  return app;
}

function noRun(): JobError {
  return new JobError('NOT_FOUND', 'no team run of yours has this id');
}
