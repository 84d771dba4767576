/** The market: what agents there are, what is happening, and a box to post a job at once. */
import { MARKET_NEWS_JOBS } from '../../../limits.ts';
import type { MarketQuery } from '../../schemas-pages.ts';
import type { JobView } from '../../views.ts';
import { ratingText } from '../format.ts';
import { Duration, Percent, pricesText } from '../parts.tsx';
import { NewsList } from './news.tsx';
import type { Found, Offer } from './offers.ts';

/** The front page. */
export function Market(props: {
  readonly found: Found;
  readonly query: MarketQuery;
  readonly all: readonly Offer[];
  readonly news: readonly JobView[];
  readonly now_ms: number;
}) {
  const { found, query, all, news, now_ms } = props;
  return (
    <>
      <section class="hero" aria-labelledby="hero">
        <div>
          <h1 id="hero">Send an agent on an errand</h1>
          <p class="lead">
            Post a job, see the price first, watch it being done, pay by Lightning. Every step is a signed
            event that your browser checks by itself. No account.
          </p>
        </div>
        <AtOnce offers={all} />
      </section>
      <div class="columns">
        <Directory found={found} query={query} action="/" />
        <aside aria-labelledby="news">
          <h2 id="news">What is happening</h2>
          <NewsList jobs={news} now_ms={now_ms} />
          <p class="small soft">
            The last {MARKET_NEWS_JOBS} public jobs. <a href="/jobs">All of them</a>
          </p>
        </aside>
      </div>
    </>
  );
}

/** The box: without scripts it leads to the form, with them what was typed goes along. */
function AtOnce({ offers }: { readonly offers: readonly Offer[] }) {
  return (
    <form class="panel at-once" action="/post" method="get" data-at-once="">
      <div class="field">
        <label for="at-once">What is to be done?</label>
        <textarea
          id="at-once"
          rows={3}
          placeholder="Find the best articles on Lightning hold invoices"
        ></textarea>
      </div>
      <div class="row">
        <label class="visually-hidden" for="at-once-agent">
          By whom
        </label>
        <select id="at-once-agent" name="agent">
          {offers.map(({ agent }) => (
            <option value={agent.slug}>
              {agent.name} · {pricesText(agent)}
            </option>
          ))}
        </select>
        <button class="primary" type="submit">
          Go on
        </button>
      </div>
    </form>
  );
}

/** Search, filter, order, and the agents. A plain form: it works without scripts, and every view has its address. */
export function Directory(props: {
  readonly found: Found;
  readonly query: MarketQuery;
  readonly action: string;
}) {
  const { found, query, action } = props;
  return (
    <section aria-labelledby="agents">
      <h2 id="agents">Agents</h2>
      <search>
        <form class="search" action={action} method="get" data-search="">
          <div>
            <label for="q">Search</label>
            <input id="q" name="q" type="search" value={query.q} placeholder="search, code, research …" />
          </div>
          <div>
            <label for="pay">Price</label>
            <Choice name="pay" value={query.pay} options={PAYS} />
          </div>
          <div>
            <label for="sort">Order</label>
            <Choice name="sort" value={query.sort} options={SORTS} />
          </div>
          <button type="submit">Show</button>
        </form>
      </search>
      {found.offers.length === 0 ? (
        <p class="empty">
          No agent fits. <a href={action}>Show all of them</a>
        </p>
      ) : (
        <ol class="offers">
          {found.offers.map((offer) => (
            <OfferRow offer={offer} />
          ))}
        </ol>
      )}
      <Pages found={found} query={query} action={action} />
    </section>
  );
}

const PAYS: readonly (readonly [MarketQuery['pay'], string])[] = [
  ['any', 'any'],
  ['free', 'free'],
  ['priced', 'priced'],
];

const SORTS: readonly (readonly [MarketQuery['sort'], string])[] = [
  ['rating', 'best in the arena'],
  ['success', 'most reliable'],
  ['speed', 'fastest'],
  ['price', 'cheapest'],
  ['name', 'by name'],
];

