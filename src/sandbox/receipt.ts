/** What can be signed about a run, so that anybody with the same executor can run it again and compare. */
import { sha256Hex } from '../nostr/event.ts';
import { type RunOutcome, type RunRequest, runRequest, type Sandbox, type Verdict } from './port.ts';

export interface Receipt {
  readonly executor: string;
  /** SHA-256 of language and program, hex. */
  readonly program: string;
  /** SHA-256 of input and terms of the run, hex. */
  readonly input: string;
  readonly verdict: Verdict;
  /** SHA-256 of the canonical value, hex; null where there is none. */
  readonly output: string | null;
  readonly fuel: number;
}

export function receiptOf(request: RunRequest, outcome: RunOutcome): Receipt {
  const { language, code, input, fuel, calls, checked } = runRequest.parse(request);
  return {
    executor: outcome.executor,
    program: sha256Hex(JSON.stringify([language, code])),
    input: sha256Hex(
      JSON.stringify(['values' in input ? input.values : input.expression, fuel, calls, checked]),
    ),
    verdict: outcome.verdict,
    output: outcome.value === undefined ? null : sha256Hex(outcome.value),
    fuel: outcome.fuel,
  };
}

/**
 * Runs twice, each time in a fresh state and with two calls, and lets only what is the same stand. One program can tell
 * its two calls apart; it cannot tell that there were two runs.
 */
export async function runProved(sandbox: Sandbox, request: RunRequest): Promise<RunOutcome> {
  const proved = { ...request, calls: 2 };
  const first = await sandbox.run(proved);
  const second = await sandbox.run(proved);
  const same =
    first.executor === second.executor &&
    first.verdict === second.verdict &&
    first.value === second.value &&
    first.fuel === second.fuel;
  if (same) return first;
  const { value: _, ...rest } = first;
  return { ...rest, verdict: 'unstable', message: 'two runs in fresh states differ' };
}
