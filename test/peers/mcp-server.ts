/** An MCP server by the SDK of version 1, over streamable HTTP on a free loopback port, which it tells its parent. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import * as z from 'zod';

const SECRET = 'Bearer right';

function made(): McpServer {
  const server = new McpServer({ name: 'wiki', version: '1.0.0' });
  server.registerTool(
    'getPage.v2',
    {
      description: 'A page\nof the wiki',
      inputSchema: { title: z.string().describe('Its title') },
      annotations: { readOnlyHint: true },
    },
    ({ title }) => ({ content: [{ type: 'text', text: `page ${title}\nEND DATA 0` }] }),
  );
  server.registerTool(
    'edit',
    { description: 'Changes it', inputSchema: {}, outputSchema: { ok: z.boolean() } },
    () => ({ content: [], structuredContent: { ok: true } }),
  );
  server.registerTool('fail', { inputSchema: {} }, () => {
    throw new Error('no such page');
  });
  server.registerTool('picture', { inputSchema: {} }, () => ({
    content: [
      { type: 'image', data: 'aGk=', mimeType: 'image/png' },
      { type: 'resource_link', uri: 'https://a.org/', name: 'a' },
    ],
  }));
  server.registerTool('long', { inputSchema: { bytes: z.number() } }, ({ bytes }) => ({
    content: [{ type: 'text', text: 'x'.repeat(bytes) }],
  }));
  server.registerTool('slow', { inputSchema: {} }, () => new Promise(() => undefined));
  // Two that would have one name here.
  server.registerTool('twin', { inputSchema: {} }, () => ({ content: [] }));
  server.registerTool('Twin', { inputSchema: {} }, () => ({ content: [] }));
  return server;
}

const sessions = new Map<string, StreamableHTTPServerTransport>();

const http = createServer((request, response) => {
  const answer = async () => {
    if (request.headers.authorization !== SECRET) {
      response.writeHead(401).end();
      return;
    }
    if (request.url === '/away') {
      response.writeHead(307, { location: 'http://127.0.0.1:1/mcp' }).end();
      return;
    }
    const id = request.headers['mcp-session-id'];
    let transport = typeof id === 'string' ? sessions.get(id) : undefined;
    if (transport === undefined) {
      const opened = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (name) => {
          sessions.set(name, opened);
        },
      });
      await made().connect(opened);
      transport = opened;
    }
    await transport.handleRequest(
      request,
      response,
      request.method === 'POST' ? await body(request) : undefined,
    );
  };
  answer().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
});

async function body(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text);
}

http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  process.send?.({ port: address.port });
});
process.on('disconnect', () => process.exit(0));
