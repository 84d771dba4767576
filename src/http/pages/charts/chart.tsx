/** A chart as a picture and as a table of the same figures: the one for a glance, the other for whoever wants or needs it. */
import { HEIGHT, type Plot, plot, type Series, WIDTH } from './plot.ts';

export interface ChartProps {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** The picture in a sentence, for who does not see it and as its caption. */
  readonly summary: string;
  readonly series: readonly Series[];
  /** Names of the places on the axis, and what they are all together. */
  readonly places: readonly string[];
  readonly axis: string;
  /** `band` fills what lies between the first two series. */
  readonly kind: 'lines' | 'bars' | 'band';
  readonly bounds?: readonly [number, number];
  readonly whole?: boolean;
  readonly format: (value: number) => string;
}

/** Points are marked one by one where there are no more of them: a lonely one is no line. */
const MARKED_PLACES = 60;

export function Chart(props: ChartProps) {
  const { id, title, summary, series, places, kind, bounds, whole = false } = props;
  const isEmpty = series.every(({ values }) => values.every((value) => value === null || value === 0));
  if (isEmpty)
    return (
      <figure class="chart">
        <figcaption>
          <h3>{title}</h3>
        </figcaption>
        <p class="empty">Nothing yet.</p>
      </figure>
    );
  const drawn = plot({
    series,
    places: places.length,
    kind,
    whole,
    ...(bounds === undefined ? {} : { bounds }),
  });
  return (
    <figure class="chart" aria-labelledby={`${id}-title`}>
      <figcaption>
        <h3 id={`${id}-title`}>{title}</h3>
        <p class="small soft">{summary}</p>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title}: ${summary}`}>
        <Grid {...props} drawn={drawn} />
        {drawn.band === null ? null : <path class="band" d={drawn.band} />}
        {drawn.lines.map((line) => (
          <Line {...props} line={line} />
        ))}
      </svg>
      {series.length > 1 ? <Legend series={series} kind={kind} /> : null}
      <Figures {...props} />
    </figure>
  );
}

function Grid({ drawn, places, format }: ChartProps & { readonly drawn: Plot }) {
  const { rows, columns, floor, left, right } = drawn;
  return (
    <g class="grid">
      {rows.map(({ y, value }) => (
        <>
          <line x1={left} x2={right} y1={y} y2={y} />
          <text x={left - 6} y={y} dy="0.32em" text-anchor="end">
            {format(value)}
          </text>
        </>
      ))}
      {columns.map(({ x, at, anchor }) => (
        <text x={x} y={floor + 18} text-anchor={anchor}>
          {places[at]}
        </text>
      ))}
    </g>
  );
}

function Line(props: ChartProps & { readonly line: Plot['lines'][number] }) {
  const { line, kind, places, format } = props;
  const { name, look } = line.of;
  const said = (at: number, value: number) => `${places[at]}, ${name}: ${format(value)}`;
  if (kind === 'bars')
    return (
      <g class={`bars ${look}`}>
        {line.marks
          .filter(({ height }) => height > 0)
          .map(({ x, y, width, height, at, value }) => (
            <rect x={x.toFixed(1)} y={y.toFixed(1)} width={width.toFixed(1)} height={height.toFixed(1)}>
              <title>{said(at, value)}</title>
            </rect>
          ))}
      </g>
    );
  return (
    <g class={`line ${look}`}>
      <path d={line.path} />
      {places.length > MARKED_PLACES
        ? null
        : line.marks.map(({ x, y, at, value }) => (
            <circle cx={x.toFixed(1)} cy={y.toFixed(1)} r="2.5">
              <title>{said(at, value)}</title>
            </circle>
          ))}
    </g>
  );
}

function Legend({ series, kind }: Pick<ChartProps, 'series' | 'kind'>) {
  return (
    <ul class="legend" aria-hidden="true">
      {series.map(({ name, look }) => (
        <li>
          <svg viewBox="0 0 22 10" width="22" height="10" aria-hidden="true">
            {kind === 'bars' ? (
              <g class={`bars ${look}`}>
                <rect x="4" y="0" width="14" height="10" />
              </g>
            ) : (
              <g class={`line ${look}`}>
                <path d="M0 5h22" />
              </g>
            )}
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}

function Figures({ id, title, series, places, axis, format }: ChartProps) {
  const told = places.map((_, at) => at).filter((at) => series.some(({ values }) => values[at] != null));
  return (
    <details class="small">
      <summary>As a table</summary>
      {/* Whoever has no mouse has to be able to scroll it. */}
      <section class="scroll tall" tabindex={0} aria-label={`${title} as a table`}>
        <table id={`${id}-table`}>
          <thead>
            <tr>
              <th scope="col">{axis}</th>
              {series.map(({ name }) => (
                <th scope="col" class="figure">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {told.map((at) => (
              <tr>
                <th scope="row">{places[at]}</th>
                {series.map(({ values }) => {
                  const value = values[at] ?? null;
                  return <td class="figure">{value === null ? '–' : format(value)}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
