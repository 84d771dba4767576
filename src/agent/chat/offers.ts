/** Tools that the client brings (OpenAI's `tools`): the model may have them called, and the client makes the calls. */
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import { CHAT_MAX_TOOLS } from '../../limits.ts';
import type { JobBody, ToolCall } from '../../protocol/model.ts';
import type { ModelRequest, ModelToolCall, ToolChoice } from './model-client.ts';

const toolsShape = z
  .array(
    z.object({
      type: z.literal('function'),
      function: z.object({
        name: z.string().regex(/^[\w-]{1,64}$/),
        description: z.string().optional(),
        parameters: z.record(z.string(), z.json()).optional(),
        strict: z.boolean().nullish(),
      }),
    }),
  )
  .max(CHAT_MAX_TOOLS);
const named = z.object({ function: z.object({ name: z.string() }) });

/** The tools of a request as a model is told of them; nothing without tools. @throws JobError INVALID_PARAMETER */
export function offersOf({
  tools,
  parameters,
}: JobBody): Pick<ModelRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'> {
  if (tools === null) return {};
  const read = toolsShape.safeParse(tools);
  if (!read.success) {
    const at = read.error.issues[0]?.path.map((step) =>
      typeof step === 'number' ? `[${step}]` : `.${String(step)}`,
    );
    const path = `$.tools${at?.join('') ?? ''}`;
    throw new JobError('INVALID_PARAMETER', `${path} is none of OpenAI's function tools`, { path });
  }
  if (read.data.length === 0) return {};
  const { tool_choice, parallel_tool_calls } = parameters;
  return {
    tools: read.data.map(({ function: { name, description = '', parameters: input, strict } }) => ({
      name,
      description,
      // What providers want of a tool without arguments.
      input: input ?? { type: 'object', properties: {} },
      ...(strict === undefined || strict === null ? {} : { strict }),
    })),
    toolChoice: choiceOf(tool_choice, read.data),
    ...(typeof parallel_tool_calls === 'boolean' ? { parallelToolCalls: parallel_tool_calls } : {}),
  };
}

function choiceOf(choice: unknown, tools: z.infer<typeof toolsShape>): ToolChoice {
  if (choice === 'none' || choice === 'required') return choice;
  const one = named.safeParse(choice);
  if (!one.success) return 'auto';
  const { name } = one.data.function;
  if (tools.some((tool) => tool.function.name === name)) return { name };
  const path = '$.parameters.tool_choice';
  throw new JobError('INVALID_PARAMETER', `${path} names none of the tools`, { path });
}

/** The calls as the client is told of them: each with an id of its own, which some models leave out or use twice. */
export function toolCallsOf(calls: readonly ModelToolCall[]): ToolCall[] {
  const taken = new Set<string>();
  return calls.map(({ id, name, arguments: args }, index) => {
    const own = id === '' || taken.has(id) ? `call_${index}` : id;
    taken.add(own);
    return { id: own, type: 'function', function: { name, arguments: args } };
  });
}
