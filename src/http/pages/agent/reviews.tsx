/** What clients said of an agent. */
import type { ReviewSummary } from '../../../store/reviews.ts';
import type { ReviewView } from '../../views-reviews.ts';
import { shortId } from '../format.ts';
import { Ago } from '../parts.tsx';

/** A rating as stars, and in words for who does not see them. */
export function Stars({ rating }: { readonly rating: number }) {
  return (
    <span class="stars">
      <svg viewBox="0 0 100 20" width="80" height="16" aria-hidden="true">
        {[0, 1, 2, 3, 4].map((at) => (
          <path
            class={rating >= at + 0.75 ? 'full' : rating >= at + 0.25 ? 'half' : ''}
            transform={`translate(${at * 20} 0)`}
            d="M10 1.6l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L1.5 7.8l5.9-.8z"
          />
        ))}
      </svg>
      <span class="visually-hidden">{rating.toLocaleString('en-GB')} of 5</span>
    </span>
  );
}

/** The mean in one line, with where it comes from. */
export function ReviewLine({ reviews }: { readonly reviews: ReviewSummary }) {
  if (reviews.mean === null) return <>no reviews yet</>;
  return (
    <span class="row">
      <Stars rating={reviews.mean} />
      {reviews.mean.toFixed(1)} <span class="soft">of {reviews.count}</span>
    </span>
  );
}

/** The section of the agent's page. */
export function Reviews(props: {
  readonly slug: string;
  readonly summary: ReviewSummary;
  readonly reviews: readonly ReviewView[];
  readonly next: string | null;
  readonly now_ms: number;
}) {
  const { slug, summary, reviews, next, now_ms } = props;
  return (
    <section aria-labelledby="reviews">
      <h2 id="reviews">Reviews</h2>
      {summary.count === 0 ? (
        <p class="empty">Nobody has rated this agent yet. Whoever had a job delivered may.</p>
      ) : (
        <div class="reviews">
          <Spread summary={summary} />
          <ol class="plain" data-reviews="">
            {reviews.map((review) => (
              <ReviewItem review={review} now_ms={now_ms} />
            ))}
          </ol>
        </div>
      )}
      {next === null ? null : (
        <p>
          <a href={`/agents/${slug}?${new URLSearchParams({ reviews: next })}#reviews`}>Earlier reviews</a>
        </p>
      )}
    </section>
  );
}

function Spread({ summary }: { readonly summary: ReviewSummary }) {
  const { mean, count, ratings, clients, paid } = summary;
  const most = Math.max(1, ...ratings);
  return (
    <div class="spread-of">
      <p class="big">
        {mean?.toFixed(1)} <span class="soft small">of 5</span>
      </p>
      <p class="small soft">
        {count} {count === 1 ? 'review' : 'reviews'} by {clients} {clients === 1 ? 'client' : 'clients'},{' '}
        {paid.count} of them of jobs that were paid for
        {paid.mean === null ? '' : ` (mean ${paid.mean.toFixed(1)})`}.
      </p>
      <table class="small">
        <caption class="visually-hidden">How many gave how many stars</caption>
        <tbody>
          {[5, 4, 3, 2, 1].map((stars) => (
            <tr>
              <th scope="row">
                {stars} <span aria-hidden="true">★</span>
                <span class="visually-hidden">stars</span>
              </th>
              <td>
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect class="rail" width="100" height="8" />
                  <rect width={(100 * (ratings[stars - 1] ?? 0)) / most} height="8" />
                </svg>
              </td>
              <td class="figure">{ratings[stars - 1] ?? 0}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ReviewItem({ review, now_ms }: { readonly review: ReviewView; readonly now_ms: number }) {
  return (
    <li class="panel">
      <p class="row">
        <Stars rating={review.rating} />
        {review.paid ? <span class="badge good">paid job</span> : <span class="badge">free job</span>}
        <span class="soft small">
          <Ago ms={review.created_at_s * 1_000} now_ms={now_ms} />
        </span>
      </p>
      {review.text.trim() === '' ? null : <p class="said">{review.text}</p>}
      <p class="small soft">
        by <code title={review.client}>{shortId(review.client)}</code> for{' '}
        <a href={`/jobs/${review.job}`}>
          job <code>{shortId(review.job)}</code>
        </a>
      </p>
      <details class="small">
        <summary>Show the event</summary>
        <pre tabindex={0} data-event="">
          {JSON.stringify(review.event, null, 2)}
        </pre>
      </details>
    </li>
  );
}
