/**
 * Ranking the drafts of an iteration, one comparison after the other. A check that tells two apart beats the judge; the
 * judge is asked in both orders; where nobody could judge, they count as equal. Comparisons are recorded.
 */
import {
  beginInsertion,
  bothWays,
  byCheck,
  inserted,
  narrowed,
  opponent,
  type Verdict,
} from './insertion.ts';
import { change, record, type Turn, versionOf } from './turn.ts';
import type { Todo, Work } from './types.ts';

/** Goes as far as it can without asking. Returns what to ask, or null when every candidate has its place. */
export function rank(turn: Turn): readonly Work[] | null {
  const { judge, check } = turn.run.team;
  const unchecked = turn.run.candidates.filter((id) => versionOf(turn.run, id)?.check === null);
  if (check !== null && unchecked.length > 0) return unchecked.map((version) => ({ type: 'check', version }));
  for (;;) {
    const { run } = turn;
    if (run.insertion === null) {
      const [newcomer, ...candidates] = run.candidates;
      if (newcomer === undefined) return null;
      change(turn, { insertion: beginInsertion(run.ranked, newcomer), candidates });
      continue;
    }
    const { newcomer } = run.insertion;
    const other = opponent(run.ranked, run.insertion);
    if (other === null) {
      const keep = judge?.keep ?? 1;
      change(turn, { ranked: inserted(run.ranked, run.insertion, keep), insertion: null });
      continue;
    }
    const verdict = byCheck(checkOf(turn, newcomer), checkOf(turn, other));
    if (verdict !== null) compared(turn, other, verdict, 'check', '');
    else if (judge === null) compared(turn, other, 'better', 'nobody', 'the newest counts as the best');
    else if (run.places.yes === undefined || run.places.no === undefined) {
      return [
        { type: 'judge', first: newcomer, second: other, newcomerFirst: true },
        { type: 'judge', first: other, second: newcomer, newcomerFirst: false },
      ];
    } else {
      const { yes, no } = run.places;
      const judged = yes.place !== null && no.place !== null;
      const said = judged ? bothWays(yes.place, no.place) : 'equal';
      compared(turn, other, said, judged ? 'judge' : 'nobody', `${yes.rationale} | ${no.rationale}`);
    }
  }
}

function compared(
  turn: Turn,
  other: string,
  verdict: Verdict,
  by: 'judge' | 'check' | 'nobody',
  rationale: string,
): void {
  const { insertion } = turn.run;
  if (insertion === null) return;
  record(turn, { type: 'comparison', newcomer: insertion.newcomer, other, verdict, by, rationale });
  change(turn, { insertion: narrowed(insertion, verdict), places: {} });
}

function checkOf(turn: Turn, id: string) {
  return versionOf(turn.run, id)?.check ?? null;
}

/** Tasks for works that are new. */
export function newTodos(turn: Turn, works: readonly Work[]): readonly Todo[] {
  const { taskCount } = turn.run;
  change(turn, { taskCount: taskCount + works.length });
  return works.map((work, at) => ({
    number: taskCount + 1 + at,
    attempt: 1,
    failures: 0,
    questions: [],
    work,
  }));
}
