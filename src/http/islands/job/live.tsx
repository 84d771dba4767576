/** @jsxImportSource preact */
/** A job as it goes on. */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { JobView } from '../../../client/job-view.ts';
import type { Signer } from '../../../client/signer.ts';
import { agoText, isoText, priceText, shortId } from '../../pages/format.ts';
import type { JobFacts } from '../../pages/job.tsx';
import { pageFacts } from '../lib/facts.ts';
import { Copy } from '../lib/parts.tsx';
import { PayPanel } from '../paying/panel.tsx';
import { useIdentity } from '../signing/panel.tsx';
import { Actions } from './actions.tsx';
import { Asked } from './asked.tsx';
import { followJob, type Seen } from './follow.ts';
import { Reports } from './reports.tsx';
import { Result } from './result.tsx';
import { Timeline } from './timeline.tsx';
import { VerifiedBadge } from './verified.tsx';

/** Begins to show a job. */
export function showJob(root: Element, facts: JobFacts): void {
  render(<JobLive facts={facts} />, root);
}

function JobLive({ facts }: { readonly facts: JobFacts }) {
  const [identity] = useIdentity();
  const [signer, setSigner] = useState<Signer | null>(null);
  const [seen, setSeen] = useState<Seen | null>(null);
  const [unknown, setUnknown] = useState(false);
  useEffect(() => {
    // Only what is encrypted has to be opened, and only by who asked; a bunker is not bothered for anything else.
    const mine = facts.job === null || (facts.job.encrypted && facts.job.client === identity?.pubkey);
    if (identity === null || !mine) return setSigner(null);
    let over = false;
    import('../signing/signers.ts')
      .then(({ signerOf }) => signerOf(identity, () => undefined))
      .then(
        (found) => (over ? undefined : setSigner(found)),
        () => setSigner(null),
      );
    return () => {
      over = true;
    };
  }, [identity, facts]);
  useEffect(
    () =>
      followJob(
        facts,
        signer,
        (now) => {
          setUnknown(false);
          setSeen(now);
        },
        () => setUnknown(true),
      ),
    [facts, signer],
  );
  useTitle(seen?.view ?? null);

  useEffect(() => {
    // The server's line is of the moment it was written; from here on the events tell.
    const line = document.querySelector<HTMLElement>('[data-record]');
    if (line !== null && seen !== null) line.hidden = true;
  }, [seen]);

  if (seen === null)
    return (
      <p class="visually-hidden" role="status">
        {unknown ? 'Waiting for it to appear' : 'Reading its signed events'}
      </p>
    );
  const { view, request, trouble } = seen;
  const client = request?.pubkey ?? facts.job?.client ?? null;
  const mine = client !== null && client === identity?.pubkey;
  return (
    <div class="columns job">
      <div>
        <State view={view} trouble={trouble} />
        {view.phase === 'payment' && view.demand !== null ? (
          <PayPanel
            key={view.demand.invoice}
            invoice={view.demand.invoice}
            said_msats={view.demand.amount_msats}
            escrow={view.demand.escrow}
            job={view.id}
          />
        ) : null}
        <Result view={view} />
        {view.due !== null ? (
          <PayPanel invoice={view.due} said_msats={null} escrow={false} job={view.id} after={true} />
        ) : null}
        <Reports reports={view.reports} />
        {mine && request !== null && identity !== null ? (
          <Actions view={view} request={request} identity={identity} />
        ) : null}
        <Timeline view={view} request={request} />
      </div>
      <aside aria-label="About this job">
        <Facts view={view} request={request} />
        <VerifiedBadge view={view} />
        {request === null ? null : <Asked request={request} signer={mine ? signer : null} />}
      </aside>
    </div>
  );
}

const STATES: { readonly [phase in JobView['phase']]: readonly [text: string, look: string] } = {
  posted: ['Posted; no agent has answered yet', 'accent'],
  payment: ['Waits to be paid', 'warn'],
  running: ['Being done', 'accent'],
  done: ['Done', 'good'],
  failed: ['Failed', 'bad'],
  cancelled: ['Called off', ''],
};

