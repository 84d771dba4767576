/** The tool every run has: calling it ends the run, if its checks agree. */
import type { Json } from '../../errors.ts';
import type { JsonSchema } from '../parameters.ts';
import { argumentsOf, FINAL_ANSWER } from './calls.ts';
import type { ModelCall, ToolOffer } from './model.ts';

/**
 * A look at an answer before it counts. It may be asked again about the same answer after a crash. A check that fails
 * counts as one that objects; one that has to wait throws RunPaused.
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
