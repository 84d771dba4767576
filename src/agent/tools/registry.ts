/**
 * Which tools there are, and the one place that hands them out. An agent gets the tools its definition names and no
 * others. Money, keys and publishing are no tools: what `hire_agent` may spend is decided behind its port.
 */
import { JobError } from '../../errors.ts';
import type { Sandbox } from '../../sandbox/port.ts';
import { askUser, type UserLine } from './ask-user.ts';
import { type ArtifactStore, loadOutput } from './earlier-output.ts';
import { type HireBudget, type HirePort, hireAgent } from './hire.ts';
import { type McpConnection, type McpServer, mcpToolName, mcpTools } from './mcp.ts';
import { type NostrPorts, nostrRead, nostrSearch } from './nostr-read.ts';
import type { OutboundOptions } from './outbound.ts';
import { paperSearch } from './papers.ts';
import { runCode } from './run-code.ts';
import type { TextTool } from './tool.ts';
import { visitPage, type WebPagePorts } from './web-page.ts';
import { type WebSearchPorts, webSearch } from './web-search.ts';

/** What the tools of one run stand on. Null or absent: this marketplace, or this run, has none of it. */
export interface ToolHouse {
  /** With one engine at least. */
  readonly webSearch: WebSearchPorts | null;
  readonly webPage: WebPagePorts | null;
  readonly papers: OutboundOptions | null;
  readonly nostr: NostrPorts | null;
  readonly sandbox: Sandbox | null;
  readonly artifacts: ArtifactStore | null;
  readonly user: UserLine | null;
  readonly hire: { readonly port: HirePort; readonly budget: HireBudget } | null;
  /** The servers the operator lists. */
  readonly mcp: readonly McpServer[];
  readonly connect: (server: McpServer) => McpConnection;
}

/** What a tool of our own stands on. */
type Ground = Exclude<keyof ToolHouse, 'mcp' | 'connect'>;

/** What there is to stand on, without the things themselves: a {@link ToolHouse}, or what a configuration says of one. */
export interface Foundation extends Readonly<Record<Ground, unknown>> {
  readonly mcp: readonly Pick<McpServer, 'name' | 'tools'>[];
}

interface OwnTool {
  readonly on: Ground;
  /** Null where the house lacks it. */
  make(house: ToolHouse): TextTool | null;
}

function own<Name extends Ground>(
  on: Name,
  make: (ground: NonNullable<ToolHouse[Name]>) => TextTool,
): OwnTool {
  return {
    on,
    make(house) {
      const ground = house[on];
      return ground === null ? null : make(ground);
    },
  };
}

/** Every tool of our own by its name. Adding one is a file, a line here, and a test. */
const TOOLS: Readonly<Record<string, OwnTool>> = {
  web_search: own('webSearch', webSearch),
  visit_page: own('webPage', visitPage),
  paper_search: own('papers', (papers) => paperSearch(papers)),
  nostr_read: own('nostr', nostrRead),
  nostr_search: own('nostr', nostrSearch),
  run_code: own('sandbox', runCode),
  load_output: own('artifacts', loadOutput),
  ask_user: own('user', askUser),
  hire_agent: own('hire', ({ port, budget }) => hireAgent(port, budget)),
};

export const TOOL_NAMES: readonly string[] = Object.keys(TOOLS);

/** Those of the names that a house can stand on, each once, in their order. Pure: no server is asked what it has. */
export function availableTools(names: readonly string[], house: Foundation): string[] {
  return [...new Set(names)].filter((name) => {
    const tool = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
    if (tool !== undefined) return house[tool.on] !== null;
    const server = serverOf(name, house.mcp);
    const allowed = server?.tools ?? null;
    if (server === undefined || allowed === null) return server !== undefined;
    return allowed.some((one) => mcpToolName(server.name, one) === name);
  });
}

function serverOf<Server extends Pick<McpServer, 'name'>>(
  name: string,
  servers: readonly Server[],
): Server | undefined {
  return servers.find((one) => name.startsWith(`${one.name}_`));
}

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
      const tool = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
      const server = serverOf(name, house.mcp);
      if (tool !== undefined) tools.push(tool.make(house) ?? missing(name));
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
