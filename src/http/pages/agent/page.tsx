/** The page of one agent: what it offers, how it did, what clients said of it, how it is asked. */
import { raw } from 'hono/html';
import type { Reputation } from '../../../store/reputation.ts';
import type { ReviewSummary } from '../../../store/reviews.ts';
import type { FiguresView } from '../../figures.ts';
import type { AgentView } from '../../views.ts';
import type { ReviewView } from '../../views-reviews.ts';
import { dataText } from '../facts.ts';
import { RatingBar } from '../market/market.tsx';
import type { OfferRating } from '../market/offers.ts';
import { Duration, methodText, Percent, PubkeyLine, pricesText } from '../parts.tsx';
import { AgentCharts } from './charts.tsx';
import type { Example } from './examples.ts';
import { ReviewLine, Reviews } from './reviews.tsx';

export interface AgentPageProps {
  readonly agent: AgentView;
  readonly reputation: Reputation;
  readonly rating: OfferRating | null;
  readonly live: boolean;
  readonly figures: FiguresView;
  readonly summary: ReviewSummary;
  readonly reviews: readonly ReviewView[];
  readonly nextReviews: string | null;
  readonly examples: readonly Example[];
  /** Where it is paid (LUD-16); null where it takes no zaps. */
  readonly lightningAddress: string | null;
  /** Whether this marketplace takes its zaps itself, so that its own page can order them. */
  readonly zappedHere: boolean;
  readonly now_ms: number;
}

export function AgentPage(props: AgentPageProps) {
  const { agent, figures, summary, reviews, nextReviews, now_ms } = props;
  return (
    <>
      <Head {...props} />
      <Facts {...props} />
      <section aria-labelledby="past">
        <div class="row spread">
          <h2 id="past">How it did</h2>
          <Range slug={agent.slug} by={figures.by} />
        </div>
        <AgentCharts figures={figures} />
        {figures.complete ? null : (
          <p class="small soft">It had more jobs than are counted here, so these begin later.</p>
        )}
      </section>
      <Reviews slug={agent.slug} summary={summary} reviews={reviews} next={nextReviews} now_ms={now_ms} />
      <div id="review" data-review={agent.slug}></div>
      <Examples {...props} />
      <Card agent={agent} />
      <script type="application/json" id="agent">
        {raw(dataText({ slug: agent.slug, name: agent.name, pubkey: agent.pubkey }))}
      </script>
    </>
  );
}

function Head({ agent, live, zappedHere }: AgentPageProps) {
  return (
    <div class="agent-head">
      <div>
        <h1>
          {agent.name}{' '}
          {live ? <span class="badge good dot">live</span> : <span class="badge warn dot">not now</span>}
        </h1>
        <p class="lead">{agent.description}</p>
      </div>
      <div class="row">
        <a class="button primary" href={`/post?agent=${agent.slug}`}>
          Post a job
        </a>
        {zappedHere ? <div data-zap={agent.slug}></div> : null}
      </div>
    </div>
  );
}

function Facts({ agent, reputation, rating, summary, lightningAddress }: AgentPageProps) {
  return (
    <dl class="facts wide">
      <div>
        <dt>Price</dt>
        <dd>{pricesText(agent)}</dd>
      </div>
      <div>
        <dt>Paid by</dt>
        <dd>{agent.payment_methods.map(methodText).join('; ') || 'nothing to pay'}</dd>
      </div>
      <div>
        <dt>Delivered</dt>
        <dd>
          <Percent share={reputation.success_rate} />
          {reputation.jobs === 0 ? null : <span class="soft"> of {reputation.jobs}</span>}
        </dd>
      </div>
      <div>
        <dt>Median time to result</dt>
        <dd>
          <Duration ms={reputation.median_latency_ms} />
        </dd>
      </div>
      <div>
        <dt>Reviews</dt>
        <dd>
          <ReviewLine reviews={summary} />
        </dd>
      </div>
      <div>
        <dt>
          <a href="/arena">Arena</a>
        </dt>
        <dd>{rating === null ? 'not rated' : <RatingBar {...rating} />}</dd>
      </div>
      {lightningAddress === null ? null : (
        <div class="long">
          <dt>Lightning address</dt>
          <dd class="row">
            <span class="id">{lightningAddress}</span>
            <button type="button" class="quiet" data-copy={lightningAddress}>
              Copy<span class="visually-hidden"> the Lightning address</span>
            </button>
          </dd>
        </div>
      )}
    </dl>
  );
}

function Range({ slug, by }: { readonly slug: string; readonly by: FiguresView['by'] }) {
  const links = [
    ['day', '30 days'],
    ['hour', '48 hours'],
  ] as const;
  return (
    <nav class="row small" aria-label="Stretch of time">
      {links.map(([value, text]) => (
        <a href={`/agents/${slug}?by=${value}#past`} aria-current={value === by ? 'true' : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}

function Examples({ examples }: AgentPageProps) {
  return (
    <section aria-labelledby="ask">
      <h2 id="ask">Ask it from a program</h2>
      <div class="forms">
        {examples.map(({ id, title, before, code }, index) => (
          <details name="example" open={index === 0} data-example={id}>
            <summary>{title}</summary>
            <div class="row spread">
              <p class="small soft">{before}.</p>
              <button type="button" class="quiet" data-copy={code}>
                Copy<span class="visually-hidden"> the example for {title}</span>
              </button>
            </div>
            <pre tabindex={0}>
              <code>{code}</code>
            </pre>
          </details>
        ))}
      </div>
    </section>
  );
}

function Card({ agent }: { readonly agent: AgentView }) {
  return (
    <section aria-labelledby="card">
      <h2 id="card">Card</h2>
      <ul>
        {agent.tasks.map((task) => (
          <li>
            <strong>{task.type}</strong>: {task.description}
          </li>
        ))}
      </ul>
      <dl class="facts">
        <div>
          <dt>Kinds it takes</dt>
          <dd>{agent.kinds.join(', ') || 'agent tasks only'}</dd>
        </div>
        <div>
          <dt>Models</dt>
          <dd>{agent.models.join(', ') || 'none'}</dd>
        </div>
        <div>
          <dt>Name</dt>
          <dd class="id">{agent.nip05}</dd>
        </div>
      </dl>
      <PubkeyLine npub={agent.npub} />
      <p class="row small">
        <a href={agent.card_url}>Card as JSON</a>
        <a href={agent.parameters_url}>Parameters (JSON Schema)</a>
        <a href={agent.jobs_url}>Its jobs</a>
        <a href={`/agents/${agent.slug}/figures`}>Figures as JSON</a>
        <a href={`/agents/${agent.slug}/reviews`}>Reviews as JSON</a>
      </p>
    </section>
  );
}
