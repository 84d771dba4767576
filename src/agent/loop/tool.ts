/** The port to a tool. A run has the tools its definition grants and no others, whatever its model wishes for. */
import type { JsonObject } from '../../protocol/json.ts';
import type { JsonSchema } from '../parameters.ts';
import type { UsageByModel } from './usage.ts';

export interface Tool {
  /** What the model calls it by: `[a-z][a-z0-9_]*`, unique within a run. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema (2020-12) of an object. Members it does not name are refused unless it says otherwise. */
  readonly input: JsonSchema;
  /** Whether it may run beside other calls of the same answer. */
  readonly parallel: boolean;
  /** Longest run, ms; null for tools that end by themselves (a managed agent). LOOP_TOOL_TIMEOUT_MS when absent. */
  readonly timeLimit_ms?: number | null;
  /** What the model gets to see of the output, bytes; LOOP_TOOL_OUTPUT_MAX_BYTES when absent, and at the most. */
  readonly maxOutputBytes?: number;
  /**
   * Does the work. It may be run again under the same `context.key` after a crash, so an effect has to be
   * one that can be repeated, or one that is kept under the key.
   *
   * @param input has passed the schema
   * @throws JobError for what the model may read; RunPaused when the run has to wait; anything else is a fault,
   *   which is logged and of which the model learns nothing but the fact
   */
  run(input: JsonObject, context: ToolContext): Promise<string | ToolOutput>;
}

export interface ToolContext {
  /** Names this call for good: the same after a crash, never the same for two calls. */
  readonly key: string;
  /** Aborts when the run is cancelled or the tool is over its time. */
  readonly signal: AbortSignal;
  /** Unix ms. */
  now(): number;
}

export interface ToolOutput {
  readonly text: string;
  /** Tokens of models the tool itself asked. */
  readonly usage?: UsageByModel;
}
