/** What is told of an agent's past: reviews by its clients, and its figures over time. */
import { Hono } from 'hono';
import { JobError } from '../../errors.ts';
import { FIGURES_MAX_AGE_S } from '../../limits.ts';
import { decodeCursor, encodeCursor } from '../../store/cursor.ts';
import { listReviews } from '../../store/reviews.ts';
import { figuresOf } from '../figures.ts';
import { agentNamed } from '../find-agent.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { nextLink, readQuery } from '../query.ts';
import { AgentQuery } from '../schemas.ts';
import { FiguresQuery } from '../schemas-reviews.ts';
import { reviewView } from '../views-reviews.ts';

export function reviewRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get('/agents/:slug/reviews', async (c) => {
    const { slug } = agentNamed(ports, c.req.param('slug'));
    const { cursor, limit } = readQuery(c, AgentQuery);
    const after = cursor === undefined ? null : decodeCursor(cursor);
    if (after === undefined) throw new JobError('BAD_REQUEST', 'query cursor: is none of ours');
    const page = await listReviews(ports.db, slug, after, limit);
    const next = page.next === null ? null : encodeCursor(page.next);
    if (next !== null) c.header('Link', nextLink(c, next));
    return c.json({ reviews: page.reviews.map(reviewView), next });
  });

  app.get('/agents/:slug/figures', async (c) => {
    const { slug } = agentNamed(ports, c.req.param('slug'));
    const { by } = readQuery(c, FiguresQuery);
    const figures = await figuresOf(ports.db, slug, by, ports.clock());
    return c.json(figures, 200, { 'cache-control': `public, max-age=${FIGURES_MAX_AGE_S}` });
  });
  return app;
}
