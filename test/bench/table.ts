/** The table the bench prints. */

export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is held against. */
  readonly reference?: { readonly name: string; readonly value: number };
  /** On the ratio value / reference, or on the value itself where there is no reference. */
  readonly goal?: Goal;
}

export type Goal =
  | { readonly atLeast: number }
  | { readonly atMost: number }
  | { readonly above: number }
  | { readonly below: number };

/** Whether a row reaches its goal; undefined without one. */
export function isMet(row: Row): boolean | undefined {
  const { goal } = row;
  if (goal === undefined) return undefined;
  const measured = row.reference === undefined ? row.value : row.value / row.reference.value;
  if ('atLeast' in goal) return measured >= goal.atLeast;
  if ('below' in goal) return measured < goal.below;
  return 'atMost' in goal ? measured <= goal.atMost : measured > goal.above;
}

const HEAD = ['what', 'value', 'reference', 'ratio', 'goal', 'met'];

/** All rows in aligned columns. */
export function render(rows: readonly Row[]): string {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [lines[0], widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1)].join('\n');
}

function cellsOf(row: Row): string[] {
  const { reference, goal } = row;
  const met = isMet(row);
  return [
    row.name,
    `${short(row.value)} ${row.unit}`,
    reference === undefined ? '' : `${short(reference.value)} ${row.unit} (${reference.name})`,
    reference === undefined ? '' : `${short(row.value / reference.value)}x`,
    goal === undefined ? '' : goalText(goal),
    met === undefined ? '' : met ? 'yes' : 'NO',
  ];
}

function goalText(goal: Goal): string {
  if ('atLeast' in goal) return `>= ${goal.atLeast}`;
  if ('below' in goal) return `< ${goal.below}`;
  return 'atMost' in goal ? `<= ${goal.atMost}` : `> ${goal.above}`;
}

/** Three significant digits are more than a bench on a shared machine can promise. */
function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
