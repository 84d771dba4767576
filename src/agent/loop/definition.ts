/** What an agent of the loop is: its words, its tools, its limits. Configuration, checked when it is built. */
import { Validator } from '@cfworker/json-schema';
import { AGENT_MAX_OUTPUT_BYTES, LOOP_MAX_STEPS } from '../../limits.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { JsonSchema } from '../parameters.ts';
import { FINAL_ANSWER } from './calls.ts';
import { type AnswerCheck, finalAnswerOffer } from './final-answer.ts';
import type { ToolOffer } from './model.ts';
import type { Pace } from './next.ts';
import type { Tool } from './tool.ts';

export interface LoopOptions {
  readonly model: string;
  /** Our own words, said after the rules every agent has. Never text of strangers. */
  readonly instructions: string;
  readonly tools: readonly Tool[];
  /** What question and answer together may be, tokens. */
  readonly maxContextTokens: number;
  /** What one answer of the model may be, tokens. */
  readonly maxAnswerTokens: number;
  readonly maxSteps?: number;
  readonly planEvery?: number;
  readonly checks?: readonly AnswerCheck[];
  /** What the final answer may be, bytes as text. By default as much as an event surely holds. */
  readonly maxAnswerBytes?: number;
  /** JSON Schema of the final answer. */
  readonly answer?: JsonSchema;
  readonly temperature?: number;
  readonly seed?: number;
}

export interface LoopDefinition extends Pace {
  readonly options: LoopOptions;
  /** The tools by name, and nothing that only looks like one (`constructor`). */
  readonly tools: ReadonlyMap<string, Tool>;
  readonly offers: readonly ToolOffer[];
  readonly checks: readonly AnswerCheck[];
  readonly maxAnswerBytes: number;
  /** What is wrong with the input of a tool of that name; null when nothing is. */
  inputProblem(name: string, input: JsonObject): string | null;
}

const NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** @throws Error for options that could only fail later: names taken twice, broken schemas, limits that cannot be */
export function defineLoop(options: LoopOptions): LoopDefinition {
  const tools = new Map<string, Tool>();
  for (const tool of options.tools) {
    if (!NAME.test(tool.name) || tool.name === FINAL_ANSWER || tools.has(tool.name)) {
      throw new Error(`a tool cannot be called ${JSON.stringify(tool.name)}`);
    }
    tools.set(tool.name, tool);
  }
  const maxSteps = options.maxSteps ?? LOOP_MAX_STEPS;
  const planEvery = options.planEvery ?? null;
  if (!Number.isSafeInteger(maxSteps) || maxSteps < 1) throw new Error('maxSteps is a count from 1');
  if (planEvery !== null && (!Number.isSafeInteger(planEvery) || planEvery < 1)) {
    throw new Error('planEvery is a count from 1');
  }
  if (options.maxAnswerTokens < 1 || options.maxAnswerTokens >= options.maxContextTokens) {
    throw new Error('an answer must leave room for the question');
  }
  const offers = [
    ...options.tools.map(({ name, description, input }) => ({ name, description, input })),
    finalAnswerOffer(options.answer),
  ];
  const validators = new Map(offers.map(({ name, input }) => [name, validatorOf(name, input)]));
  return {
    options,
    tools,
    offers,
    maxSteps,
    planEvery,
    checks: options.checks ?? [],
    maxAnswerBytes: options.maxAnswerBytes ?? AGENT_MAX_OUTPUT_BYTES,
    inputProblem: (name, input) => problemOf(validators.get(name), input),
  };
}

function validatorOf(name: string, input: JsonSchema): Validator {
  if (input.type !== 'object') throw new Error(`the input of ${name} is to be an object`);
  // Models invent arguments; one that is quietly ignored misleads them.
  const strict = { additionalProperties: false, ...input };
  return new Validator(structuredClone(strict), '2020-12', false);
}

function problemOf(validator: Validator | undefined, input: JsonObject): string | null {
  if (validator === undefined) return 'there is no such tool';
  try {
    const { valid, errors } = validator.validate(input);
    if (valid) return null;
    // Every level up to the root has its error; the deepest says what is really wrong.
    const depth = (location: string): number => location.split('/').length;
    const [first, ...rest] = errors;
    const worst = rest.reduce(
      (a, b) => (depth(b.instanceLocation) >= depth(a?.instanceLocation ?? '') ? b : a),
      first,
    );
    return worst === undefined ? 'the schema refuses it' : `${worst.instanceLocation}: ${worst.error}`;
  } catch (error) {
    // Thrown where a name holds half a surrogate pair, which no URI can spell.
    if (error instanceof URIError) return 'a name in it is no text';
    throw error;
  }
}
