/** How tools are made: one zod schema says what the model is told and what is taken from it. */
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import type { Tool, ToolContext } from '../loop/tool.ts';

export type { Tool, ToolContext } from '../loop/tool.ts';

/** A tool that gives back text alone: it asks no model of its own. */
export interface TextTool extends Tool {
  run(...call: Parameters<Tool['run']>): Promise<string>;
}

export const TOOL_NAME = /^[a-z][a-z0-9_]{0,63}$/;

const schemaShape = z.record(z.string(), z.json());

/** A tool whose input is parsed by a zod schema. @throws JobError INVALID_PARAMETER from `run` for any other input */
export function defineTool<Shape extends z.ZodRawShape>(
  definition: Omit<Tool, 'input' | 'run'> & {
    readonly shape: Shape;
    readonly run: (input: z.output<z.ZodObject<Shape>>, context: ToolContext) => Promise<string>;
  },
): TextTool {
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
