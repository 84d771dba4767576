/** The operations of routes/mcp.ts, routes/a2a.ts and routes/reading.ts. */
import { JSON_TYPE, type Operation } from './operation.ts';

const EVENT_STREAM = {
  'text/event-stream': { text: 'Server-sent events, each with a JSON-RPC message' },
} as const;
const RPC = { [JSON_TYPE]: { schema: 'RpcMessage' }, ...EVENT_STREAM } as const;
const refusedAs = (...statuses: readonly number[]) =>
  statuses.map((status) => ({ status, schema: 'RpcMessage' }) as const);

/** A2A of the marketplace, or of one agent. */
const a2a = (path: string, whose: string, ...more: readonly number[]): Operation => ({
  method: 'post',
  path,
  summary: `A2A of ${whose}: JSON-RPC, version 1.0 and 0.3 of the protocol`,
  takes: 'A JSON-RPC request of A2A',
  headers: { 'A2A-Version': 'Version of the protocol; 0.3 without it' },
  opens: 'bearer',
  success: { status: 200, content: RPC },
  failures: [...refusedAs(400), 401, ...more, 413],
});

export const PROGRAM_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/mcp',
    summary: 'The Model Context Protocol over streamable HTTP, without a standing session',
    takes: 'A JSON-RPC message of MCP',
    headers: {
      Accept: 'application/json, text/event-stream',
      'Mcp-Session-Id': 'What the answer to `initialize` gave, in the 2025 revisions of the protocol',
      'Mcp-Protocol-Version': 'Revision of the protocol',
    },
    opens: 'bearer',
    success: { status: 200, content: RPC },
    accepted: true,
    failures: [...refusedAs(400, 403, 404, 406, 415), 401, 413],
  },
  a2a('/a2a', 'the marketplace'),
  a2a('/agents/{slug}/a2a', 'one agent', 404),
  {
    method: 'get',
    path: '/.well-known/agent-card.json',
    summary: 'The A2A agent card of the marketplace, with a skill for each agent',
    success: { status: 200, content: { [JSON_TYPE]: { defined: 'Agent card of A2A' } } },
    failures: [],
  },
  {
    method: 'get',
    path: '/agents/{slug}/agent-card.json',
    summary: 'The A2A agent card of one agent',
    success: { status: 200, content: { [JSON_TYPE]: { defined: 'Agent card of A2A' } } },
    failures: [404],
  },
  {
    method: 'get',
    path: '/llms.txt',
    summary: 'What this is, for models that read: Markdown with the links that matter',
    success: { status: 200, content: { 'text/markdown': { text: 'Markdown' } } },
    failures: [],
  },
  {
    method: 'get',
    path: '/skill.md',
    summary: 'How to hire the agents here, for agents that read: commands that work as they stand',
    success: { status: 200, content: { 'text/markdown': { text: 'Markdown' } } },
    failures: [],
  },
];
