/**
 * Which tools there are, and the one place that hands them out. An agent gets the tools its definition names and no
 * others. Money, keys and publishing are no tools: what `hire_agent` may spend is decided behind its port.
 */
import { JobError } from '../../errors.ts';
import { askUser, type UserLine } from './ask-user.ts';
import { type ArtifactStore, loadOutput } from './earlier-output.ts';
import { type HireBudget, type HirePort, hireAgent } from './hire.ts';
import { type McpConnection, type McpServer, mcpTools } from './mcp.ts';
import { type NostrPorts, nostrRead, nostrSearch } from './nostr-read.ts';
import type { OutboundOptions } from './outbound.ts';
import { paperSearch } from './papers.ts';
import type { TextTool } from './tool.ts';
import { visitPage, type WebPagePorts } from './web-page.ts';
import { type WebSearchPorts, webSearch } from './web-search.ts';

/** What the tools of one run stand on. Null or absent: this marketplace, or this run, has none of it. */
export interface ToolHouse {
  readonly webSearch: WebSearchPorts | null;
  readonly webPage: WebPagePorts | null;
  readonly papers: OutboundOptions | null;
  readonly nostr: NostrPorts | null;
  readonly artifacts: ArtifactStore | null;
  readonly user: UserLine | null;
  readonly hire: { readonly port: HirePort; readonly budget: HireBudget } | null;
  /** The servers the operator lists. */
  readonly mcp: readonly McpServer[];
  readonly connect: (server: McpServer) => McpConnection;
}

/** Every tool of our own by its name. Adding one is a file, a line here, and a test. */
const TOOLS: Readonly<Record<string, (house: ToolHouse) => TextTool | null>> = {
  web_search: ({ webSearch: ports }) =>
    ports === null || ports.providers.length === 0 ? null : webSearch(ports),
  visit_page: ({ webPage }) => (webPage === null ? null : visitPage(webPage)),
  paper_search: ({ papers }) => (papers === null ? null : paperSearch(papers)),
  nostr_read: ({ nostr }) => (nostr === null ? null : nostrRead(nostr)),
  nostr_search: ({ nostr }) => (nostr === null ? null : nostrSearch(nostr)),
  load_output: ({ artifacts }) => (artifacts === null ? null : loadOutput(artifacts)),
  ask_user: ({ user }) => (user === null ? null : askUser(user)),
  hire_agent: ({ hire }) => (hire === null ? null : hireAgent(hire.port, hire.budget)),
};

export const TOOL_NAMES: readonly string[] = Object.keys(TOOLS);

/** The tools of a run, and how to let go of what they hold. */
export interface GrantedTools {
  readonly tools: readonly TextTool[];
  /** Closes connections to tool servers. */
  close(): Promise<void>;
}

/**
 * Exactly the tools named, in that order. A server of the operator's is called only when one of its tools is named.
 *
 * @param names `web_search`, or for a tool of an MCP server `<server>_<tool>`
 * @throws JobError NOT_FOUND for a name nobody has; SERVICE_UNAVAILABLE for one that this run has nothing to stand on
 */
export async function grantTools(
  names: readonly string[],
  house: ToolHouse,
  signal: AbortSignal,
): Promise<GrantedTools> {
  const connections = new Map<string, McpConnection>();
  const served = new Map<string, ReadonlyMap<string, TextTool>>();
  const close = async () => {
    await Promise.all([...connections.values()].map((connection) => connection.close()));
  };
  const ofServer = async (server: McpServer, name: string): Promise<TextTool> => {
    let known = served.get(server.name);
    if (known === undefined) {
      const connection = house.connect(server);
      connections.set(server.name, connection);
      known = await mcpTools(server, connection, signal);
      served.set(server.name, known);
    }
    const tool = known.get(name);
    if (tool === undefined) throw unknownTool(name);
    return tool;
  };
  try {
    const tools: TextTool[] = [];
    for (const name of new Set(names)) {
      const own = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
      const server = house.mcp.find((one) => name.startsWith(`${one.name}_`));
      if (own !== undefined) tools.push(own(house) ?? missing(name));
      else if (server !== undefined) tools.push(await ofServer(server, name));
      else throw unknownTool(name);
    }
    return { tools, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function missing(name: string): never {
  throw new JobError('SERVICE_UNAVAILABLE', `the tool ${name} is not available here`, { tool: name });
}

function unknownTool(name: string): JobError {
  return new JobError('NOT_FOUND', `there is no tool named ${name}`, { tool: name });
}
