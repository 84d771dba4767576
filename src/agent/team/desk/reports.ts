/** A report in the forms in which it leaves: as feedback on the job, and as words. */

import { JOB_MAX_JSON_DEPTH } from '../../../limits.ts';
import { isJson } from '../../../protocol/json.ts';
import type { Report } from '../../../protocol/model.ts';
import { headline, reportMarkdown, reportPlain } from '../report/render.ts';
import type { TeamReport } from '../report/types.ts';

/** Stands below a direct message that can be answered. */
const HINT = 'Answer in plain words, or with one alone: pause, resume, finish, cancel.';

export function reportOnWire(report: TeamReport): Report {
  const data: unknown = JSON.parse(JSON.stringify(report));
  if (!isJson(data, JOB_MAX_JSON_DEPTH)) throw new Error('a report is no JSON');
  return {
    type: 'teamReport',
    note: headline(report),
    done: report.state === 'ended' ? report.iterations : report.iteration - 1,
    total: report.iterations,
    content: reportMarkdown(report),
    data,
  };
}

export function reportMessage(report: TeamReport): string {
  const text = reportPlain(report);
  return report.state === 'ended' ? text : `${text}\n\n${HINT}`;
}
