/** The calls in a model's answer, and their arguments. Models write all of this in many ways. Pure. */
import { JobError, type Json } from '../../errors.ts';
import { LOOP_MAX_ANSWER_BYTES, LOOP_MAX_ARGUMENT_BYTES } from '../../limits.ts';
import { isObject, type JsonObject, parseRequestJson } from '../../protocol/json.ts';
import { clip, utf8Bytes } from '../../protocol/size.ts';
import type { Refusal } from './entry.ts';
import type { ModelCall } from './model.ts';

export const FINAL_ANSWER = 'final_answer';

/** Ids of providers are short; what is longer is not repeated to one. */
const MAX_ID_CHARS = 128;
const KEPT_ARGUMENT_CHARS = 200;
const MAX_NAME_CHARS = 128;

/**
 * The calls of an answer with ids that are unique within the run. An answer without any may hold one as JSON in its
 * text, `{"name", "arguments"}`, which is how models without tool calls are taught to write it.
 *
 * @param step number of the answer
 */
export function callsOf(calls: readonly ModelCall[], text: string, step: number): ModelCall[] {
  const written = calls.length > 0 ? calls : callInText(text);
  const seen = new Set<string>();
  return written.map((call, place) => {
    const taken = call.id === '' || call.id.length > MAX_ID_CHARS || seen.has(call.id);
    const id = taken ? `call_${step}_${place}` : call.id;
    seen.add(id);
    return { ...kept(call), id };
  });
}

/** What a call's arguments may be, bytes: an answer is the work itself, which no tool has to take. */
export function mostBytes(name: string): number {
  return name === FINAL_ANSWER ? LOOP_MAX_ANSWER_BYTES : LOOP_MAX_ARGUMENT_BYTES;
}

/** Arguments that are refused for their length are not repeated to the model in every later prompt. */
function kept(call: ModelCall): ModelCall {
  const whole_bytes = utf8Bytes(call.arguments);
  // No tool has a name that long, so it stays unknown.
  const named = { ...call, name: clip(call.name, MAX_NAME_CHARS) };
  if (whole_bytes <= mostBytes(call.name)) return named;
  return { ...named, arguments: clip(call.arguments, KEPT_ARGUMENT_CHARS), whole_bytes };
}

function callInText(text: string): ModelCall[] {
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  if (start < 0 || end < start) return [];
  const parsed = parse(text.slice(start, end + 1));
  if (!isObject(parsed) || typeof parsed.name !== 'string' || parsed.arguments === undefined) return [];
  return [{ id: '', name: parsed.name, arguments: JSON.stringify(parsed.arguments) }];
}

/** The arguments of a call as an object. Some models write JSON into a JSON string. */
export function argumentsOf(call: ModelCall): { readonly ok: true; readonly input: JsonObject } | Refused {
  const bytes = call.whole_bytes ?? utf8Bytes(call.arguments);
  const most = mostBytes(call.name);
  if (bytes > most) {
    return refuse('ARGUMENTS_TOO_LARGE', `${bytes} bytes, and ${most} are taken`);
  }
  // No arguments at all is how some models call a tool that needs none.
  let value = call.arguments.trim() === '' ? {} : parse(call.arguments);
  if (typeof value === 'string') value = parse(value);
  if (value === undefined) return refuse('BAD_JSON', 'the arguments are not valid JSON, or nested too deep');
  return isObject(value) ? { ok: true, input: value } : refuse('BAD_JSON', 'the arguments are no object');
}

export type Refused = { readonly ok: false } & Refusal;

export function refuse(code: Refusal['code'], message: string): Refused {
  return { ok: false, code, message };
}

function parse(text: string): Json | undefined {
  try {
    return parseRequestJson(text, 'arguments');
  } catch (error) {
    if (error instanceof JobError) return undefined;
    throw error;
  }
}
