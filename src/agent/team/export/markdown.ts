/** A run as one Markdown document for people: outcome, result, iterations, directives, comparisons, costs, steps. */
import { END_WORDS, sats } from '../report/describe.ts';
import type { TraceEntry, TraceFact } from '../trace.ts';
import { costsByRole } from './jsonl.ts';

type Fact<T extends TraceFact['type']> = Extract<TraceFact, { readonly type: T }>;

/** @param entries the whole record */
export function traceMarkdown(entries: readonly TraceEntry[]): string {
  const facts = entries.map(({ fact }) => fact);
  const run = only(facts, 'run')[0];
  const end = only(facts, 'end')[0];
  const versions = only(facts, 'version');
  const best = versions.find(({ version }) => version.id === end?.best);
  const sections = [
    `# Team run ${run?.run ?? ''}`,
    ['## Outcome', ...outcomeLines(end, entries)].join('\n\n'),
    section('Task', run === undefined ? [] : [fenced(run.task)]),
    section('Result', best === undefined ? [] : [fenced(best.text)]),
    section('Iterations', [
      table(
        ['iteration', 'best', 'better'],
        only(facts, 'iteration').map((one) => [one.iteration, one.best ?? '-', one.better ? 'yes' : 'no']),
      ),
    ]),
    section('Directives', [directiveTable(facts)]),
    section('Questions', [questionTable(facts)]),
    section('Comparisons', [
      table(
        ['newcomer', 'other', 'verdict', 'by', 'why'],
        only(facts, 'comparison').map((one) => [one.newcomer, one.other, one.verdict, one.by, one.rationale]),
      ),
    ]),
    section('Checks', [
      table(
        ['version', 'passed', 'score', 'note'],
        only(facts, 'check').map((one) => [
          one.version,
          one.passed === null ? 'not judged' : one.passed ? 'yes' : 'no',
          one.score ?? '-',
          one.note,
        ]),
      ),
    ]),
    section('Costs', [
      table(
        ['role', 'attempts', 'tokens', 'cost'],
        costsByRole(entries).map(({ role, attempts, usage }) => [
          role,
          attempts,
          usage.tokens,
          sats(usage.msats),
        ]),
      ),
    ]),
    section('Steps', [stepTable(entries)]),
    section('Versions', [
      table(
        ['id', 'step', 'role', 'kind', 'bytes', 'SHA-256', 'summary'],
        versions.map(({ version: v }) => [v.id, v.step, v.role, v.kind, v.bytes, v.sha256, v.summary]),
      ),
    ]),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function only<T extends TraceFact['type']>(facts: readonly TraceFact[], type: T): readonly Fact<T>[] {
  return facts.filter((fact): fact is Fact<T> => fact.type === type);
}

function outcomeLines(end: Fact<'end'> | undefined, entries: readonly TraceEntry[]): readonly string[] {
  const hash = `Record: ${entries.length} entries, hash \`${entries.at(-1)?.hash ?? '-'}\`.`;
  if (end === undefined) return ['It is still running.', hash];
  const { reason, best, spent, unspent_msats } = end;
  return [
    `It ended because ${END_WORDS[reason]}. Best version: ${best ?? 'none'}.`,
    `Spent ${sats(spent.msats)} and ${spent.tokens} tokens; ${sats(unspent_msats)} are left.`,
    hash,
  ];
}

function directiveTable(facts: readonly TraceFact[]): string {
  const gone = new Map(only(facts, 'superseded').map(({ number, by }) => [number, by]));
  const steps = only(facts, 'step');
  return table(
    ['#', 'for', 'directive', 'applied in steps', 'superseded by'],
    only(facts, 'directive').map(({ number, scope, text }) => {
      const done = steps.filter((step) => step.outcome === 'done' && step.directives.includes(number));
      const by = gone.get(number);
      const superseded = by === undefined ? '-' : by === 0 ? 'withdrawn' : `#${by}`;
      return [number, scope, text, done.map((step) => step.number).join(' ') || '-', superseded];
    }),
  );
}

function questionTable(facts: readonly TraceFact[]): string {
  const answers = new Map(only(facts, 'answer').map((one) => [one.question, one]));
  return table(
    ['#', 'step', 'question', 'answer', 'by'],
    only(facts, 'question').map(({ number, step, text }) => {
      const answer = answers.get(number);
      return [number, step, text, answer?.text ?? '-', answer?.by ?? '-'];
    }),
  );
}

function stepTable(entries: readonly TraceEntry[]): string {
  return table(
    ['step', 'attempt', 'what', 'role', 'iteration', 'outcome', 'tokens', 'when'],
    entries.flatMap(({ fact, at_ms }) => {
      if (fact.type !== 'step') return [];
      const { number, attempt, work, role, iteration, outcome, usage } = fact;
      const when = new Date(at_ms).toISOString();
      return [[number, attempt, work, role || '-', iteration, outcome, usage?.tokens ?? '-', when]];
    }),
  );
}

function section(title: string, parts: readonly string[]): string {
  const said = parts.filter((part) => part !== '');
  return said.length === 0 ? '' : [`## ${title}`, ...said].join('\n\n');
}

/** Empty when there are no rows. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly (string | number)[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line)].join('\n');
}

function cell(value: string | number): string {
  return String(value)
    .replace(/\s+/g, ' ')
    .replace(/([\\|<>`[\]*_])/g, '\\$1');
}

/** A text as it is, in a fence that is longer than any in it. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
