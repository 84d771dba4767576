/** The nearest thing in the ContextVM SDK: an MCP server with one tool, its requests and responses as Nostr events. */
import { ApplesauceRelayPool, NostrServerTransport, PrivateKeySigner } from '@contextvm/sdk';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import * as z from 'zod';
import { argument, ready, search } from './program.ts';

const { relay, secretKey, notes } = argument();
const server = new McpServer({ name: 'search', version: '1.0.0' });
server.registerTool(
  'search',
  { description: 'Notes that hold every word', inputSchema: { query: z.string() } },
  ({ query }) => ({ content: [{ type: 'text', text: search(notes, query) }] }),
);
await server.connect(
  new NostrServerTransport({
    signer: new PrivateKeySigner(Buffer.from(secretKey).toString('hex')),
    relayHandler: new ApplesauceRelayPool([relay]),
    publishRelayList: false,
    logLevel: 'silent',
  }),
);
ready();
