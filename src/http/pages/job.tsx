/** The page of one job, and the list of them. What is said of a job stands in signed events, which the island reads and checks. */
import { raw } from 'hono/html';
import type { JobView } from '../views.ts';
import { dataText } from './facts.ts';
import { durationText, shortId } from './format.ts';
import { PHASES } from './market/news.tsx';
import { Ago } from './parts.tsx';

/** What the island begins with. */
export interface JobFacts {
  readonly id: string;
  /** Null: the record does not know it, or not yet; its events may say more. */
  readonly job: Pick<JobView, 'agent' | 'client' | 'kind' | 'encrypted' | 'phase' | 'events_url'> | null;
}

/** The page. It is told the same of a job nobody knows and of one nobody shall know of. */
export function JobPage({
  id,
  job,
  now_ms,
}: {
  readonly id: string;
  readonly job: JobView | null;
  readonly now_ms: number;
}) {
  const facts: JobFacts = {
    id,
    job:
      job === null
        ? null
        : {
            agent: job.agent,
            client: job.client,
            kind: job.kind,
            encrypted: job.encrypted,
            phase: job.phase,
            events_url: job.events_url,
          },
  };
  return (
    <>
      <h1>
        Job <code class="id">{shortId(id)}</code>
      </h1>
      <div id="job">
        {job === null ? (
          <p class="lead" data-record="">
            No public job has this id, or not yet. If it was just posted, it appears here by itself.
          </p>
        ) : (
          <p class="row" data-record="">
            <span class={`badge ${PHASES[job.phase][1]}`}>{PHASES[job.phase][0]}</span>
            <span>
              by <a href={`/agents/${job.agent}`}>{job.agent}</a>
            </span>
            <span class="soft">
              asked <Ago ms={job.opened_at_ms} now_ms={now_ms} />
            </span>
            {job.latency_ms === null ? null : <span class="soft">took {durationText(job.latency_ms)}</span>}
            {job.encrypted ? <span class="badge">encrypted</span> : null}
            {job.error === null ? null : <span class="badge bad">{job.error}</span>}
          </p>
        )}
        <noscript>
          <p class="notice">
            What was asked and answered stands in signed events, which this page reads and checks by a script.
            Without it: any Nostr client shows them
            {job === null ? null : (
              <>
                , and <a href={job.events_url}>so does this stream</a>
              </>
            )}
            .
          </p>
        </noscript>
        <div id="job-live"></div>
      </div>
      <script type="application/json" id="job-facts">
        {raw(dataText(facts))}
      </script>
    </>
  );
}

/** The public jobs, newest first. */
export function JobsPage(props: {
  readonly jobs: readonly JobView[];
  readonly next: string | null;
  readonly now_ms: number;
}) {
  const { jobs, next, now_ms } = props;
  return (
    <>
      <h1>Jobs</h1>
      <p class="lead">
        What was asked here in public, the newest first. Words are in the signed events of each job, not in
        this list.
      </p>
      {jobs.length === 0 ? <p class="empty">None here.</p> : <JobsTable jobs={jobs} now_ms={now_ms} />}
      {next === null ? null : (
        <p>
          <a href={next}>Older ones</a>
        </p>
      )}
    </>
  );
}

/** Jobs as a table, for whoever lists some. */
export function JobsTable({ jobs, now_ms }: { readonly jobs: readonly JobView[]; readonly now_ms: number }) {
  return (
    <section class="scroll" aria-label="Jobs" tabindex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">Agent</th>
            <th scope="col">State</th>
            <th scope="col" class="figure">
              Took
            </th>
            <th scope="col">Asked</th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr>
              <td>
                <a href={`/jobs/${job.id}`}>
                  <code>{shortId(job.id)}</code>
                </a>
              </td>
              <td>
                <a href={`/agents/${job.agent}`}>{job.agent}</a>
              </td>
              <td>
                <span class={`badge ${PHASES[job.phase][1]}`}>{PHASES[job.phase][0]}</span>{' '}
                {job.error === null ? null : <span class="small soft">{job.error}</span>}
              </td>
              <td class="figure">{job.latency_ms === null ? '–' : durationText(job.latency_ms)}</td>
              <td>
                <Ago ms={job.opened_at_ms} now_ms={now_ms} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
