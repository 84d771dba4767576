/** How the outcomes of a plan become a verdict. All comparing is done here, on values, outside of any program. */
import { CODECS, same } from './codec.ts';
import type { Language, Outcome } from './executor.ts';
import type { Expectation, Plan } from './plan.ts';
import type { Verdict } from './verdict.ts';

/**
 * @param outcomes one for each execution of the plan
 * @throws Error for another number of them
 */
export function judge(plan: Plan, outcomes: readonly Outcome[]): Verdict {
  if (plan.type === 'settled') return plan.verdict;
  if (outcomes.length !== plan.executions.length) throw new Error('not every execution has its outcome');
  const fuel = outcomes.reduce((total, outcome) => total + outcome.fuel, 0);
  const marks = plan.expectations.map((expectation, i) => markOf(expectation, outcomes[i], plan.language));
  const broken = marks.find((mark) => mark.broken);
  if (broken !== undefined) return { code: 'broken', passed: false, score: 0, detail: broken.detail, fuel };
  const met = marks.filter(({ passed }) => passed).length;
  const [only] = marks;
  const score = marks.length === 1 && only !== undefined ? only.score : met / marks.length;
  if (marks.length > 0 && met / marks.length >= plan.threshold) {
    return { code: 'passed', passed: true, score, detail: '', fuel };
  }
  const failed = marks.find(({ passed }) => !passed)?.detail ?? 'nothing was judged';
  const detail = marks.length === 1 ? failed : `${met} of ${marks.length} passed; first failure: ${failed}`;
  return { code: 'wrong', passed: false, score, detail, fuel };
}

interface Mark {
  readonly passed: boolean;
  readonly score: number;
  readonly broken: boolean;
  readonly detail: string;
}

const FAILED = { passed: false, score: 0, broken: false };

function markOf(expectation: Expectation, outcome: Outcome | undefined, language: Language): Mark {
  if (outcome === undefined) throw new Error('an outcome is missing');
  // What fails of the check's own program is the check's fault; on an answer's input or program it is the answer's.
  const broken = expectation.type === 'equal' && expectation.of === 'check';
  if (!outcome.ok) return { ...FAILED, broken, detail: `${outcome.failure}: ${outcome.error}` };
  const value = CODECS[language].readOutput(outcome.output);
  if (!value.ok) return { ...FAILED, broken, detail: 'the output is no value' };
  if (expectation.type === 'equal') {
    const passed = same(value.value, expectation.to, expectation.equality);
    return { passed, score: passed ? 1 : 0, broken: false, detail: passed ? '' : 'another value' };
  }
  return scored(value.value.canonical, expectation.threshold);
}

/** `True`, or a number that reaches the threshold. Anything else a verifier returns is a no. */
function scored(canonical: string, threshold: number): Mark {
  if (canonical === 'True' || canonical === 'true')
    return { passed: true, score: 1, broken: false, detail: '' };
  const score = /^-?\d/.test(canonical) ? Number(canonical) : Number.NaN;
  if (!Number.isFinite(score)) return { ...FAILED, detail: 'the verifier refused it' };
  const passed = score >= threshold;
  return { passed, score, broken: false, detail: passed ? '' : `the verifier gives it ${score}` };
}
