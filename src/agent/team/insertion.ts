/**
 * Binary insertion of a new version into the ranked list, one comparison at a time: the comparisons are calls that
 * take seconds and may fail, so where the search stands is data.
 */

/** The place of the newcomer is in `low..high` of the list. */
export interface Insertion {
  readonly newcomer: string;
  readonly low: number;
  readonly high: number;
}

export type Verdict = 'better' | 'equal' | 'worse';

export function beginInsertion(list: readonly string[], newcomer: string): Insertion {
  return { newcomer, low: 0, high: list.length };
}

/** The version to compare the newcomer with next, or null when its place is found. */
export function opponent(list: readonly string[], { low, high }: Insertion): string | null {
  return low < high ? (list[middle(low, high)] ?? null) : null;
}

/** What is known after a comparison with the {@link opponent}. Equal goes below: the older one was there first. */
export function narrowed(insertion: Insertion, verdict: Verdict): Insertion {
  const at = middle(insertion.low, insertion.high);
  return verdict === 'better' ? { ...insertion, high: at } : { ...insertion, low: at + 1 };
}

/** The list with the newcomer at its place; only the tail is ever cut. */
export function inserted(
  list: readonly string[],
  { newcomer, low }: Insertion,
  keep: number,
): readonly string[] {
  return [...list.slice(0, low), newcomer, ...list.slice(low)].slice(0, keep);
}

function middle(low: number, high: number): number {
  return (low + high) >>> 1;
}

/** The verdict of a judge who was asked in both orders: what it says about the place and not the text is equal. */
export function bothWays(newcomerFirst: Place, newcomerSecond: Place): Verdict {
  if (newcomerFirst === 'first' && newcomerSecond === 'second') return 'better';
  if (newcomerFirst === 'second' && newcomerSecond === 'first') return 'worse';
  return 'equal';
}

/** Which of the two texts a judge was shown serves the task better. */
export type Place = 'first' | 'second' | 'equal';

/** What an executable check said of a version. */
export interface CheckResult {
  /** Null: it could not be judged, because the check itself failed or nobody could run it. */
  readonly passed: boolean | null;
  /** Of two that both pass or both fail, the higher is better; null where the check gives none. */
  readonly score: number | null;
}

/**
 * The verdict of checks, which beats any judge; null when they do not tell the two apart. What could not be judged stands
 * below what passed and above what failed, so that the order is one however versions come: a judge who could put it
 * anywhere could carry a failing version past a passing one.
 */
export function byCheck(newcomer: CheckResult | null, other: CheckResult | null): Verdict | null {
  if (newcomer === null || other === null) return null;
  const [place, otherPlace] = [placeOf(newcomer), placeOf(other)];
  if (place !== otherPlace) return place > otherPlace ? 'better' : 'worse';
  if (newcomer.score === null || other.score === null || newcomer.score === other.score) return null;
  return newcomer.score > other.score ? 'better' : 'worse';
}

function placeOf({ passed }: CheckResult): number {
  return passed === null ? 1 : passed ? 2 : 0;
}