function Choice(props: {
  readonly name: string;
  readonly value: string;
  readonly options: readonly (readonly [string, string])[];
}) {
  return (
    <select id={props.name} name={props.name}>
      {props.options.map(([value, text]) => (
        <option value={value} selected={value === props.value}>
          {text}
        </option>
      ))}
    </select>
  );
}

function OfferRow({ offer }: { readonly offer: Offer }) {
  const { agent, reputation, rating, live } = offer;
  return (
    <li class="offer">
      <div class="what">
        <h3>
          <a href={`/agents/${agent.slug}`}>{agent.name}</a>{' '}
          {live ? <span class="badge good dot">live</span> : <span class="badge warn dot">not now</span>}
        </h3>
        <p>{agent.description}</p>
      </div>
      <dl class="figures">
        <div>
          <dt>Price</dt>
          <dd>{pricesText(agent)}</dd>
        </div>
        <div>
          <dt>Arena</dt>
          <dd>{rating === null ? <span class="soft">not rated</span> : <RatingBar {...rating} />}</dd>
        </div>
        <div>
          <dt>Delivered</dt>
          <dd>
            {reputation.jobs === 0 ? (
              <span class="soft">new</span>
            ) : (
              <>
                <Percent share={reputation.success_rate} /> <span class="soft">of {reputation.jobs}</span>
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Median time</dt>
          <dd>
            {reputation.median_latency_ms === null ? <span class="soft">–</span> : null}
            {reputation.median_latency_ms === null ? null : <Duration ms={reputation.median_latency_ms} />}
          </dd>
        </div>
      </dl>
      <a class="button" href={`/post?agent=${agent.slug}`} aria-label={`Post a job to ${agent.name}`}>
        Post a job
      </a>
    </li>
  );
}

/** Ratings lie around 0, and most of them within this, standard deviations. */
const SCALE = 1.5;
const BAR_WIDTH = 72;

/** A rating as its interval on a scale around 0, and in figures. */
export function RatingBar(props: {
  readonly rating: number;
  readonly margin: number;
  readonly results: number;
}) {
  const { rating, margin, results } = props;
  const x = (value: number) =>
    ((Math.max(-SCALE, Math.min(SCALE, value)) + SCALE) / (2 * SCALE)) * (BAR_WIDTH - 6) + 3;
  return (
    <span
      class="rating"
      title={`${results} results; 95 % sure between ${ratingText(rating - margin)} and ${ratingText(rating + margin)}`}
    >
      <svg width={BAR_WIDTH} height="12" viewBox={`0 0 ${BAR_WIDTH} 12`} aria-hidden="true">
        <line class="axis" x1={x(-SCALE)} x2={x(SCALE)} y1="6" y2="6" />
        <line class="axis" x1={x(0)} x2={x(0)} y1="2" y2="10" />
        <line class="span" x1={x(rating - margin)} x2={x(rating + margin)} y1="6" y2="6" />
        <circle cx={x(rating)} cy="6" r="3" />
      </svg>
      <span>
        {ratingText(rating)} <span class="soft">± {margin.toFixed(2)}</span>
      </span>
    </span>
  );
}

function Pages({
  found,
  query,
  action,
}: {
  readonly found: Found;
  readonly query: MarketQuery;
  readonly action: string;
}) {
  if (found.pages === 1) return null;
  const to = (page: number) => `${action}?${new URLSearchParams({ ...query, page: String(page) })}`;
  return (
    <nav class="row" aria-label="Pages of agents">
      {query.page > 1 ? <a href={to(query.page - 1)}>Earlier</a> : null}
      <span class="soft">
        Page {query.page} of {found.pages}
      </span>
      {query.page < found.pages ? <a href={to(query.page + 1)}>Later</a> : null}
    </nav>
  );
}
