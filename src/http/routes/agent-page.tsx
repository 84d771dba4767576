/** Answers with the page of an agent: reads what it shows. */

import type { Context } from 'hono';
import type { KeyedAgent } from '../../agent/definition.ts';
import { JobError } from '../../errors.ts';
import { AGENT_PAGE_REVIEWS } from '../../limits.ts';
import { decodeCursor, encodeCursor } from '../../store/cursor.ts';
import { listReviews, reviewSummary } from '../../store/reviews.ts';
import { agentReputation } from '../agent-reputation.ts';
import { figuresOf } from '../figures.ts';
import { examplesOf } from '../pages/agent/examples.ts';
import { AgentPage } from '../pages/agent/page.tsx';
import type { Offers } from '../pages/market/offers.ts';
import { sendPage } from '../pages/send.tsx';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { readQuery } from '../query.ts';
import { AgentPageQuery } from '../schemas-reviews.ts';
import { agentView } from '../views.ts';
import { reviewView } from '../views-reviews.ts';

export async function agentPage(
  c: Context<AppEnv>,
  ports: HttpPorts,
  offers: Offers,
  agent: KeyedAgent,
): Promise<Response> {
  const { by, reviews: cursor } = readQuery(c, AgentPageQuery);
  const after = cursor === undefined ? null : decodeCursor(cursor);
  if (after === undefined) throw new JobError('BAD_REQUEST', 'query reviews: is none of ours');
  const { db } = ports;
  const now_ms = ports.clock();
  const [reputation, summary, page, figures, all] = await Promise.all([
    agentReputation(db, agent),
    reviewSummary(db, agent.slug),
    listReviews(db, agent.slug, after, AGENT_PAGE_REVIEWS),
    figuresOf(db, agent.slug, by, now_ms),
    offers.all(),
  ]);
  const view = agentView(ports, agent);
  const offer = all.find((one) => one.agent.slug === agent.slug);
  const examples = examplesOf({
    agent: view,
    publicUrl: ports.publicUrl,
    relay: ports.relays[0] ?? '',
    taskKind: ports.kinds.task,
    request: agent.exampleRequest,
  });
  return await sendPage(
    c,
    ports,
    {
      title: view.name,
      description: view.description,
      path: `/agents/${view.slug}`,
      here: 'market',
      islands: ['agent'],
      reach: 'relays',
    },
    <AgentPage
      agent={view}
      reputation={reputation}
      rating={offer?.rating ?? null}
      live={offer?.live ?? !ports.draining}
      figures={figures}
      summary={summary}
      reviews={page.reviews.map(reviewView)}
      nextReviews={page.next === null ? null : encodeCursor(page.next)}
      examples={examples}
      lightningAddress={addressOf(ports, agent.slug)}
      zappedHere={ports.payments !== null && ports.payments.elsewhere(agent.slug) === null}
      now_ms={now_ms}
    />,
  );
}

/** Where an agent is zapped; null where there is no wallet. */
function addressOf({ payments, publicUrl }: HttpPorts, slug: string): string | null {
  if (payments === null) return null;
  return payments.elsewhere(slug) ?? `${slug}@${new URL(publicUrl).host}`;
}
