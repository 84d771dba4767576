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
  readonly passed: boolean;
  /** Of two that both pass or both fail, the higher is better; null where the check gives none. */
  readonly score: number | null;
}

/** The verdict of checks, which beats any judge; null when they do not tell the two apart. */
export function byCheck(newcomer: CheckResult | null, other: CheckResult | null): Verdict | null {
  if (newcomer === null || other === null) return null;
  if (newcomer.passed !== other.passed) return newcomer.passed ? 'better' : 'worse';
  if (newcomer.score === null || other.score === null || newcomer.score === other.score) return null;
  return newcomer.score > other.score ? 'better' : 'worse';
}
