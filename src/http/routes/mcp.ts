/** MCP over streamable HTTP: one path, and everything else in src/door/mcp/. */
import { Hono } from 'hono';
import { McpHttp } from '../../door/mcp/http.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { guestGate, purseOf, toolHouse } from '../programs.ts';

export function mcpRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const mcp = new McpHttp({
    house: toolHouse(ports),
    publicUrl: ports.publicUrl,
    background: (work) => ports.background(work),
    log: (message, error) => ports.log({ level: 'warn', message, requestId: 'mcp', error }),
  });

  const gate = guestGate(ports);

  app.post('/mcp', async (c) => {
    const purse = await purseOf(ports, c);
    return await mcp.answer(c.req.raw, purse, () => gate(c, purse));
  });
  return app;
}
