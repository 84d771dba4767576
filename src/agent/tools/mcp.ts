/**
 * Tools of MCP servers (Model Context Protocol, revision 2025-06-18 and later). Only servers the operator names; each
 * tool by its own name under the server's; schemas as the server gives them; what comes back is data of strangers.
 */
import {
  LOOP_TOOL_OUTPUT_MAX_BYTES,
  MCP_DESCRIPTION_CHARS,
  MCP_MAX_TOOLS,
  MCP_SCHEMA_BYTES,
  MCP_TIMEOUT_MS,
} from '../../limits.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { clip, cutToBytes, utf8Bytes } from '../../protocol/size.ts';
import { dataBlock } from '../data-block.ts';
import type { JsonSchema } from '../parameters.ts';
import { type TextTool, TOOL_NAME } from './tool.ts';

/** A server as the operator lists it. */
export interface McpServer {
  /** The prefix of its tools' names: `[a-z][a-z0-9]*`. */
  readonly name: string;
  readonly url: string;
  /** Credentials of ours; sent to the origin of `url` only. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Which of its tools agents may have, by the server's own names; all of them when absent or null. */
  readonly tools?: readonly string[] | null;
}

export interface McpToolInfo {
  readonly name: string;
  readonly description: string;
  readonly input: JsonSchema;
  /** The server says that it changes nothing. */
  readonly readOnly: boolean;
}

export interface McpAnswer {
  readonly text: string;
  readonly isError: boolean;
}

/** The way to one server. Connections are made when they are needed first. */
export interface McpConnection {
  /** @throws JobError SERVICE_UNAVAILABLE, TIMEOUT or CONTENT_TOO_LARGE */
  listTools(signal: AbortSignal): Promise<readonly McpToolInfo[]>;
  callTool(name: string, input: JsonObject, signal: AbortSignal): Promise<McpAnswer>;
  close(): Promise<void>;
}

const SERVER_NAME = /^[a-z][a-z0-9]{0,23}$/;
const FRAME_BYTES = 300;

/**
 * The tools of a server, by their names here. Those with an overlong schema, and those whose name would be another's,
 * are left out: which of two was meant is nobody's to guess.
 */
export async function mcpTools(
  server: McpServer,
  connection: McpConnection,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TextTool>> {
  if (!SERVER_NAME.test(server.name)) throw new RangeError(`${server.name} is no name for an MCP server`);
  const all = await connection.listTools(signal);
  const allowed = server.tools ?? null;
  const offered = all.filter(({ name }) => allowed?.includes(name) ?? true).slice(0, MCP_MAX_TOOLS);
  const named = Map.groupBy(offered, ({ name }) => mcpToolName(server.name, name));
  const tools = new Map<string, TextTool>();
  for (const [name, [info, another]] of named) {
    if (info === undefined || another !== undefined || !TOOL_NAME.test(name)) continue;
    if (utf8Bytes(JSON.stringify(info.input)) > MCP_SCHEMA_BYTES) continue;
    tools.set(name, toolOf(name, server, info, connection));
  }
  return tools;
}

/** `wiki` and `getPage.v2` make `wiki_getpage_v2`. */
export function mcpToolName(server: string, tool: string): string {
  return `${server}_${tool.toLowerCase().replace(/[^a-z0-9]+/g, '_')}`;
}

function toolOf(name: string, server: McpServer, info: McpToolInfo, connection: McpConnection): TextTool {
  return {
    name,
    description: clip(info.description.replace(/\s+/g, ' '), MCP_DESCRIPTION_CHARS),
    input: info.input,
    parallel: info.readOnly,
    timeLimit_ms: MCP_TIMEOUT_MS,
    maxOutputBytes: LOOP_TOOL_OUTPUT_MAX_BYTES,
    async run(input, { signal }) {
      const { text, isError } = await connection.callTool(info.name, input, signal);
      const shown = cutToBytes(text, LOOP_TOOL_OUTPUT_MAX_BYTES - FRAME_BYTES);
      const cut = shown.length < text.length ? ` (first ${shown.length} of ${text.length} characters)` : '';
      const block = dataBlock(`the MCP server ${server.name}${cut}`, shown);
      return isError ? `The tool reports an error.\n${block}` : block;
    },
  };
}
