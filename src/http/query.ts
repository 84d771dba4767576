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
