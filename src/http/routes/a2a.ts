/** A2A: the cards, and one path for JSON-RPC of the marketplace and of each agent. */
import { type Context, Hono } from 'hono';
import { agentCardOf, marketCard } from '../../door/a2a/card.ts';
import { answerA2a } from '../../door/a2a/http.ts';
import type { KeyedAgent } from '../../protocol/agent.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { guestGate, purseOf, toolHouse } from '../programs.ts';

/** Caches may keep a card for so long, s. */
const CARD_MAX_AGE_S = 300;
const CACHED = { 'cache-control': `public, max-age=${CARD_MAX_AGE_S}` };

export function a2aRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const { door, publicUrl } = ports;
  const { desk } = toolHouse(ports);
  const gate = guestGate(ports);

  async function answer(c: Context<AppEnv>, agent: KeyedAgent | null, card: JsonObject): Promise<Response> {
    const known = await purseOf(ports, c);
    const request = {
      desk,
      agent,
      card,
      caller: known ?? desk.callers.guest(),
      signal: c.req.raw.signal,
      admit: () => gate(c, known),
      now: ports.clock,
      newId: ports.newRequestId,
    };
    return await answerA2a(c.req.raw, request, (message, error) =>
      ports.log({ level: 'warn', message, requestId: c.get('requestId'), error }),
    );
  }

  app.get('/.well-known/agent-card.json', (c) => c.json(marketCard(door.agents, publicUrl), 200, CACHED));
  app.post('/a2a', (c) => answer(c, null, marketCard(door.agents, publicUrl)));
  app.get('/agents/:slug/agent-card.json', (c) =>
    c.json(agentCardOf(door.agent(c.req.param('slug')), publicUrl), 200, CACHED),
  );
  app.post('/agents/:slug/a2a', (c) => {
    const agent = door.agent(c.req.param('slug'));
    return answer(c, agent, agentCardOf(agent, publicUrl));
  });
  return app;
}
