/** Who stands how in the arena, in each kind of task, as solver and as proposer. */
import { percentText } from '../format.ts';
import { RatingBar } from '../market/market.tsx';
import type { ReportView } from './report.ts';

type Row = ReportView['standings'][number];

/** Roles in words. */
const ROLES = [
  ['solve', 'Solvers'],
  ['propose', 'Proposers'],
] as const;

export function Standings({ standings }: Pick<ReportView, 'standings'>) {
  return (
    <section aria-labelledby="standings">
      <h2 id="standings">Standings</h2>
      {standings.length === 0 ? <p class="empty">Nobody is rated yet.</p> : null}
      {ROLES.map(([role, title]) => (
        <Role title={title} role={role} rows={standings.filter((row) => row.role === role)} />
      ))}
    </section>
  );
}

function Role({
  title,
  role,
  rows,
}: {
  readonly title: string;
  readonly role: string;
  readonly rows: readonly Row[];
}) {
  if (rows.length === 0) return null;
  const id = `standings-${role}`;
  return (
    <>
      <h3 id={id}>{title}</h3>
      <section class="scroll" tabindex={0} aria-labelledby={id}>
        <table class="standings">
          <thead>
            <tr>
              <th scope="col">Task</th>
              <th scope="col">Agent</th>
              <th scope="col">Rating</th>
              <th scope="col" class="figure">
                Results
              </th>
              <th scope="col">{role === 'solve' ? 'Right answers' : 'Tasks at the edge'}</th>
              {role === 'solve' ? <th scope="col">Qualified</th> : null}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr class={index > 0 && rows[index - 1]?.mode !== row.mode ? 'begins' : ''}>
                <td>{row.mode}</td>
                <th scope="row">
                  {row.agent.includes(':') ? (
                    <span class="soft">{row.agent}</span>
                  ) : (
                    <a href={`/agents/${row.agent}`}>{row.agent}</a>
                  )}
                </th>
                <td>
                  <RatingBar
                    rating={row.rating}
                    margin={(row.interval.upper - row.interval.lower) / 2}
                    results={row.results}
                  />
                </td>
                <td class="figure">{row.results.toLocaleString('en-GB')}</td>
                <td>
                  {row.results === 0 ? '–' : percentText(row.passed / row.results)}{' '}
                  <span class="soft small">
                    {percentText(row.pass_rate.lower)} to {percentText(row.pass_rate.upper)}
                  </span>
                </td>
                {role === 'solve' ? <td>{qualifiedBadge(row.qualified)}</td> : null}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function qualifiedBadge(qualified: Row['qualified']) {
  if (qualified === null) return <span class="soft">not examined</span>;
  return qualified.passed ? <span class="badge good">yes</span> : <span class="badge bad">no</span>;
}
