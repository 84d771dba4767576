/** Every answer of the doors for agent programs, for the test of openapi.json: a path and a request that gets it. */

const HOST = 'https://market.example';
const ACCEPT = 'application/json, text/event-stream';
const JSON_BODY = { 'content-type': 'application/json' };
const TOO_LARGE = 'x'.repeat(200_000);

type Asked = [path: string, request: string, init?: RequestInit];

const rpc = (method: string, params: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
const NOTIFICATION = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });

const mcp = (body: string, headers: Record<string, string> = {}): Asked => [
  '/mcp',
  `${HOST}/mcp`,
  { method: 'POST', headers: { host: 'market.example', accept: ACCEPT, ...JSON_BODY, ...headers }, body },
];
const listTools = rpc('tools/list', {});
/** Of revision 2026-07-28: what a request says of itself. */
const modern = {
  _meta: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
};
const MODERN_HEADERS = { 'mcp-protocol-version': '2026-07-28' };

const said = {
  message: {
    messageId: 'm',
    role: 'ROLE_USER',
    parts: [{ text: 'kestrel' }],
    metadata: { skill: 'discover' },
  },
};
const a2a = (at: string, body: string, headers: Record<string, string> = {}, path = at): Asked => [
  path,
  at,
  { method: 'POST', headers: { 'a2a-version': '1.0', ...JSON_BODY, ...headers }, body },
];
const a2aDoor = (at: string, path: string): Asked[] => [
  a2a(at, rpc('SendMessage', said), {}, path),
  a2a(at, rpc('SendStreamingMessage', said), {}, path),
  a2a(at, 'none', {}, path),
  a2a(at, rpc('GetTask', { id: 'x' }), { authorization: 'Bearer none' }, path),
  a2a(at, TOO_LARGE, {}, path),
];

export const PROGRAM_REQUESTS: readonly Asked[] = [
  mcp(rpc('tools/list', modern), { ...MODERN_HEADERS, 'mcp-method': 'tools/list' }),
  mcp(listTools),
  mcp(NOTIFICATION),
  mcp('none'),
  mcp(rpc('no/such', modern), { ...MODERN_HEADERS, 'mcp-method': 'no/such' }),
  mcp(listTools, { authorization: 'Bearer none' }),
  mcp(listTools, { host: 'evil.example' }),
  mcp(listTools, { accept: 'text/html' }),
  mcp(listTools, { 'content-type': 'text/plain' }),
  mcp(TOO_LARGE),
  ...a2aDoor('/a2a', '/a2a'),
  ...a2aDoor('/agents/discover/a2a', '/agents/{slug}/a2a'),
  a2a('/agents/nobody/a2a', rpc('GetTask', { id: 'x' }), {}, '/agents/{slug}/a2a'),
  ['/.well-known/agent-card.json', '/.well-known/agent-card.json'],
  ['/agents/{slug}/agent-card.json', '/agents/discover/agent-card.json'],
  ['/agents/{slug}/agent-card.json', '/agents/nobody/agent-card.json'],
  ['/llms.txt', '/llms.txt'],
  ['/skill.md', '/skill.md'],
];
