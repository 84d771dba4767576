/** Running tools as the loop does, and reading what they give back. */
import type { Tool, ToolContext } from '../../src/agent/tools/tool.ts';
import { JobError, type JobFailure } from '../../src/errors.ts';
import type { JsonObject } from '../../src/protocol/json.ts';

export const TOOL_NOW_MS = 1_795_521_600_000;

export function toolContext(change: Partial<ToolContext> = {}): ToolContext {
  return { key: 'run/1/1', signal: new AbortController().signal, now: () => TOOL_NOW_MS, ...change };
}

/** The failure the model would read. */
export async function failureOf(tool: Tool, input: JsonObject, context = toolContext()): Promise<JobFailure> {
  try {
    await tool.run(input, context);
  } catch (error) {
    if (error instanceof JobError) return error.failure;
    throw error;
  }
  throw new Error('the tool did not fail');
}

/** The text of the data blocks in an output. */
export function blocksOf(output: string): string[] {
  return [...output.matchAll(/^BEGIN DATA ([0-9a-f]{16}) from [^\n]*\n([\s\S]*?)\nEND DATA \1$/gm)].map(
    ([, , text = '']) => text,
  );
}
