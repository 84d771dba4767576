/** What a tool of the MCP server is. One file for each kind of them; src/door/mcp/toolbox.ts knows them all. */
import * as z from 'zod';
import { JobError, type JobFailure } from '../../errors.ts';
import { isObject, type JsonObject } from '../../protocol/json.ts';
import type { AgentFacts } from '../agents.ts';
import type { CallKey, Desk } from '../desk.ts';
import type { Purse } from '../purse.ts';
import type { Till } from '../till.ts';

/** One call of a tool. */
export interface ToolCall {
  readonly caller: Purse;
  /** The same for a call that is sent again; null where it cannot be known. */
  readonly key: CallKey | null;
  /** Aborts when the client calls it off, or is gone. */
  readonly signal: AbortSignal;
  /** Asked before a job is posted. @throws JobError for who has posted enough */
  admit(): void;
  /** Tells how it goes; does nothing where the client did not ask to be told. */
  progress(update: Progress): Promise<void>;
}

export interface Progress {
  readonly message: string | null;
  readonly done: number | null;
  readonly total: number | null;
}

/** What a tool hands back: text for a model, the same as data for a program. */
export interface ToolOutput {
  readonly text: string;
  readonly data: JsonObject;
  readonly isError?: boolean;
}

/** What tools work with. */
export interface ToolHouse {
  readonly desk: Desk;
  readonly agents: AgentFacts;
  readonly till: Till;
}

export interface McpTool {
  /** Letters, digits, `_` and `-`, as hosts of every kind take them. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema of an object. */
  readonly input: JsonObject;
  readonly output: JsonObject;
  readonly hints: { readonly readOnly: boolean; readonly destructive: boolean; readonly idempotent: boolean };
  /** @throws JobError */
  run(args: unknown, call: ToolCall): Promise<ToolOutput>;
}

const schemaShape = z.record(z.string(), z.json());

/** A zod schema as JSON Schema of what goes in or comes out, without the dialect, which MCP fixes. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _dialect, ...plain } = schemaShape.parse(
    JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io }))),
  );
  return plain;
}

/**
 * Arguments through their schema.
 *
 * @throws JobError INVALID_PARAMETER naming the place
 */
export function readArguments<Schema extends z.ZodType>(schema: Schema, args: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(args ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw new JobError(
    'INVALID_PARAMETER',
    `${path === '' ? 'arguments' : path}: ${issue?.message ?? 'wrong'}`,
    {
      path: `$.${path}`,
    },
  );
}

/** Zod's output as plain JSON, without what is undefined. */
export function plain(value: object): JsonObject {
  const json = z.json().parse(JSON.parse(JSON.stringify(value)));
  return isObject(json) ? json : {};
}

/** A failure for programs, as it stands in every tool's output. */
export const failureShape = z
  .object({
    code: z.string().describe('One of the codes of the agent NIP'),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .describe('Why nothing came of it');

/** The failure of a call as its output. */
export function refused({ code, message, details }: JobFailure): ToolOutput {
  const said = details === undefined ? '' : `\n${JSON.stringify(details)}`;
  return {
    text: `${code}: ${message}${said}`,
    data: plain({ error: { code, message, ...(details === undefined ? {} : { details }) } }),
    isError: true,
  };
}
