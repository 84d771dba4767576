/** One version judged by the team's check, in the sandbox. No model is asked, so it costs nothing. */
import { reopened } from '../../../checks/contract.ts';
import { prove } from '../../../checks/proof.ts';
import { JobError } from '../../../errors.ts';
import type { TeamBrief } from '../desk/brief.ts';
import { NOTHING_SPENT } from '../desk/state.ts';
import type { Result } from '../types.ts';
import type { Driven, WorkPorts } from './ports.ts';

const FREE = { tokens: 0, msats: 0 };

/** @throws Error for a run without a check */
export async function checkVersion(
  { team: { check }, texts }: TeamBrief,
  version: string,
  { executor, clock }: Pick<WorkPorts, 'executor' | 'clock'>,
  signal: AbortSignal,
): Promise<Driven> {
  const text = texts[version];
  if (check === null || text === undefined) throw new Error(`there is nothing to check ${version} by`);
  let result: Result;
  try {
    const { code, score, detail } = await prove(
      reopened(check.spec, check.hidden),
      text,
      executor,
      signal,
      () => clock.now(),
    );
    // A broken check says nothing of the version; one that cannot be read has not passed.
    result =
      code === 'broken'
        ? { type: 'checked', passed: null, score: null, note: `the check failed: ${detail}`, usage: FREE }
        : { type: 'checked', passed: code === 'passed', score, note: detail, usage: FREE };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    const retry = error.code === 'SERVICE_UNAVAILABLE';
    result = { type: 'failed', failure: error.failure, retry, retryAfter_ms: null, usage: FREE };
  }
  return { result, used: NOTHING_SPENT, over: true, notes: [], cut: signal.aborted };
}
