/**
 * A report as text. Detail: `low` says where it stands, `medium` adds what was done, `high` adds what each step made.
 * With a focus, only the steps that have to do with it are told; questions, errors and directives always are.
 */
import { clip } from '../../../protocol/size.ts';
import type { Directive } from '../feedback/directives.ts';
import { END_WORDS, EVENT_WORDS, sats } from './describe.ts';
import { REPLY_FORM } from './form.ts';
import type { StepNews, TeamReport } from './types.ts';

/** A part of a report: lines of plain text below a title, in the order to be read. Never without lines. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Of the best version, characters. */
const BEGINNING_CHARS = 160;

/** As Markdown, for messages and pages. */
export function reportMarkdown(report: TeamReport): string {
  const sections = sectionsOf(report).map(
    ({ title, lines }) => `**${title}**\n\n${lines.map((line) => `- ${escaped(line)}`).join('\n')}`,
  );
  return [`## ${headline(report)}`, ...sections].join('\n\n');
}

/** As plain text with the form to answer in, for mail. Ended runs take no answers. */
export function reportText(report: TeamReport): string {
  const plain = reportPlain(report);
  return report.state === 'ended' ? plain : `${plain}\n\n--------------------\n${REPLY_FORM}`;
}

/** As plain text. */
export function reportPlain(report: TeamReport): string {
  const sections = sectionsOf(report).map(
    ({ title, lines }) => `${title}\n${lines.map((line) => `  * ${line}`).join('\n')}`,
  );
  return [headline(report), ...sections].join('\n\n');
}

/** One line: what a subject or a notification says. */
export function headline({ number, iteration, iterations, state, events }: TeamReport): string {
  const event = events[0];
  const what = event === undefined ? state : EVENT_WORDS[event];
  return `Report ${number}: ${what} (iteration ${iteration} of ${iterations}, ${state})`;
}

/** The parts every form of a report is made of; its first line is {@link headline}. */
export function sectionsOf(report: TeamReport): readonly Section[] {
  const { detail, events, blocked, words, orders } = report;
  const steps = report.steps.filter((step) => concerns(step, report.focus));
  const left = report.moreSteps + report.steps.length - steps.length;
  return [
    {
      title: 'Where it stands',
      lines: [...events.slice(1).map((event) => `Also: ${EVENT_WORDS[event]}`), ...standing(report)],
    },
    { title: 'Questions', lines: report.questions.map(questionLine) },
    {
      title: 'In the way',
      lines: [
        ...(blocked === null
          ? []
          : [`${blocked.message}. Write RESUME to try again, FINISH or CANCEL to end.`]),
        ...report.errors.map(({ step, role, failure }) => `step ${step}, ${role}: ${failure.message}`),
      ],
    },
    { title: 'Your orders', lines: orders },
    {
      title: 'Your directives',
      lines: report.directives.filter((one) => isTold(one, detail)).map(directiveLine),
    },
    { title: 'In the words of the team', lines: words === null || detail === 'low' ? [] : [words] },
    {
      title: 'Done since the last report',
      lines:
        detail === 'low'
          ? []
          : [
              ...steps.map((step) => stepLine(step, detail === 'high')),
              ...(left > 0 ? [`and ${left} more`] : []),
            ],
    },
  ].filter(({ lines }) => lines.length > 0);
}

function standing({ best, spent, budget, ended, detail }: TeamReport): readonly string[] {
  return [
    ...(ended === null ? [] : [`Ended: ${END_WORDS[ended]}`]),
    best === null
      ? 'No version yet'
      : `Best version: ${best.id} by ${best.role}, ${best.bytes} bytes, iteration ${best.iteration}`,
    ...(best === null || detail === 'low' ? [] : [`It begins: ${clip(best.summary, BEGINNING_CHARS)}`]),
    `Spent: ${sats(spent.msats)} of ${sats(budget.msats)}, ${counted(spent.tokens)} of ${counted(budget.tokens)} tokens`,
  ];
}

function counted(number: number): string {
  return number.toLocaleString('en');
}

function questionLine({ number, text, assumption, until_ms }: TeamReport['questions'][number]): string {
  const until =
    until_ms === null
      ? 'The work waits for your answer'
      : `Without an answer by ${new Date(until_ms).toISOString()}: ${assumption}`;
  return `${number}: ${text} ${until}`;
}

function isTold({ status }: Pick<Directive, 'status'>, detail: TeamReport['detail']): boolean {
  return detail === 'high' || status !== 'superseded';
}

function directiveLine(directive: TeamReport['directives'][number]): string {
  const { number, scope, text, status, appliedIn, supersededBy } = directive;
  const where = Object.entries(appliedIn).map(([role, step]) => `${role} (step ${step})`);
  const what =
    status === 'superseded'
      ? supersededBy === 0
        ? 'withdrawn'
        : `superseded by #${supersededBy}`
      : status === 'applied'
        ? `applied by ${where.join(', ')}`
        : 'open';
  return `#${number}${scope === 'all' ? '' : ` for ${scope}`}: ${text} [${what}]`;
}

function stepLine({ step, role, version, summary, directives }: StepNews, full: boolean): string {
  const by = directives.length === 0 ? '' : `, with ${directives.map((number) => `#${number}`).join(' ')}`;
  return `step ${step}, ${role}: ${version}${by}${full ? `. ${summary}` : ''}`;
}

function concerns({ role, summary }: StepNews, focus: string | null): boolean {
  if (focus === null) return true;
  const wanted = focus.toLowerCase();
  return role.toLowerCase() === wanted || summary.toLowerCase().includes(wanted);
}

/** Words of users and models stay words: no headings, links or pictures of theirs. */
function escaped(line: string): string {
  return line.replace(/\s+/g, ' ').replace(/([\\`*_[\]<>#|])/g, '\\$1');
}
