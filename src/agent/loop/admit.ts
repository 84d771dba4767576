/** Whether a call may be run. What the model wishes for counts only as far as its definition grants it. Pure. */
import { LOOP_MAX_CALLS, LOOP_MAX_OBSERVED_CHARS } from '../../limits.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { clip } from '../../protocol/size.ts';
import { argumentsOf, FINAL_ANSWER, type Refused, refuse } from './calls.ts';
import type { LoopDefinition } from './definition.ts';
import type { ModelEntry } from './entry.ts';
import { holdsSecret } from './secrets.ts';
import type { Tool } from './tool.ts';

/** Longest wrong name that is repeated to the model, characters. */
const MAX_NAME_CHARS = 64;

export type Admission =
  | { readonly ok: true; readonly tool: Tool; readonly input: JsonObject }
  | { readonly ok: true; readonly tool: null; readonly input: JsonObject }
  | Refused;

/** @param place of the call within the answer. A null tool is the final answer, which the loop takes itself. */
export function admit(definition: LoopDefinition, entry: ModelEntry, place: number): Admission {
  const call = entry.calls[place];
  if (call === undefined) throw new Error(`answer ${entry.step} has no call ${place}`);
  if (place >= LOOP_MAX_CALLS) {
    return refuse('TOO_MANY_CALLS', `only the first ${LOOP_MAX_CALLS} calls of an answer are run`);
  }
  const tool = definition.tools.get(call.name) ?? null;
  if (tool === null && call.name !== FINAL_ANSWER) {
    const names = definition.offers.map(({ name }) => name).join(', ');
    const wrong = JSON.stringify(clip(call.name, MAX_NAME_CHARS));
    return refuse('UNKNOWN_TOOL', `there is no tool ${wrong}; there are: ${names}`);
  }
  if (tool === null && entry.calls.length > 1) {
    return refuse('FINAL_ANSWER_NOT_ALONE', 'the other calls were run; look at them, then call it alone');
  }
  const read = argumentsOf(call);
  if (!read.ok) return read;
  const problem = definition.inputProblem(call.name, read.input);
  if (problem !== null) return refuse('BAD_ARGUMENTS', clip(problem, LOOP_MAX_OBSERVED_CHARS));
  // Looked for in what was read, not in what was written: JSON has many spellings of a letter.
  if (tool !== null && holdsSecret(JSON.stringify(read.input))) {
    return refuse('SECRET_IN_TEXT', 'the arguments hold a key, which never leaves');
  }
  return { ok: true, tool, input: read.input };
}
