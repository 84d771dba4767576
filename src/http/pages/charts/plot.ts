/** Where the marks of a chart lie: d3's scales and lines over plain numbers. Knows no markup. */
import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';

/** Units of the picture; it grows and shrinks with the page. */
export const WIDTH = 480;
export const HEIGHT = 200;
const LEFT = 54;
const RIGHT = 10;
const TOP = 12;
const BOTTOM = 28;
const FLOOR = HEIGHT - BOTTOM;
/** Lines across the picture, about. */
const ROWS = 4;
/** Names below it, at the most. */
const COLUMNS = 5;
/** Of the room of a bar what stays empty. */
const BAR_GAP = 0.25;

export type Value = number | null;

/** What is drawn of one series, and how it looks: `a` to `d` differ in colour and in dashes. */
export interface Series {
  readonly name: string;
  readonly look: 'a' | 'b' | 'c' | 'd';
  /** One for each place on the axis; null where there is none. */
  readonly values: readonly Value[];
}

export interface Mark {
  readonly x: number;
  readonly y: number;
  /** Of bars. */
  readonly width: number;
  readonly height: number;
  /** Its place on the axis. */
  readonly at: number;
  readonly value: number;
}

export interface Plot {
  readonly rows: readonly { readonly y: number; readonly value: number }[];
  readonly columns: readonly { readonly x: number; readonly at: number; readonly anchor: Anchor }[];
  readonly lines: readonly { readonly of: Series; readonly path: string; readonly marks: readonly Mark[] }[];
  /** Between the first two series, where that was asked for. */
  readonly band: string | null;
  readonly floor: number;
  readonly left: number;
  readonly right: number;
}

type Anchor = 'start' | 'middle' | 'end';

export interface Drawing {
  readonly series: readonly Series[];
  /** Places on the axis. */
  readonly places: number;
  readonly kind: 'lines' | 'bars' | 'band';
  /** Bounds that hold whatever the values are; else the axis begins at 0 and ends at a round number. */
  readonly bounds?: readonly [number, number];
  /** Whether there are only whole numbers, so that no row is named by a part of one. */
  readonly whole?: boolean;
}

/** Places everything. Bars of several series stand on each other. */
export function plot({ series, places, kind, bounds, whole = false }: Drawing): Plot {
  const values = series.flatMap((one) => one.values.filter((value) => value !== null));
  const stacked = Array.from({ length: places }, (_, at) =>
    series.reduce((sum, one) => sum + (one.values[at] ?? 0), 0),
  );
  const highest = Math.max(0, ...(kind === 'bars' ? stacked : values));
  const lowest = Math.min(0, ...values);
  const y = scaleLinear(bounds ?? [lowest, highest === lowest ? lowest + 1 : highest], [FLOOR, TOP]);
  if (bounds === undefined) y.nice(ROWS);
  const room = (WIDTH - LEFT - RIGHT) / Math.max(1, places);
  const x = (at: number) => LEFT + (at + 0.5) * room;
  const below = Array.from({ length: places }, () => 0);
  const lines = series.map((one) => {
    const points = one.values.map((value, at) => ({ at, value }));
    const marks = points.flatMap(({ at, value }): Mark[] => {
      if (value === null) return [];
      const from = kind === 'bars' ? (below[at] ?? 0) : 0;
      below[at] = from + value;
      const top = y(kind === 'bars' ? from + value : value);
      return [
        {
          x: x(at) - (room * (1 - BAR_GAP)) / 2,
          y: top,
          width: room * (1 - BAR_GAP),
          height: Math.max(0, y(from) - top),
          at,
          value,
        },
      ];
    });
    const path = line<{ at: number; value: Value }>()
      .defined(({ value }) => value !== null)
      .x(({ at }) => x(at))
      .y(({ value }) => y(value ?? 0));
    return {
      of: one,
      path: kind === 'bars' ? '' : rounded(path(points) ?? ''),
      marks: kind === 'bars' ? marks : marks.map((mark) => ({ ...mark, x: x(mark.at) })),
    };
  });
  return {
    rows: y
      .ticks(ROWS)
      .filter((value) => !whole || Number.isInteger(value))
      .map((value) => ({ y: y(value), value })),
    columns: columnsOf(places).map((at) => ({ x: x(at), at, anchor: anchorOf(at, places) })),
    lines,
    band: kind === 'band' ? bandOf(series, x, y) : null,
    floor: FLOOR,
    left: LEFT,
    right: WIDTH - RIGHT,
  };
}

function bandOf(
  [lower, upper]: readonly Series[],
  x: (at: number) => number,
  y: (value: number) => number,
): string | null {
  if (lower === undefined || upper === undefined) return null;
  const points = lower.values.map((low, at) => ({ at, low, high: upper.values[at] ?? null }));
  const shape = area<(typeof points)[number]>()
    .defined(({ low, high }) => low !== null && high !== null)
    .x(({ at }) => x(at))
    .y0(({ low }) => y(low ?? 0))
    .y1(({ high }) => y(high ?? 0));
  return rounded(shape(points) ?? '');
}

/** Evenly spread, the last one always among them. */
function columnsOf(places: number): number[] {
  const step = Math.max(1, Math.ceil(places / COLUMNS));
  return Array.from({ length: Math.ceil(places / step) }, (_, index) => places - 1 - index * step).reverse();
}

function anchorOf(at: number, places: number): Anchor {
  if (places === 1) return 'middle';
  return at === places - 1 ? 'end' : at === 0 ? 'start' : 'middle';
}

/** One decimal is a tenth of a pixel at the most. */
function rounded(path: string): string {
  return path.replace(/\d+\.\d+/g, (number) => String(Math.round(Number(number) * 10) / 10));
}
