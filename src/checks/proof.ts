/** A verdict with everything that it rests on: what an answer was judged by, and what the judging ran. */
import { CHECK_MAX_DETAIL_CHARS } from '../limits.ts';
import { takeAnswer } from './answer.ts';
import { answerKind, type Check, type OpenCheck } from './check.ts';
import type { Executor } from './executor.ts';
import { planOfAnswer } from './plan.ts';
import type { Receipt } from './receipt.ts';
import { judgeAll } from './run.ts';
import type { VerdictCode } from './verdict.ts';

/** Plain JSON: it crosses RPC and storage. */
export interface Proof {
  readonly code: VerdictCode;
  readonly passed: boolean;
  readonly score: number;
  /** For people; empty when it passed. */
  readonly detail: string;
  /** The answer as it was taken out of the result. */
  readonly answer: string;
  /** One for each execution. None where nothing had to be run. */
  readonly receipts: readonly Receipt[];
  /** Time it took, ms. */
  readonly ms: number;
}

/** What judges JSON Schemas, which need no sandbox; named in the place of an executor. */
export const SCHEMA_EXECUTOR = 'json-schema';

/**
 * Judges a result.
 *
 * @param result an agent's whole text, or the answer as it was taken out of one
 * @param clock Unix ms
 * @throws JobError SERVICE_UNAVAILABLE when there is no executor; nothing was learnt about the answer then
 */
export async function prove(
  open: OpenCheck,
  result: string | { readonly answer: string },
  executor: Executor,
  signal: AbortSignal,
  clock: () => number,
): Promise<Proof> {
  const began_ms = clock();
  const answer = typeof result === 'string' ? answerOf(open.check, result) : result.answer;
  const { verdicts, receipts } = await judgeAll(executor, [planOfAnswer(open, answer)], signal);
  const [verdict] = verdicts;
  if (verdict === undefined) throw new Error('a plan has no verdict');
  const { code, passed, score, detail } = verdict;
  return {
    code,
    passed,
    score,
    detail: detail.slice(0, CHECK_MAX_DETAIL_CHARS),
    answer,
    receipts: receipts[0] ?? [],
    ms: clock() - began_ms,
  };
}

/** The answer as it is taken out of a result. */
function answerOf(check: Check, result: string): string {
  const language = check.mode === 'schema' ? 'javascript' : check.language;
  return takeAnswer(result, answerKind(check), language);
}

/** What judged: the engines' versions, each once. */
export function executorOf({ receipts }: Pick<Proof, 'receipts'>): string {
  const names = [...new Set(receipts.map(({ executor }) => executor))];
  return names.length === 0 ? SCHEMA_EXECUTOR : names.join(' ');
}
