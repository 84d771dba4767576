/** A served openapi.json, as far as a fuzzer reads it. */
import { Validator } from '@cfworker/json-schema';
import * as z from 'zod';
import type { Components, Schema } from './schema-values.ts';

const schema = z.record(z.string(), z.json());
const content = z.record(z.string(), z.object({ schema }));
const parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().default(false),
  schema,
});
const operation = z.object({
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ content: content.optional() })),
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
});
const description = z.object({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), schema) }),
});

export type Parameter = z.infer<typeof parameter>;
export type Described = z.infer<typeof operation>;

export interface DescribedOperation extends Described {
  readonly method: string;
  readonly path: string;
}

export interface Description {
  readonly operations: readonly DescribedOperation[];
  readonly components: Components;
  /** Whether a value fits a schema of this description. */
  fits(value: unknown, schema: Schema): boolean;
}

export function readDescription(json: unknown): Description {
  const { paths, components } = description.parse(json);
  return {
    operations: Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => ({ ...one, path, method: method.toUpperCase() })),
    ),
    components: components.schemas,
    fits: (value, schema) => new Validator({ ...schema, components }, '2020-12').validate(value).valid,
  };
}

/** An answer, read as far as it was to be read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Null for a stream, which need not end. */
  readonly text: string | null;
}

/** Statuses that HTTP itself answers with, wherever they are described by `default` alone. */
const GENERIC = new Set([400, 404, 405, 413]);
/** A line of a stack trace, in any engine's spelling. */
const STACK = /\n\s+at .+:\d+|Error: .+\n|node_modules|workerd/;

/** What is wrong with an answer by the description; null when nothing is. */
export function faultOf(
  { status, headers, text }: Answer,
  { responses }: Described,
  { fits }: Pick<Description, 'fits'>,
): string | null {
  const type = (headers.get('content-type') ?? '').toLowerCase();
  if (status === 500) return 'an error of ours';
  const described = responses[status] ?? (GENERIC.has(status) ? responses.default : undefined);
  if (described === undefined) return `status ${status} is not described`;
  if (described.content === undefined)
    return text === null || text === '' ? null : 'a body where none is described';
  const body = Object.entries(described.content).find(([name]) => bare(name) === bare(type))?.[1];
  if (body === undefined) return `${status} as ${type} is not described`;
  if (text === null) return null;
  if (STACK.test(text) && status >= 400) return 'shows its inside';
  if (!/[/+]json$/.test(bare(type))) return null;
  return fits(JSON.parse(text), body.schema) ? null : `${status} is not of its schema`;
}

function bare(mediaType: string): string {
  return mediaType.replace(/;.*$/, '').trim();
}
