/** The tool every run has: calling it ends the run, if its checks agree. */
import type { Json } from '../../errors.ts';
import { AGENT_MAX_OUTPUT_BYTES, LOOP_MAX_OBSERVED_CHARS } from '../../limits.ts';
import { clip, utf8Bytes } from '../../protocol/size.ts';
import type { JsonSchema } from '../parameters.ts';
import { argumentsOf, type Refused, refuse } from './calls.ts';
import type { ModelCall, ToolOffer } from './model.ts';
import { holdsSecret } from './secrets.ts';

export const FINAL_ANSWER = 'final_answer';

/**
 * A look at an answer before it counts. It may be asked again about the same answer after a crash.
 *
 * @returns what is wrong, for the model to read; null when nothing is
 */
export type AnswerCheck = (answer: Json, signal: AbortSignal) => string | null | Promise<string | null>;

/** @param answer JSON Schema of the answer; text or anything else where there is none */
export function finalAnswerOffer(answer: JsonSchema = {}): ToolOffer {
  return {
    name: FINAL_ANSWER,
    description: 'Hands in the answer and ends the work. Call it alone, when the answer is complete.',
    input: { type: 'object', properties: { answer }, required: ['answer'] },
  };
}

export function answerOf(call: ModelCall): Json {
  const parsed = argumentsOf(call);
  return parsed.ok ? (parsed.input.answer ?? null) : null;
}

/** An answer as text. */
export function answerText(answer: Json): string {
  return typeof answer === 'string' ? answer : JSON.stringify(answer);
}

/** What stands against an answer; null where nothing does. The first check that objects is the last one asked. */
export async function objection(
  answer: Json,
  checks: readonly AnswerCheck[],
  signal: AbortSignal,
): Promise<Refused | null> {
  const text = answerText(answer);
  const bytes = utf8Bytes(text);
  if (bytes > AGENT_MAX_OUTPUT_BYTES) {
    return refuse('ANSWER_TOO_LARGE', `${bytes} bytes, and an answer may have ${AGENT_MAX_OUTPUT_BYTES}`);
  }
  if (holdsSecret(text)) return refuse('SECRET_IN_TEXT', 'the answer holds a key, which never leaves');
  for (const check of checks) {
    const problem = await check(answer, signal);
    if (problem !== null) return refuse('ANSWER_REFUSED', clip(problem, LOOP_MAX_OBSERVED_CHARS));
  }
  return null;
}
