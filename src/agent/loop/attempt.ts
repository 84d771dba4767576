/** One piece of work of a run that is not ours: a tool, or a check of an answer. Whatever it does wrong is an observation. */
import { JobError } from '../../errors.ts';
import { LOOP_MAX_OBSERVED_CHARS } from '../../limits.ts';
import { clip } from '../../protocol/size.ts';
import { refuse } from './calls.ts';
import type { Observation } from './entry.ts';
import { RunBroken, RunPaused } from './outcome.ts';
import type { LoopPorts } from './ports.ts';
import { within } from './within.ts';

/**
 * @param limit_ms null for work that ends by itself
 * @returns a pause when the work waits for something, or was cancelled
 * @throws only what broke a run below this one, for example its journal
 */
export async function attempt(
  limit_ms: number | null,
  ports: LoopPorts,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Observation>,
): Promise<Observation | RunPaused> {
  try {
    const bounded = await within(ports.clock, limit_ms, signal, work);
    if (bounded.end === 'done') return bounded.value;
    if (bounded.end === 'aborted') return new RunPaused({ reason: 'cancelled' });
    return refuse('TOOL_TIMEOUT', `it did not end within ${limit_ms} ms and was stopped`);
  } catch (error) {
    if (error instanceof RunPaused) return error;
    if (error instanceof RunBroken) throw error.cause;
    if (error instanceof JobError) {
      return refuse('TOOL_FAILED', clip(`${error.code}: ${error.message}`, LOOP_MAX_OBSERVED_CHARS));
    }
    ports.log(error);
    return refuse('TOOL_FAILED', 'AGENT_ERROR: it is broken');
  }
}
