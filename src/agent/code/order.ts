/**
 * What a client of the `code` agent wants run. The last message says it as JSON, `{language, program, input}`; a message that
 * is nothing but one fenced block of a language is the program itself.
 */
import * as z from 'zod';
import { fencesOf } from '../../checks/fences.ts';
import { JobError, type Json } from '../../errors.ts';
import {
  SANDBOX_FUEL,
  SANDBOX_MAX_ARGUMENTS,
  SANDBOX_MAX_CODE_CHARS,
  SANDBOX_MAX_INPUT_CHARS,
} from '../../limits.ts';
import type { JobBody } from '../../protocol/model.ts';
import { valueOfJson } from '../../sandbox/notation.ts';
import { LANGUAGES, type Language, type RunRequest, runRequest } from '../../sandbox/port.ts';
import { readJsonArguments } from '../../values/json-value.ts';
import { readPythonArguments } from '../../values/python-read.ts';
import type { PythonValue } from '../../values/python-value.ts';
import { unsortedTypedJson } from '../../values/typed-json.ts';
import { lastUserText } from '../messages.ts';
import { numberParameter, type Parameters, textParameter } from '../parameters.ts';

const HINT =
  'the last message is JSON, {"language", "program", "input"}, or one fenced block of python or javascript';

const orderSchema = z.strictObject({
  language: z.enum(LANGUAGES),
  program: z.string().min(1).max(SANDBOX_MAX_CODE_CHARS),
  input: z.union([z.string(), z.array(z.json())]).optional(),
});
type Order = z.output<typeof orderSchema>;

/** How blocks of a language are tagged. */
const TAGS: ReadonlyMap<string, Language> = new Map([
  ['python', 'python'],
  ['python3', 'python'],
  ['py', 'python'],
  ['javascript', 'javascript'],
  ['js', 'javascript'],
]);

/** What a job's program may use, units of fuel; the card's schema has seen that there is as much. */
export function fuelBudget(parameters: Parameters): number {
  return numberParameter(parameters, 'fuel') ?? SANDBOX_FUEL;
}

/**
 * @throws JobError BAD_REQUEST, with the JSON path of what is wrong in `details`; CONTENT_TOO_LARGE for arguments that are
 *   more than a sandbox takes
 */
export function readCodeOrder({ messages, parameters }: JobBody): RunRequest {
  const { language, program, input } = orderIn(lastUserText(messages).trim());
  const given = input ?? textParameter(parameters, 'input');
  const request: RunRequest = {
    language,
    code: program,
    input: inputOf(language, given),
    fuel: fuelBudget(parameters),
  };
  if (runRequest.shape.input.safeParse(request.input).success) return request;
  throw new JobError('CONTENT_TOO_LARGE', 'the arguments are too many or too long', {
    path: '$.input',
    limit_arguments: SANDBOX_MAX_ARGUMENTS,
    limit_argument_chars: SANDBOX_MAX_INPUT_CHARS,
  });
}

function orderIn(text: string): Order {
  const [fence, ...others] = fencesOf(text);
  const isAlone =
    fence !== undefined && others.length === 0 && /^(`{3,}|~{3,})/.test(text) && /(`{3,}|~{3,})$/.test(text);
  if (!isAlone) return parsed(text);
  const language = TAGS.get(fence.tag);
  return language === undefined ? parsed(fence.body) : checked({ language, program: fence.body });
}

function parsed(text: string): Order {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw wrong('$', HINT);
  }
  return checked(json);
}

function checked(json: unknown): Order {
  const order = orderSchema.safeParse(json);
  if (order.success) return order.data;
  const issue = order.error.issues[0];
  throw wrong(['$', ...(issue?.path ?? [])].join('.'), `${issue?.message ?? 'is no order'}; ${HINT}`);
}

/**
 * Python's arguments are data wherever they are literals. What is none may be worked out by the sandbox: whoever asks runs
 * a program of his own anyway.
 */
function inputOf(language: Language, given: string | readonly Json[] | undefined): RunRequest['input'] {
  if (language === 'javascript') {
    const text = given === undefined ? '[]' : typeof given === 'string' ? given : JSON.stringify(given);
    const read = readJsonArguments(text);
    if (read.ok) return dataOf(read.value.map(valueOfJson));
    throw wrong('$.input', `for JavaScript a JSON array: ${read.problem}`);
  }
  const text = given ?? '';
  if (typeof text !== 'string') {
    throw wrong('$.input', 'for Python a text, as it stands between the brackets of a call');
  }
  const read = readPythonArguments(text);
  return read.ok ? dataOf(read.value) : { expression: text };
}

/** In the order in which they were written, which a program may see. */
function dataOf(values: readonly PythonValue[]): RunRequest['input'] {
  return { values: values.map(unsortedTypedJson) };
}

function wrong(path: string, message: string): JobError {
  return new JobError('BAD_REQUEST', `${path}: ${message}`, { path });
}
