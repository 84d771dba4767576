/** Runs the open calls of an answer: side by side where their tools allow it, each result in the journal at once. */
import { LOOP_PARALLEL_CALLS, LOOP_TOOL_OUTPUT_MAX_BYTES, LOOP_TOOL_TIMEOUT_MS } from '../../limits.ts';
import { cutToBytes, utf8Bytes } from '../../protocol/size.ts';
import { admit } from './admit.ts';
import { attempt } from './attempt.ts';
import type { LoopDefinition } from './definition.ts';
import type { ModelEntry, Observation } from './entry.ts';
import type { Journal } from './journal.ts';
import { judged } from './judge.ts';
import { RunPaused } from './outcome.ts';
import type { LoopPorts } from './ports.ts';
import type { Tool, ToolContext, ToolOutput } from './tool.ts';

/**
 * @param open places of the calls within the answer, ascending
 * @returns the calls that wait; all others are in the journal. Empty when the answer is done with
 */
export async function runCalls(
  definition: LoopDefinition,
  entry: ModelEntry,
  open: readonly number[],
  journal: Journal,
  ports: LoopPorts,
  signal: AbortSignal,
): Promise<readonly RunPaused[]> {
  const waiting: RunPaused[] = [];
  const one = async (place: number): Promise<void> => {
    const observation = await observe(definition, entry, place, journal.run, ports, signal);
    if (observation instanceof RunPaused) waiting.push(observation);
    // Where this fails its lane ends, and so does each other one at its next entry: without a journal nothing goes on.
    else await journal.append({ type: 'result', step: entry.step, call: place, observation });
  };
  for (const group of groups(definition, entry, open)) {
    const queue = [...group];
    const lane = async (): Promise<void> => {
      for (let place = queue.shift(); place !== undefined; place = queue.shift()) await one(place);
    };
    const lanes = Array.from({ length: Math.min(LOOP_PARALLEL_CALLS, group.length) }, lane);
    // All of them end before anything is thrown, so that no tool goes on behind the back of whoever catches it.
    const ended = await Promise.allSettled(lanes);
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    if (signal.aborted) return [...waiting, new RunPaused({ reason: 'cancelled' })];
    // A call behind one that waits may rely on it.
    if (waiting.length > 0) return waiting;
  }
  return [];
}

/** Neighbours that may run side by side; any other call runs alone, after those before it. */
function groups(definition: LoopDefinition, entry: ModelEntry, open: readonly number[]): number[][] {
  const grouped: number[][] = [];
  let together = false;
  for (const place of open) {
    const parallel = definition.tools.get(entry.calls[place]?.name ?? '')?.parallel ?? false;
    const group = grouped.at(-1);
    if (parallel && together && group !== undefined) group.push(place);
    else grouped.push([place]);
    together = parallel;
  }
  return grouped;
}

async function observe(
  definition: LoopDefinition,
  entry: ModelEntry,
  place: number,
  run: string,
  ports: LoopPorts,
  signal: AbortSignal,
): Promise<Observation | RunPaused> {
  const admission = admit(definition, entry, place);
  if (!admission.ok) return admission;
  const { tool, input } = admission;
  const key = `${run}/${entry.step}.${place}`;
  if (tool === null) return judged(input.answer ?? null, definition, ports, signal);
  const limit_ms = tool.timeLimit_ms === undefined ? LOOP_TOOL_TIMEOUT_MS : tool.timeLimit_ms;
  return attempt(limit_ms, ports, signal, async (stop) => {
    const context: ToolContext = { key, signal: stop, now: () => ports.clock.now() };
    return observed(tool, await tool.run(input, context));
  });
}

function observed(tool: Tool, output: string | ToolOutput): Observation {
  const { text, usage } = typeof output === 'string' ? { text: output, usage: undefined } : output;
  const limit = Math.min(tool.maxOutputBytes ?? LOOP_TOOL_OUTPUT_MAX_BYTES, LOOP_TOOL_OUTPUT_MAX_BYTES);
  const whole_bytes = utf8Bytes(text);
  const spent = usage === undefined ? {} : { usage };
  if (whole_bytes <= limit) return { ok: true, text, ...spent };
  return { ok: true, text: cutToBytes(text, limit), whole_bytes, ...spent };
}
