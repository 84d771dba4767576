/** @jsxImportSource preact */
/** What is proved of the answer: the agent's word, the marketplace's verdict, the receipts of the runs. */
import type { Badge, JobView } from '../../../client/job-view.ts';
import { ShowEvent } from '../lib/event.tsx';

const BADGES: { readonly [badge in Badge]: readonly [text: string, look: string, more: string] } = {
  none: ['', '', ''],
  claimed: [
    'said to be verified',
    'warn',
    'The agent says that its answer passed the check. The marketplace has not said so yet.',
  ],
  denied: ['not verified', 'bad', 'The agent says that its answer did not pass the check.'],
  passed: ['verified', 'good', 'The answer passed its check, and the marketplace has signed for it.'],
  failed: ['check not passed', 'bad', 'No answer passed the check. What was locked or paid goes back.'],
  contradicted: [
    'contradicted',
    'bad',
    'The agent says one thing of the check and the marketplace another. Do not rely on this answer.',
  ],
};

export function VerifiedBadge({ view }: { readonly view: JobView }) {
  const { badge, verdict, event } = view.verification;
  if (badge === 'none') return null;
  const [text, look, more] = BADGES[badge];
  return (
    <section class="panel" aria-label="Check">
      <p>
        <span class={`badge ${look}`} data-verified={badge}>
          {text}
        </span>
      </p>
      <p class="small">{more}</p>
      {verdict === null ? null : (
        <>
          {verdict.detail === '' ? null : <p class="small soft">{verdict.detail}</p>}
          <details>
            <summary>The check</summary>
            <pre class="wrap">{JSON.stringify(verdict.verify, null, 2)}</pre>
          </details>
          {verdict.receipts.length === 0 ? null : (
            <details>
              <summary>
                {verdict.receipts.length} {verdict.receipts.length === 1 ? 'receipt' : 'receipts'} of the
                sandbox
              </summary>
              <pre class="wrap">{JSON.stringify(verdict.receipts, null, 2)}</pre>
            </details>
          )}
          <p class="small soft">
            Judge it again yourself: <code>npm run verify-receipt</code>
          </p>
        </>
      )}
      {event === null ? null : <ShowEvent event={event} />}
    </section>
  );
}
