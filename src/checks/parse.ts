/** From `contract.verify` as a stranger wrote it to a {@link Check} (PROTOCOL §6). */
import * as z from 'zod';
import { JobError, type Json } from '../errors.ts';
import {
  CHECK_DEFAULT_TIMEOUT_MS,
  CHECK_MAX_PROGRAM_CHARS,
  CHECK_MAX_TESTS,
  CHECK_MAX_TIMEOUT_MS,
  CHECK_MAX_VALUE_CHARS,
} from '../limits.ts';
import { canonicalJson } from '../values/canonical-json.ts';
import type { Read } from '../values/literal-problem.ts';
import type { Check, Example } from './check.ts';
import { CODECS } from './codec.ts';
import type { Language } from './executor.ts';
import { schemaProblem } from './schema-keywords.ts';

const PATH = '$.contract.verify';

const program = z.string().min(1).max(CHECK_MAX_PROGRAM_CHARS);
/** A text in the notation of the language, or for JavaScript the JSON value itself. */
const notation = z.union([z.string().max(CHECK_MAX_VALUE_CHARS), z.json()]);
const example = z.strictObject({ input: notation, output: notation });

const common = {
  message: z.string().max(CHECK_MAX_VALUE_CHARS).nullable().default(null),
  commitment: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .default(null),
  timeout_ms: z.int().min(1).max(CHECK_MAX_TIMEOUT_MS).default(CHECK_DEFAULT_TIMEOUT_MS),
};
const programmed = {
  ...common,
  language: z.enum(['python', 'javascript']),
  equality: z.enum(['language', 'typed']).default('language'),
};
const threshold = z.number().gt(0).max(1).default(1);

const checkSchema = z.discriminatedUnion('mode', [
  z.strictObject({
    ...programmed,
    mode: z.literal('deduction'),
    program,
    input: notation,
    output: notation.optional(),
  }),
  z.strictObject({
    ...programmed,
    mode: z.literal('abduction'),
    program,
    output: notation,
    input: notation.optional(),
  }),
  z.strictObject({
    ...programmed,
    mode: z.literal('induction'),
    examples: z.array(example).min(1).max(CHECK_MAX_TESTS),
    threshold,
  }),
  z.strictObject({
    ...programmed,
    mode: z.literal('tests'),
    tests: z.array(example).max(CHECK_MAX_TESTS).default([]),
    threshold,
  }),
  z.strictObject({
    ...programmed,
    mode: z.literal('verifier'),
    program: program.nullable().default(null),
    job: z.json().default(null),
    threshold: z.number().default(1),
  }),
  z.strictObject({ ...common, mode: z.literal('schema'), schema: z.json() }),
]);

/** @throws JobError BAD_REQUEST with the JSON path of what is wrong in `details` */
export function parseCheck(verify: unknown): Check {
  const parsed = checkSchema.safeParse(verify);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw wrong(issue?.path ?? [], issue?.message ?? 'is no check');
  }
  const { data } = parsed;
  switch (data.mode) {
    case 'deduction':
      return {
        ...data,
        input: argumentsAt(data.language, data.input, ['input']),
        output: data.output === undefined ? null : valueAt(data.language, data.output, ['output']),
      };
    case 'abduction':
      return {
        ...data,
        output: valueAt(data.language, data.output, ['output']),
        input: data.input === undefined ? null : argumentsAt(data.language, data.input, ['input']),
      };
    case 'induction':
      return { ...data, examples: examplesAt(data.language, data.examples, ['examples']) };
    case 'tests': {
      const { tests, ...rest } = data;
      const examples = examplesAt(data.language, tests, ['tests']);
      if (examples.length === 0 && data.commitment === null) throw wrong(['tests'], 'there is no test');
      return { ...rest, examples };
    }
    case 'verifier':
      if (data.program === null && data.commitment === null) throw wrong(['program'], 'there is no verifier');
      if (data.program !== null && JSON.stringify(data.job).length > CHECK_MAX_VALUE_CHARS) {
        throw wrong(['job'], `has more than ${CHECK_MAX_VALUE_CHARS} characters`);
      }
      return data;
    case 'schema': {
      const problem = schemaProblem(data.schema);
      if (problem !== null) throw wrong(['schema', ...problem.path], problem.message);
      return data;
    }
  }
}

/** Tests of a hidden part, which are written as the public ones are. */
export function parseExamples(
  language: Language,
  value: unknown,
  path: readonly PropertyKey[],
): readonly Example[] {
  const parsed = z.array(example).max(CHECK_MAX_TESTS).safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw wrong([...path, ...(issue?.path ?? [])], issue?.message ?? 'are no tests');
  }
  return examplesAt(language, parsed.data, path);
}

/** @param path below `$.contract.verify` */
export function wrong(path: readonly PropertyKey[], message: string): JobError {
  const written = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return new JobError('BAD_REQUEST', `${PATH}${written}: ${message}`, { path: `${PATH}${written}` });
}

function examplesAt(
  language: Language,
  examples: readonly { readonly input: Json; readonly output: Json }[],
  path: readonly PropertyKey[],
): readonly Example[] {
  return examples.map(({ input, output }, i) => ({
    input: argumentsAt(language, input, [...path, i, 'input']),
    output: valueAt(language, output, [...path, i, 'output']),
  }));
}

function argumentsAt(language: Language, value: Json, path: readonly PropertyKey[]): string {
  return readAt(CODECS[language].readArguments(textAt(language, value, path)), path);
}

function valueAt(language: Language, value: Json, path: readonly PropertyKey[]): string {
  const read = CODECS[language].readOutput(textAt(language, value, path));
  return readAt(read, path).canonical;
}

function textAt(language: Language, value: Json, path: readonly PropertyKey[]): string {
  if (typeof value === 'string') return value;
  if (language === 'python') throw wrong(path, 'is a text, as Python writes the value');
  const text = canonicalJson(value);
  if (text.length > CHECK_MAX_VALUE_CHARS)
    throw wrong(path, `has more than ${CHECK_MAX_VALUE_CHARS} characters`);
  return text;
}

function readAt<T>(read: Read<T>, path: readonly PropertyKey[]): T {
  if (!read.ok) throw wrong(path, `${read.problem} (character ${read.at})`);
  return read.value;
}
