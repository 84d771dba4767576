/** The connection to one MCP server over streamable HTTP, by the official client. Loaded when it is used first. */
import type { CallToolResult, Client } from '@modelcontextprotocol/client';
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import { MCP_TIMEOUT_MS } from '../../limits.ts';
import { VERSION } from '../../version.ts';
import type { McpAnswer, McpConnection, McpServer, McpToolInfo } from './mcp.ts';
import { type McpFetchOptions, mcpFetch } from './mcp-fetch.ts';

export type McpClientOptions = Omit<McpFetchOptions, 'headers' | 'tooLong'>;

const schemaShape = z.record(z.string(), z.json());

/** Connects with the first call and again after `close`. */
export function mcpConnection(server: McpServer, options: McpClientOptions): McpConnection {
  let client: Promise<Client> | null = null;
  let broken = new AbortController();

  const connected = (): Promise<Client> => {
    if (client !== null) return client;
    broken = new AbortController();
    const tooLong = broken;
    client = connect(server, { ...options, headers: server.headers ?? {}, tooLong: (e) => tooLong.abort(e) });
    return client;
  };
  const close = async () => {
    const open = client;
    client = null;
    // What never connected, or is gone already, needs no closing.
    await open?.then((one) => one.close()).catch(() => undefined);
  };
  /** One exchange. A connection that failed is not used again. */
  const exchange = async <Result>(
    signal: AbortSignal,
    work: (client: Client, options: { signal: AbortSignal; timeout: number }) => Promise<Result>,
  ): Promise<Result> => {
    const opening = connected();
    const all = AbortSignal.any([signal, broken.signal]);
    try {
      return await work(await orAbort(opening, all), { signal: all, timeout: MCP_TIMEOUT_MS });
    } catch (error) {
      await close();
      throw await failureOf(error, signal, broken.signal);
    }
  };

  return {
    listTools: (signal) =>
      exchange(signal, async (open, request) => {
        const { tools } = await open.listTools(undefined, request);
        return tools.map(
          (tool): McpToolInfo => ({
            name: tool.name,
            description: tool.description ?? tool.title ?? '',
            input: schemaShape.parse(tool.inputSchema),
            readOnly: tool.annotations?.readOnlyHint === true,
          }),
        );
      }),
    callTool: (name, input, signal) =>
      exchange(signal, async (open, request): Promise<McpAnswer> => {
        const { ProtocolError } = await import('@modelcontextprotocol/client');
        try {
          return answerOf(await open.callTool({ name, arguments: { ...input } }, request));
        } catch (error) {
          // The server's own words on a wrong call: the model can read them like any other answer.
          if (error instanceof ProtocolError) return { text: error.message, isError: true };
          throw error;
        }
      }),
    close,
  };
}

async function connect(server: McpServer, options: McpFetchOptions): Promise<Client> {
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const url = new URL(server.url);
  const client = new Client({ name: 'errand', version: VERSION });
  const transport = new StreamableHTTPClientTransport(url, { fetch: mcpFetch(url, options) });
  await client.connect(transport, { timeout: MCP_TIMEOUT_MS });
  return client;
}

/** Text as it is; of everything else only what it is. */
function answerOf(result: CallToolResult): McpAnswer {
  const parts = result.content.map((part) => {
    switch (part.type) {
      case 'text':
        return part.text;
      case 'resource':
        return 'text' in part.resource
          ? part.resource.text
          : `[a file: ${part.resource.mimeType ?? 'unknown'}]`;
      case 'resource_link':
        return `[a link: ${part.uri}]`;
      default:
        return `[${part.type}]`;
    }
  });
  const text = parts.join('\n');
  const structured = text === '' && result.structuredContent !== undefined;
  return {
    text: structured ? JSON.stringify(result.structuredContent) : text,
    isError: result.isError === true,
  };
}

async function failureOf(error: unknown, signal: AbortSignal, broken: AbortSignal): Promise<unknown> {
  if (signal.aborted) {
    return signal.reason instanceof JobError
      ? signal.reason
      : new JobError('TIMEOUT', 'the job was stopped before the tool had answered');
  }
  if (broken.reason instanceof JobError) return broken.reason;
  if (error instanceof JobError) return error;
  const { SdkError, SdkErrorCode } = await import('@modelcontextprotocol/client');
  const late = error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout;
  return new JobError(
    late ? 'TIMEOUT' : 'SERVICE_UNAVAILABLE',
    late ? 'the tool did not answer in time' : 'the tool cannot be reached',
    undefined,
    // The class only: the text may quote the server.
    { cause: error instanceof Error ? error.name : typeof error },
  );
}

/** The promise, or the signal's reason when that comes first. */
async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
