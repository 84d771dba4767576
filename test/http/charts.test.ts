/**
 * Goal: a chart's marks lie where its figures say, gaps stay gaps, and bars stand on each other. Method: the geometry alone.
 * Does not prove how it looks (the screenshots of test/e2e/panels.test.ts).
 */
import { describe, expect, test } from 'vitest';
import { HEIGHT, plot, type Series, WIDTH } from '../../src/http/pages/charts/plot.ts';

const series = (values: readonly (number | null)[], look: Series['look'] = 'a'): Series => ({
  name: 'x',
  look,
  values,
});

describe('plot()', () => {
  test('places a line within the picture, higher values higher, and breaks it where there is none', () => {
    const drawn = plot({ series: [series([1, 2, null, 4, 3])], places: 5, kind: 'lines' });
    const [line] = drawn.lines;
    expect(line?.marks.map(({ at, value }) => [at, value])).toEqual([
      [0, 1],
      [1, 2],
      [3, 4],
      [4, 3],
    ]);
    const heights = line?.marks.map(({ y }) => y) ?? [];
    expect(heights[0]).toBeGreaterThan(heights[1] ?? 0);
    expect(heights[2]).toBe(Math.min(...heights));
    for (const { x, y } of line?.marks ?? []) {
      expect(x).toBeGreaterThan(drawn.left);
      expect(x).toBeLessThan(WIDTH);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(HEIGHT);
    }
    expect(line?.path.match(/M/g)).toHaveLength(2);
  });

  test('stands bars of several series on each other, on the floor', () => {
    const drawn = plot({ series: [series([2, 0]), series([3, 5], 'b')], places: 2, kind: 'bars' });
    const [lower, upper] = drawn.lines.map(({ marks }) => marks[0]);
    expect((lower?.y ?? 0) + (lower?.height ?? 0)).toBeCloseTo(drawn.floor);
    expect((upper?.y ?? 0) + (upper?.height ?? 0)).toBeCloseTo(lower?.y ?? 0);
    expect((lower?.height ?? 0) / (upper?.height ?? 1)).toBeCloseTo(2 / 3);
    // Both places add up to the same height.
    expect(drawn.lines[1]?.marks[1]?.y).toBeCloseTo(upper?.y ?? 0);
  });

  test('keeps to bounds that are given, and fills between two series', () => {
    const drawn = plot({
      series: [series([0.2, null, 0.4]), series([0.4, 0.5, 0.8], 'b')],
      places: 3,
      kind: 'band',
      bounds: [0, 1],
    });
    expect(drawn.rows.map(({ value }) => value)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(drawn.band).toMatch(/^M.*Z/);
  });

  test.each([1, 2, 7, 30, 48, 400])('names few of %i places, the newest among them', (places) => {
    const values = Array.from({ length: places }, (_, at) => at);
    const { columns } = plot({ series: [series(values)], places, kind: 'lines' });
    expect(columns.length).toBeLessThanOrEqual(5);
    expect(columns.at(-1)?.at).toBe(places - 1);
  });

  test('names rows by whole numbers where there are no others', () => {
    const { rows } = plot({ series: [series([0, 1])], places: 2, kind: 'bars', whole: true });
    expect(rows.map(({ value }) => value)).toEqual([0, 1]);
  });

  test('draws a line of one value, and of nothing but zeros', () => {
    for (const values of [[5], [0, 0]]) {
      const { lines, rows } = plot({ series: [series(values)], places: values.length, kind: 'lines' });
      for (const { x, y } of lines[0]?.marks ?? []) expect(Number.isFinite(x + y)).toBe(true);
      expect(rows.length).toBeGreaterThan(1);
    }
  });
});