function State({ view, trouble }: { readonly view: JobView; readonly trouble: string | null }) {
  const [text, look] = STATES[view.phase];
  const { progress } = view;
  const running = view.phase === 'running' || view.phase === 'posted';
  return (
    <section aria-label="State">
      <p class="row state">
        <span class={`badge ${look} ${running ? 'dot' : ''}`}>{text}</span>
        {progress !== null && running ? <span class="soft">{progress.note || progress.status}</span> : null}
      </p>
      <p class="visually-hidden" role="status">
        {text}
      </p>
      {running && progress !== null && progress.done !== null && progress.total !== null ? (
        <progress max={progress.total} value={progress.done} aria-label="Progress">
          {progress.done} of {progress.total}
        </progress>
      ) : running && view.phase === 'running' ? (
        <progress aria-label="Progress" />
      ) : null}
      {view.error === null ? null : (
        <div class="notice bad">
          <p>
            <strong>{view.error.code}</strong> {view.error.message}
          </p>
          {view.error.details === null ? null : (
            <details>
              <summary>Details</summary>
              <pre>{JSON.stringify(view.error.details, null, 2)}</pre>
            </details>
          )}
        </div>
      )}
      {view.deleted && view.phase === 'done' ? (
        <p class="notice">Its client has had this job erased.</p>
      ) : null}
      {trouble === null ? null : (
        <p class="notice warn" role="status">
          The connection to the relay is lost; it is dialled again by itself. Nothing is lost meanwhile.
        </p>
      )}
    </section>
  );
}

function Facts({ view, request }: { readonly view: JobView; readonly request: Seen['request'] }) {
  const agent = pageFacts().agents.find(({ pubkey }) => pubkey === view.agent);
  return (
    <dl class="facts panel">
      <div>
        <dt>Agent</dt>
        <dd>
          {agent === undefined ? (
            view.agent === null ? (
              'nobody yet'
            ) : (
              <code class="id">{view.agent}</code>
            )
          ) : (
            <a href={`/agents/${agent.slug}`}>{agent.name}</a>
          )}
        </dd>
      </div>
      {view.cost === null ? null : (
        <div>
          <dt>Cost</dt>
          <dd>
            {priceText(view.cost.price_msats)}
            {view.cost.input_tokens === null ||
            (view.cost.input_tokens === 0 && view.cost.output_tokens === 0) ? null : (
              <span class="soft small">
                {' '}
                {view.cost.input_tokens} tokens in, {view.cost.output_tokens} out
              </span>
            )}
          </dd>
        </div>
      )}
      {view.cost !== null && view.cost.breakdown.length > 1 ? (
        <div>
          <dt>Made of</dt>
          <dd class="small">
            {view.cost.breakdown.map(({ item, cost_msats }) => (
              <span key={item} class="row spread">
                <span>{item.replaceAll('_', ' ')}</span> <span>{priceText(cost_msats)}</span>
              </span>
            ))}
          </dd>
        </div>
      ) : null}
      {request === null ? null : (
        <div>
          <dt>Asked</dt>
          <dd>
            <time dateTime={isoText(request.created_at * 1_000)} data-ago="">
              {agoText(Date.now() - request.created_at * 1_000)}
            </time>
          </dd>
        </div>
      )}
      {request === null ? null : (
        <div>
          <dt>Asked by</dt>
          <dd>
            <code class="id" title={request.pubkey}>
              {shortId(request.pubkey)}
            </code>
            <Copy text={request.pubkey} />
          </dd>
        </div>
      )}
    </dl>
  );
}

/** Who waits in another tab sees it there. */
function useTitle(view: JobView | null): void {
  const [own] = useState(document.title);
  const phase = view?.phase;
  useEffect(() => {
    const sign = phase === 'done' ? '✓ ' : phase === 'failed' ? '✗ ' : phase === 'payment' ? '⚡ ' : '';
    document.title = `${sign}${own}`;
  }, [phase, own]);
}
