/** That the libraries behind tools and windows, which are loaded when needed, run in workerd: no Node, no eval. */
import { expect, test } from 'vitest';
import { readFeed } from '../../src/agent/tools/atom.ts';
import { mcpTools } from '../../src/agent/tools/mcp.ts';
import { mcpConnection } from '../../src/agent/tools/mcp-client.ts';
import { pageMarkdown } from '../../src/agent/tools/web-page.ts';
import { loadTokenizer } from '../../src/agent/window/tokenizer.ts';

test('the tokenizer counts', async () => {
  const count = await loadTokenizer();
  expect(count('hello world')).toBe(2);
  expect(count('漢'.repeat(50_000))).toBeGreaterThan(40_000);
});

test('HTML becomes Markdown, however deep it nests', async () => {
  expect(await pageMarkdown('<main><h1>Hi</h1><p>a <b>b</b></p></main>', 'https://a.org/')).toContain(
    'a **b**',
  );
  expect(typeof (await pageMarkdown('<div>'.repeat(150_000), 'https://a.org/'))).toBe('string');
});

test('a feed is read, and one that nests too deep is refused', async () => {
  const entry = '<entry><id>http://arxiv.org/abs/1</id><title>T</title></entry>';
  expect(await readFeed(`<feed>${entry}</feed>`)).toHaveLength(1);
  await expect(readFeed('<a>'.repeat(80_000))).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
});

test('an MCP server is asked, and its structured answers are checked against its schema', async () => {
  const answers: Record<string, object> = {
    initialize: {
      protocolVersion: '2025-06-18',
      capabilities: { tools: {} },
      serverInfo: { name: 's', version: '1' },
    },
    'tools/list': {
      tools: [
        {
          name: 'add',
          inputSchema: { type: 'object' },
          outputSchema: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] },
        },
      ],
    },
    'tools/call': { content: [{ type: 'text', text: '{"sum":3}' }], structuredContent: { sum: 3 } },
  };
  const server: typeof fetch = async (_input, init) => {
    if (init?.method !== 'POST') return new Response(null, { status: 405 });
    const message: { id?: number; method: string } = JSON.parse(String(init.body));
    if (message.id === undefined) return new Response(null, { status: 202 });
    return Response.json({ jsonrpc: '2.0', id: message.id, result: answers[message.method] ?? {} });
  };
  const listed = { name: 'sum', url: 'https://tools.org/mcp' };
  const connection = mcpConnection(listed, { fetch: server, allowPrivate: false });
  const { signal } = new AbortController();
  const tool = (await mcpTools(listed, connection, signal)).get('sum_add');
  expect(await tool?.run({}, { key: 'k', signal, now: () => 0 })).toContain('{"sum":3}');
  answers['tools/call'] = { content: [], structuredContent: { sum: 'three' } };
  expect(await tool?.run({}, { key: 'k', signal, now: () => 0 })).toMatch(/reports an error/);
  await connection.close();
});
