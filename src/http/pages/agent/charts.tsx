/** An agent's past as charts. */
import type { FiguresView } from '../../figures.ts';
import { MODES } from '../arena/report.ts';
import { Chart } from '../charts/chart.tsx';
import type { Series, Value } from '../charts/plot.ts';
import { durationText, percentText, satsText } from '../format.ts';

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const HOUR = new Intl.DateTimeFormat('en-GB', {
  ...{ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZone: 'UTC' },
});
/** Latency, success, jobs, earnings; then the arena, where it plays. */
export function AgentCharts({ figures }: { readonly figures: FiguresView }) {
  const { points, by, arena } = figures;
  const isDaily = by === 'day';
  const places = points.map(({ at_ms }) => (isDaily ? DAY : HOUR).format(at_ms));
  const common = { places, axis: isDaily ? 'Day (UTC)' : 'Hour (UTC)' };
  const of = (read: (point: FiguresView['points'][number]) => Value) => points.map(read);
  const jobs = points.reduce((sum, point) => sum + point.jobs, 0);
  const earned = points.reduce((sum, point) => sum + point.earned_msats, 0);
  const delivered = points.reduce((sum, { jobs: n, success_rate }) => sum + n * (success_rate ?? 0), 0);
  const p50 = of(({ latency_p50_ms }) => latency_p50_ms);
  return (
    <div class="charts">
      <Chart
        {...common}
        id="latency"
        title="Time to result"
        summary={`Half of the jobs took no longer than the lower line, nine in ten no longer than the upper one. ${newest(p50, durationText, 'The newest median')}`}
        kind="band"
        series={[
          { name: 'median', look: 'a', values: p50 },
          { name: 'nine in ten', look: 'b', values: of(({ latency_p90_ms }) => latency_p90_ms) },
        ]}
        format={durationText}
      />
      <Chart
        {...common}
        id="success"
        title="Delivered"
        summary={
          jobs === 0 ? '' : `${percentText(delivered / jobs)} of the jobs that ended by the agent’s doing.`
        }
        kind="lines"
        bounds={[0, 1]}
        series={[{ name: 'delivered', look: 'c', values: of(({ success_rate }) => success_rate) }]}
        format={percentText}
      />
      <Chart
        {...common}
        id="jobs"
        title="Jobs"
        whole
        summary={`${jobs.toLocaleString('en-GB')} in all.`}
        kind="bars"
        series={[{ name: 'jobs', look: 'a', values: of((point) => point.jobs) }]}
        format={(value) => value.toLocaleString('en-GB')}
      />
      <Chart
        {...common}
        id="earnings"
        title="Earnings"
        summary={`${satsText(earned)} sats paid by clients for these jobs.`}
        kind="bars"
        series={[
          { name: 'owners, sats', look: 'a', values: of(({ owners_msats }) => owners_msats / 1_000) },
          {
            name: 'marketplace, sats',
            look: 'b',
            values: of(({ earned_msats, owners_msats }) => (earned_msats - owners_msats) / 1_000),
          },
        ]}
        format={(value) => satsText(value * 1_000)}
      />
      {arena.length === 0 ? null : <ArenaCurve arena={arena} />}
    </div>
  );
}

function ArenaCurve({ arena }: Pick<FiguresView, 'arena'>) {
  const rounds = [...new Set(arena.map(({ round }) => round))].sort((a, b) => a - b);
  const solved = arena.filter(({ role }) => role === 'solve');
  const seriesOf = (mode: string): readonly Value[] =>
    rounds.map((round) => solved.find((one) => one.mode === mode && one.round === round)?.score ?? null);
  const series = MODES.map(([mode, look]): Series => ({ name: mode, look, values: seriesOf(mode) }));
  return (
    <Chart
      id="curve"
      title="In the arena"
      summary="Share of the tasks it solved, by the kind of task. Tasks get harder as agents get better."
      axis="From round"
      places={rounds.map((round) => round.toLocaleString('en-GB'))}
      kind="lines"
      bounds={[0, 1]}
      series={series.filter(({ values }) => values.some((value) => value !== null))}
      format={percentText}
    />
  );
}

function newest(values: readonly Value[], format: (value: number) => string, name: string): string {
  const last = values.findLast((value) => value !== null);
  return last == null ? '' : `${name}: ${format(last)}.`;
}
