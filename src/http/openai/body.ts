/** The JSON body of a request to the OpenAI door, read once, with the place of whatever is wrong in it. */
import type { Context } from 'hono';
import type * as z from 'zod';
import { JobError } from '../../errors.ts';
import { jsonFault } from '../../values/json-fault.ts';

/**
 * @returns the body through its schema, and its text
 * @throws JobError BAD_REQUEST naming line and column of broken JSON, or the path of what the schema refuses
 */
export async function readOpenAiBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<{ readonly body: z.infer<Schema>; readonly text: string }> {
  const text = await c.req.text();
  const fault = jsonFault(text);
  if (fault !== null) {
    const { line, column, offset } = fault;
    const message =
      text.trim() === ''
        ? 'the body is empty, and has to be JSON'
        : `the body is not JSON from line ${line}, column ${column} on`;
    throw new JobError('BAD_REQUEST', message, { reason: 'invalid_json', line, column, offset });
  }
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return { body: parsed.data, text };
  throw fromIssue(parsed.error.issues[0]);
}

/** OpenAI's spelling of a place: `messages[0].content`. */
export function placeOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`,
    )
    .join('');
}

function fromIssue(issue: z.core.$ZodIssue | undefined): JobError {
  const path = placeOf(issue?.path ?? []);
  if (issue?.code === 'unrecognized_keys') {
    const name = [path, issue.keys[0] ?? ''].filter((part) => part !== '').join('.');
    return new JobError('BAD_REQUEST', `unknown parameter: ${clip(name)}`, {
      reason: 'unknown_parameter',
      path: clip(name),
    });
  }
  const message = `${path === '' ? 'the body' : clip(path)}: ${issue?.message ?? 'is wrong'}`;
  return new JobError('BAD_REQUEST', message, path === '' ? {} : { path: clip(path) });
}

/** A stranger's own names may be as long as the request. */
function clip(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
