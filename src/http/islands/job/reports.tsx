/** @jsxImportSource preact */
/** What was reported on the way, the newest first. */
import type { ReportView } from '../../../client/job-view.ts';
import { isoText } from '../../pages/format.ts';
import { ShowEvent } from '../lib/event.tsx';
import { Markdown } from '../lib/markdown-lazy.tsx';

export function Reports({ reports }: { readonly reports: readonly ReportView[] }) {
  if (reports.length === 0) return null;
  return (
    <section aria-labelledby="reports">
      <h2 id="reports">Reports</h2>
      <ol class="plain">
        {reports.toReversed().map((report, at) => (
          <li key={report.event.id} class="panel">
            <details open={at === 0}>
              <summary>
                {report.note || 'Report'}{' '}
                <time class="soft small" dateTime={isoText(report.createdAt_s * 1_000)}>
                  {new Date(report.createdAt_s * 1_000).toLocaleString()}
                </time>
              </summary>
              <Markdown text={report.content} />
              <ShowEvent event={report.event} />
            </details>
          </li>
        ))}
      </ol>
    </section>
  );
}
