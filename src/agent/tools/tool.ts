/**
 * A tool as the agent loop takes it (the same shape as its port in ../loop/tool.ts), and how tools are made here:
 * one zod schema says what the model is told and what is taken from it.
 */
import { z } from 'zod';
import { JobError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { utf8Bytes } from '../../protocol/size.ts';
import type { JsonSchema } from '../parameters.ts';

export interface Tool {
  /** What the model calls it by: `[a-z][a-z0-9_]*`. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema (2020-12) of an object. */
  readonly input: JsonSchema;
  /** Whether it may run beside other calls of the same answer. */
  readonly parallel: boolean;
  /** Longest run, ms; null for tools that end by themselves. The loop's default when absent. */
  readonly timeLimit_ms?: number | null;
  /** What the model gets to see of the output, bytes. */
  readonly maxOutputBytes?: number;
  /**
   * Does the work. It may be run again under the same `context.key` after a crash.
   *
   * @throws JobError for what the model may read
   */
  run(input: JsonObject, context: ToolContext): Promise<string>;
}

export interface ToolContext {
  /** Names this call for good: the same after a crash, never the same for two calls. */
  readonly key: string;
  /** Aborts when the run is cancelled or the tool is over its time. */
  readonly signal: AbortSignal;
  /** Unix ms. */
  now(): number;
}

export const TOOL_NAME = /^[a-z][a-z0-9_]{0,63}$/;

const schemaShape = z.record(z.string(), z.json());

/** A tool whose input is parsed by a zod schema. @throws JobError INVALID_PARAMETER from `run` for any other input */
export function defineTool<Shape extends z.ZodRawShape>(
  definition: Omit<Tool, 'input' | 'run'> & {
    readonly shape: Shape;
    readonly run: (input: z.output<z.ZodObject<Shape>>, context: ToolContext) => Promise<string>;
  },
): Tool {
  const { shape, run, ...rest } = definition;
  const schema = z.object(shape);
  return {
    ...rest,
    input: schemaShape.parse(z.toJSONSchema(schema, { io: 'input' })),
    async run(input, context) {
      const parsed = schema.safeParse(input);
      if (!parsed.success) {
        throw new JobError('INVALID_PARAMETER', `wrong arguments: ${z.prettifyError(parsed.error)}`);
      }
      return await run(parsed.data, context);
    },
  };
}

/** The beginning of a text within so many bytes of UTF-8, whole characters only. */
export function cutToBytes(text: string, limit: number): string {
  // A UTF-16 unit is at most 3 bytes.
  if (text.length * 3 <= limit || utf8Bytes(text) <= limit) return text;
  const bytes = new TextEncoder().encode(text).subarray(0, Math.max(0, limit));
  // As part of a stream, the decoder keeps a character that was cut to itself.
  return new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes, { stream: true });
}
