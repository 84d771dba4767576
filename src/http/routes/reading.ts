/** Texts for agents that read. */
import { Hono } from 'hono';
import * as z from 'zod';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { type Deployment, llmsTxt, skillMd } from '../reading.ts';

/** Agents come and go rarely, s. */
const MAX_AGE_S = 300;
const HEADERS = {
  'content-type': 'text/markdown; charset=utf-8',
  'cache-control': `public, max-age=${MAX_AGE_S}`,
};

const informationShape = z.object({ self: z.string().default('') });

export function readingRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const deployment = (): Deployment => ({
    publicUrl: ports.publicUrl,
    relays: ports.relays,
    agents: ports.door.agents,
    developmentMoney: ports.developmentMoney,
    self: informationShape.parse(ports.relayInformation()).self,
  });

  app.get('/llms.txt', (c) => c.body(llmsTxt(deployment()), 200, HEADERS));
  app.get('/skill.md', (c) => c.body(skillMd(deployment()), 200, HEADERS));
  return app;
}
