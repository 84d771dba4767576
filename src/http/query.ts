/** Reading queries and preferences of a request, once, at the door. */
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import type { z } from 'zod';
import { JobError } from '../errors.ts';

/**
 * The query of a request through its schema. A name given twice is read once, as its first value.
 *
 * @throws JobError BAD_REQUEST naming what is wrong
 */
export function readQuery<Schema extends z.ZodType>(c: Context, schema: Schema): z.infer<Schema> {
  const parsed = schema.safeParse(c.req.query());
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = issue?.path.join('.') ?? '';
  throw new JobError('BAD_REQUEST', `query${name === '' ? '' : ` ${name}`}: ${issue?.message ?? 'wrong'}`);
}

/**
 * The JSON body of a request through its schema; an empty body is an empty object. What stands in it is never quoted:
 * it may be a secret.
 *
 * @throws JobError BAD_REQUEST naming what is wrong
 */
export async function readBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const text = await c.req.text();
  const parsed = schema.safeParse(text === '' ? {} : parseJson(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = issue?.path.join('.') ?? '';
  const said = issue?.code === 'unrecognized_keys' ? 'holds a name that is not known' : issue?.message;
  throw new JobError('BAD_REQUEST', `body${name === '' ? '' : ` ${name}`}: ${said ?? 'wrong'}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Engines quote the text in their message.
    if (error instanceof SyntaxError) throw new JobError('BAD_REQUEST', 'body: must be JSON');
    throw error;
  }
}

/** Whether the client would rather have a page than JSON. Without a preference it gets JSON. */
export function prefersHtml(c: Context): boolean {
  const type = accepts(c, {
    header: 'Accept',
    supports: ['application/json', 'text/html'],
    default: 'application/json',
  });
  return type === 'text/html';
}

/** A `Link` header (RFC 8288) to the next page of the same query. */
export function nextLink(c: Context, cursor: string): string {
  const query = new URLSearchParams(c.req.query());
  query.set('cursor', cursor);
  return `<${c.req.path}?${query}>; rel="next"`;
}
