/** The newest public jobs, one line each. The `market` island puts new ones on top, in the same shape. */
import type { JobView } from '../../views.ts';
import { durationText, shortId } from '../format.ts';
import { Ago } from '../parts.tsx';

/** What a phase is called, and how it looks. */
export const PHASES: { readonly [phase in JobView['phase']]: readonly [text: string, look: string] } = {
  waiting: ['waits to be paid', 'warn'],
  queued: ['about to begin', 'accent'],
  running: ['being done', 'accent'],
  delivered: ['delivered', 'good'],
  rejected: ['refused', 'bad'],
  expired: ['expired', ''],
  cancelled: ['called off', ''],
  failed: ['failed', 'bad'],
};

/** The list; the island finds it by `data-news`. */
export function NewsList({ jobs, now_ms }: { readonly jobs: readonly JobView[]; readonly now_ms: number }) {
  return (
    <ol class="news" data-news="" aria-live="off">
      {jobs.length === 0 ? <li class="empty">Nothing yet. The first job may be yours.</li> : null}
      {jobs.map((job) => (
        <li data-job={job.id}>
          <a href={`/jobs/${job.id}`}>
            <code>{shortId(job.id)}</code>
          </a>{' '}
          for <a href={`/agents/${job.agent}`}>{job.agent}</a>
          <span class="row small">
            <span class={`badge ${PHASES[job.phase][1]}`}>{PHASES[job.phase][0]}</span>
            {job.phase === 'delivered' && job.latency_ms !== null ? (
              <span class="soft">in {durationText(job.latency_ms)}</span>
            ) : null}
            <span class="soft">
              <Ago ms={job.opened_at_ms} now_ms={now_ms} />
            </span>
          </span>
        </li>
      ))}
    </ol>
  );
}
