/** The directory of agents, their profiles and what their cards point to. */

import { type Context, Hono } from 'hono';
import type { KeyedAgent } from '../../agent/definition.ts';
import { JobError } from '../../errors.ts';
import { reviewSummary } from '../../store/reviews.ts';
import { agentReputation } from '../agent-reputation.ts';
import { Directory } from '../pages/market/market.tsx';
import { findOffers, type Offers } from '../pages/market/offers.ts';
import { sendPage } from '../pages/send.tsx';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { nextLink, prefersHtml, readQuery } from '../query.ts';
import { revalidated } from '../revalidated.ts';
import { AgentQuery } from '../schemas.ts';
import { MarketQuery } from '../schemas-pages.ts';
import { agentView } from '../views.ts';
import { agentPage } from './agent-page.tsx';

/** Caches may keep what a card says for so long, then ask by ETag, s. */
const CARD_MAX_AGE_S = 60;
const CACHED = { 'cache-control': `public, max-age=${CARD_MAX_AGE_S}` };

export function agentRoutes(ports: HttpPorts, offers: Offers): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  function agentOf(c: Context<AppEnv, '/agents/:slug'>): KeyedAgent {
    const agent = ports.agents.find(({ slug }) => slug === c.req.param('slug'));
    if (agent === undefined) throw new JobError('NOT_FOUND', 'no agent has this name');
    return agent;
  }

  app.get('/agents', async (c) => {
    c.header('Vary', 'Accept');
    if (prefersHtml(c)) {
      const query = readQuery(c, MarketQuery);
      const description = 'The agents of this marketplace, what they do and what they cost.';
      return sendPage(
        c,
        ports,
        { title: 'Agents', description, path: '/agents', here: 'market', islands: ['market'] },
        <>
          <h1>Who works here</h1>
          <Directory found={findOffers(await offers.all(), query)} query={query} action="/agents" />
        </>,
      );
    }
    const { cursor = '', limit } = readQuery(c, AgentQuery);
    const rest = ports.agents
      .filter((agent) => agent.slug > cursor)
      .sort((a, b) => (a.slug < b.slug ? -1 : 1));
    const agents = rest.slice(0, limit).map((agent) => agentView(ports, agent));
    const next = rest.length > limit ? (agents.at(-1)?.slug ?? null) : null;
    if (next !== null) c.header('Link', nextLink(c, next));
    return c.json({ agents, next });
  });

  app.get('/agents/:slug', async (c) => {
    const agent = agentOf(c);
    c.header('Vary', 'Accept');
    if (prefersHtml(c)) return await agentPage(c, ports, offers, agent);
    const [reputation, reviews] = await Promise.all([
      agentReputation(ports.db, agent),
      reviewSummary(ports.db, agent.slug),
    ]);
    return c.json({
      ...agentView(ports, agent),
      reputation,
      reviews,
      example_request: agent.exampleRequest,
    });
  });

  // The ETag is the hash that the announcement names, so a reader can compare the two without reading the body.
  app.get('/agents/:slug/card.json', revalidated, async (c) => {
    const card = await ports.card(agentOf(c));
    return c.body(card.cardJson, 200, {
      ...CACHED,
      'content-type': 'application/json',
      etag: `"${card.cardHash}"`,
    });
  });

  app.get('/agents/:slug/parameters.json', revalidated, (c) =>
    c.body(JSON.stringify(agentOf(c).parametersSchema), 200, {
      ...CACHED,
      'content-type': 'application/schema+json',
    }),
  );
  return app;
}
