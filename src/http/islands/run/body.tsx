/** @jsxImportSource preact */
/** What a team did: outcome, spend, versions, comparisons, directives, questions, steps. */
import type { ComponentChildren } from 'preact';
import { END_WORDS } from '../../../agent/team/report/describe.ts';
import { durationText, isoText, priceText } from '../../pages/format.ts';
import { type RunView, rolesOf } from './record.ts';
import { Versions } from './versions.tsx';

export function RunBody({ run }: { readonly run: RunView }) {
  const [head] = run.run;
  return (
    <>
      <Outcome run={run} />
      {head === undefined ? null : (
        <section aria-labelledby="run-task">
          <h2 id="run-task">Task</h2>
          <pre class="wrap" tabindex={0}>
            {head.task}
          </pre>
        </section>
      )}
      <Roles run={run} />
      <Versions run={run} />
      <Rows
        id="comparisons"
        title="Comparisons"
        head={['Newcomer', 'Against', 'Verdict', 'By', 'Why']}
        rows={run.comparison.map((one) => [one.newcomer, one.other, one.verdict, one.by, one.rationale])}
      />
      <Rows
        id="directives"
        title="Directives"
        head={['#', 'For', 'Directive', 'Applied in steps', 'Holds']}
        rows={run.directive.map(({ number, scope, text }) => {
          const by = run.superseded.find((one) => one.number === number)?.by;
          const steps = run.step.filter((one) => one.outcome === 'done' && one.directives.includes(number));
          return [
            number,
            scope,
            text,
            steps.map((one) => one.number).join(', '),
            by === undefined ? 'yes' : by === 0 ? 'withdrawn' : `replaced by #${by}`,
          ];
        })}
      />
      <Rows
        id="questions"
        title="Questions"
        head={['#', 'Step', 'Question', 'Answer', 'By']}
        rows={run.question.map(({ number, step, text, assumption }) => {
          const answer = run.answer.find((one) => one.question === number);
          return [number, step, text, answer?.text ?? `open; else: ${assumption}`, answer?.by ?? ''];
        })}
      />
      <Rows
        id="checks"
        title="Checks"
        head={['Version', 'Passed', 'Score', 'Note']}
        rows={run.check.map(({ version, passed, score, note }) => [
          version,
          passed === null ? 'not judged' : passed ? 'yes' : 'no',
          score ?? '',
          note,
        ])}
      />
      <Rows
        id="iterations"
        title="Iterations"
        head={['Iteration', 'Best', 'Better than before']}
        rows={run.iteration.map(({ iteration, best, better }) => [
          iteration,
          best ?? '',
          better ? 'yes' : 'no',
        ])}
      />
      <Rows
        id="steps"
        title="Steps"
        head={['Step', 'Attempt', 'What', 'Who', 'Iteration', 'Outcome', 'Tokens', 'When']}
        rows={run.step.map((one, at) => [
          one.number,
          one.attempt,
          one.work,
          one.role,
          one.iteration,
          one.failure === null ? one.outcome : `${one.outcome}: ${one.failure.code}`,
          one.usage?.tokens.toLocaleString('en-GB') ?? '',
          isoText(run.stepAt_ms[at] ?? 0)
            .replace('T', ' ')
            .slice(0, 19),
        ])}
      />
    </>
  );
}

function Outcome({ run }: { readonly run: RunView }) {
  const [end] = run.end;
  const spent = end?.spent ?? {
    tokens: run.step.reduce((sum, one) => sum + (one.usage?.tokens ?? 0), 0),
    msats: run.step.reduce((sum, one) => sum + (one.usage?.msats ?? 0), 0),
  };
  const first = run.stepAt_ms[0];
  const took = first === undefined || run.newest_ms === null ? null : run.newest_ms - first;
  return (
    <>
      <p class={`notice ${end === undefined ? '' : 'good'}`}>
        {end === undefined ? 'It is still at work.' : `It ended because ${wordsOfEnd(end.reason)}.`}
      </p>
      <dl class="facts wide">
        <Fact name="Spent" value={priceText(spent.msats)} />
        <Fact name="Left" value={end === undefined ? 'not known yet' : priceText(end.unspent_msats)} />
        <Fact name="Tokens" value={spent.tokens.toLocaleString('en-GB')} />
        <Fact name="Attempts at steps" value={run.step.length.toLocaleString('en-GB')} />
        <Fact name="Versions" value={run.version.length.toLocaleString('en-GB')} />
        {took === null ? null : <Fact name="Between first and last step" value={durationText(took)} />}
      </dl>
      {run.brokenAt === null ? (
        <p class="small">
          <span class="badge good">record checked here</span> {run.entries} entries; the last hash is{' '}
          <code class="id">{run.hash}</code>, which also stands in the result’s trace tag.
        </p>
      ) : (
        <p class="notice bad">
          Entry {run.brokenAt} does not follow from those before it: this is not the record as it was written.
        </p>
      )}
    </>
  );
}

function wordsOfEnd(reason: string): string {
  const words: Readonly<Record<string, string>> = END_WORDS;
  return words[reason] ?? reason;
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Roles({ run }: { readonly run: RunView }) {
  const roles = rolesOf(run);
  if (roles.length === 0) return null;
  const most = Math.max(1, ...roles.map(({ tokens }) => tokens));
  return (
    <section aria-labelledby="roles">
      <h2 id="roles">Who did what</h2>
      <Scroll label="What each role used, a table">
        <table class="roles">
          <thead>
            <tr>
              <th scope="col">Role</th>
              <th scope="col">
                <span class="visually-hidden">Share of the tokens, as a bar</span>
              </th>
              <th scope="col" class="figure">
                Tokens
              </th>
              <th scope="col" class="figure">
                Spend
              </th>
              <th scope="col" class="figure">
                Attempts
              </th>
              <th scope="col" class="figure">
                Failed
              </th>
            </tr>
          </thead>
          <tbody>
            {roles.map(({ role, attempts, failed, tokens, msats }) => (
              <tr>
                <th scope="row">{role}</th>
                <td class="bar">
                  <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="rail" width="100" height="8" />
                    <rect width={(100 * tokens) / most} height="8" />
                  </svg>
                </td>
                <td class="figure">{tokens.toLocaleString('en-GB')}</td>
                <td class="figure">{priceText(msats)}</td>
                <td class="figure">{attempts}</td>
                <td class="figure">{failed}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

/** A section with a table; nothing where there are no rows. */
function Rows(props: {
  readonly id: string;
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}) {
  const { id, title, head, rows } = props;
  if (rows.length === 0) return null;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <Scroll label={`${title}, a table`}>
        <table class="small">
          <thead>
            <tr>
              {head.map((name) => (
                <th scope="col">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr>
                {row.map((cell) => (
                  <td>{cell === '' ? '–' : cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

/** Whoever has no mouse has to be able to scroll it. */
function Scroll({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <section class="scroll" tabindex={0} aria-label={label}>
      {children}
    </section>
  );
}
