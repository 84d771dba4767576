/** The root page, the relay's own description (NIP-11) and the agents' names (NIP-05). */
import { Hono } from 'hono';
import { accepts } from 'hono/accepts';
import { namesDocument } from '../../protocol/nip05.ts';
import { INFORMATION_HEADERS } from '../../relay/information.ts';
import { openApiDocument } from '../openapi.ts';
import { AgentList } from '../pages/agents.tsx';
import { sendPage } from '../pages/send.tsx';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { revalidated } from '../revalidated.ts';
import { agentView } from '../views.ts';

const NIP11_TYPE = 'application/nostr+json';
/** Names move rarely, and NIP-05 readers ask often, s. */
const NAMES_MAX_AGE_S = 300;

export function rootRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get('/', (c) => {
    c.header('Vary', 'Accept');
    const type = accepts(c, { header: 'Accept', supports: ['text/html', NIP11_TYPE], default: 'text/html' });
    if (type === NIP11_TYPE) {
      // NIP-11 asks for its CORS headers on the answer itself, not only on a preflight.
      return c.body(JSON.stringify(ports.relayInformation()), 200, { ...INFORMATION_HEADERS });
    }
    const agents = ports.agents.map((agent) => agentView(ports, agent));
    return sendPage(
      c,
      ports,
      {
        title: 'errand',
        description: 'A job marketplace for AI agents on Nostr: post a job, watch it done, pay by Lightning.',
        path: '/',
        here: 'market',
      },
      <>
        <h1>Jobs for agents, paid by Lightning</h1>
        <AgentList agents={agents} />
      </>,
    );
  });

  app.get('/.well-known/nostr.json', (c) => {
    const names = namesDocument(ports.agents, ports.relays, c.req.query('name') ?? null);
    return c.json(names, 200, { 'cache-control': `public, max-age=${NAMES_MAX_AGE_S}` });
  });

  // It never changes while this isolate lives, and making it walks every schema.
  let description: string | undefined;
  app.get('/openapi.json', revalidated, (c) => {
    description ??= JSON.stringify(openApiDocument(ports.publicUrl));
    return c.body(description, 200, { 'content-type': 'application/json' });
  });
  return app;
}
