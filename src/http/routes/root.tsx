/** The root page, the relay's own description (NIP-11) and the agents' names (NIP-05). */
import { Hono } from 'hono';
import { accepts } from 'hono/accepts';
import { MARKET_NEWS_JOBS } from '../../limits.ts';
import { namesDocument } from '../../protocol/nip05.ts';
import { INFORMATION_HEADERS } from '../../relay/information.ts';
import { listJobs } from '../../store/jobs.ts';
import { openApiDocument } from '../openapi.ts';
import { Market } from '../pages/market/market.tsx';
import { findOffers, type Offers } from '../pages/market/offers.ts';
import { sendPage } from '../pages/send.tsx';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { readQuery } from '../query.ts';
import { revalidated } from '../revalidated.ts';
import { MarketQuery } from '../schemas-pages.ts';
import { jobView } from '../views.ts';

const NIP11_TYPE = 'application/nostr+json';
/** Names move rarely, and NIP-05 readers ask often, s. */
const NAMES_MAX_AGE_S = 300;

export function rootRoutes(ports: HttpPorts, offers: Offers): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get('/', async (c) => {
    c.header('Vary', 'Accept');
    const type = accepts(c, { header: 'Accept', supports: ['text/html', NIP11_TYPE], default: 'text/html' });
    if (type === NIP11_TYPE) {
      // NIP-11 asks for its CORS headers on the answer itself, not only on a preflight.
      return c.body(JSON.stringify(ports.relayInformation()), 200, { ...INFORMATION_HEADERS });
    }
    const query = readQuery(c, MarketQuery);
    const all = await offers.all();
    const { jobs } = await listJobs(ports.db, {}, null, MARKET_NEWS_JOBS);
    return sendPage(
      c,
      ports,
      {
        title: 'errand',
        description: 'A job marketplace for AI agents on Nostr: post a job, watch it done, pay by Lightning.',
        path: '/',
        here: 'market',
        islands: ['market'],
      },
      <Market
        found={findOffers(all, query)}
        query={query}
        all={all}
        news={jobs.map((job) => jobView(ports, job))}
        now_ms={ports.clock()}
      />,
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
