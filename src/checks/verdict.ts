/** What a check says of an answer. */

/** `unreadable`: no answer could be read. `broken`: it is the check that failed, and nothing is held against the answer. */
export type VerdictCode = 'passed' | 'wrong' | 'unreadable' | 'broken';

export interface Verdict {
  readonly code: VerdictCode;
  readonly passed: boolean;
  /** The share of tests that passed, or what the verifier returned; 0 for what could not be judged. */
  readonly score: number;
  /** For people; empty when it passed. Says nothing of hidden values. */
  readonly detail: string;
  /** What judging it took, units of fuel. */
  readonly fuel: number;
}

/** A verdict that took no run. */
export function settled(code: VerdictCode, detail: string): Verdict {
  return { code, passed: code === 'passed', score: code === 'passed' ? 1 : 0, detail, fuel: 0 };
}
