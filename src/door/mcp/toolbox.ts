/** Every tool of the MCP server, and a call of one from its arguments to its output. */
import { JobError } from '../../errors.ts';
import { agentTools, askTool, toolNameOf } from './agent-tools.ts';
import { creditTools } from './credit-tools.ts';
import { jobTools } from './job-tools.ts';
import { type McpTool, refused, type ToolCall, type ToolHouse, type ToolOutput } from './tool.ts';

export class Toolbox {
  readonly #house: ToolHouse;
  /** Those that are there whatever agents there are. */
  readonly #fixed: readonly McpTool[];

  constructor(house: ToolHouse) {
    this.#house = house;
    this.#fixed = [...agentTools(house), ...jobTools(house), ...creditTools(house)];
  }

  /** All of them. @param allowed slugs of the agents the caller may hire; null for every one */
  list(allowed: readonly string[] | null): readonly McpTool[] {
    const agents = this.#house.desk.door.agents.filter(({ slug }) => allowed?.includes(slug) ?? true);
    return [...this.#fixed, ...agents.map((agent) => askTool(this.#house, agent))];
  }

  /** Null when there is no tool of this name. */
  find(name: string): McpTool | null {
    const fixed = this.#fixed.find((tool) => tool.name === name);
    if (fixed !== undefined) return fixed;
    const agent = this.#house.desk.door.agents.find(({ slug }) => toolNameOf(slug) === name);
    return agent === undefined ? null : askTool(this.#house, agent);
  }
}

/** Runs a tool. What the caller did wrong, and what went wrong with a job, is output of the tool and no fault. */
export async function runTool(tool: McpTool, args: unknown, call: ToolCall): Promise<ToolOutput> {
  try {
    return await tool.run(args, call);
  } catch (error) {
    if (error instanceof JobError) return refused(error.failure);
    throw error;
  }
}
