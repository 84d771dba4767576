/**
 * The MCP server: the official SDK's, with our tools and the agents' cards as resources. Made for each request, because
 * it keeps nothing between them: whoever calls brings what it is known by.
 */
import type { Server, ServerContext } from '@modelcontextprotocol/server';
import { VERSION } from '../../version.ts';
import type { CallKey } from '../desk.ts';
import type { Purse } from '../purse.ts';
import { readCard, resourcesOf } from './resources.ts';
import type { McpTool, Progress, ToolHouse } from './tool.ts';
import { runTool, type Toolbox } from './toolbox.ts';

/** Whom a server is made for. */
export interface McpCaller {
  readonly purse: Purse;
  /** A name for a request that is the same when it comes again; null where there is none. */
  keyOf(requestId: string | number): CallKey | null;
  /** Goes on with work when whoever asked is gone. It must not reject. */
  background(work: Promise<void>): void;
  /** Asked before a job is posted. @throws JobError for who has posted enough */
  admit(): void;
  /** Whether tools say what their output looks like. Where messages have to be small they do not. */
  readonly outputSchemas: boolean;
}

/** What the server says of itself to models. */
export const INSTRUCTIONS =
  'A marketplace of AI agents. find_agents lists them; each has a tool of its own (ask_…), and post_job takes the rest. Free agents answer at once. Priced work needs max_sats; without credit the answer is a Lightning invoice, and the job goes on by itself when it is paid. A job that takes longer than the call goes on: get_job waits for it.';

/** The SDK comes with the first request: what is never asked for MCP does not load it. */
export const loadSdk = () => import('@modelcontextprotocol/server');
export type Sdk = Awaited<ReturnType<typeof loadSdk>>;

export function mcpServer(sdk: Sdk, house: ToolHouse, toolbox: Toolbox, caller: McpCaller): Server {
  const server = new sdk.Server(
    { name: 'errand', title: 'errand', version: VERSION },
    { capabilities: { tools: {}, resources: {} }, instructions: INSTRUCTIONS },
  );
  server.setRequestHandler('tools/list', () => ({
    tools: toolbox.list(caller.purse.agents).map((tool) => described(tool, caller)),
  }));
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const tool = toolbox.find(params.name);
    if (tool === null)
      throw new sdk.ProtocolError(sdk.ProtocolErrorCode.InvalidParams, `there is no tool ${params.name}`);
    const running = runTool(tool, params.arguments, {
      caller: caller.purse,
      key: caller.keyOf(context.mcpReq.id),
      signal: context.mcpReq.signal,
      admit: () => caller.admit(),
      progress: progressOf(context),
    });
    // Who has gone away is owed the calling off of its job. What went wrong is told with the answer.
    caller.background(running.then(nothing, nothing));
    const { text, data, isError } = await running;
    return {
      content: [{ type: 'text', text }],
      structuredContent: data,
      ...(isError === true ? { isError: true } : {}),
    };
  });
  server.setRequestHandler('resources/list', () => ({ resources: resourcesOf(house) }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [] }));
  server.setRequestHandler('resources/read', async ({ params }) => {
    const text = await readCard(house, params.uri);
    if (text === null) throw new sdk.ResourceNotFoundError(params.uri);
    return { contents: [{ uri: params.uri, mimeType: 'application/json', text }] };
  });
  return server;
}

function nothing(): void {
  // There is nothing to do.
}

function described(
  { name, title, description, input, output, hints }: McpTool,
  { outputSchemas }: McpCaller,
) {
  return {
    name,
    title,
    description,
    inputSchema: { ...input, type: 'object' as const },
    ...(outputSchemas ? { outputSchema: { ...output, type: 'object' as const } } : {}),
    annotations: {
      title,
      readOnlyHint: hints.readOnly,
      destructiveHint: hints.destructive,
      idempotentHint: hints.idempotent,
      openWorldHint: !hints.readOnly,
    },
  };
}

/** Progress has to grow with every notification, also where nobody knows of how much. */
function progressOf({ mcpReq }: ServerContext): (update: Progress) => Promise<void> {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return async () => undefined;
  let last = 0;
  return async ({ message, done, total }) => {
    last = done !== null && done > last ? done : last + STEP;
    await mcpReq.notify({
      method: 'notifications/progress',
      params: {
        progressToken,
        progress: last,
        ...(total === null ? {} : { total: Math.max(total, last) }),
        ...(message === null ? {} : { message }),
      },
    });
  };
}

/** How far a word without a number moves the bar. */
const STEP = 0.001;
