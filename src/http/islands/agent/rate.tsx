/** @jsxImportSource preact */
/** Rating a job that this agent delivered: one of the visitor's own, five stars, and words if there are any. */
import { useEffect, useState } from 'preact/hooks';
import { REVIEW_MAX_CHARS } from '../../../limits.ts';
import { agoText, shortId } from '../../pages/format.ts';
import { Field, Sure } from '../lib/parts.tsx';
import { wordsOf } from '../lib/words.ts';
import type { Identity } from '../signing/identity.ts';
import { SigningPanel, useIdentity } from '../signing/panel.tsx';
import type { AgentFacts } from './facts.ts';
import type { OwnReview, RatedJob } from './reviewing.ts';

const STARS = [5, 4, 3, 2, 1] as const;
const WORDS = ['', 'useless', 'poor', 'fair', 'good', 'excellent'];

export function Rate({ agent, close }: { readonly agent: AgentFacts; readonly close: () => void }) {
  const [identity, choose] = useIdentity();
  return (
    <section class="panel" aria-labelledby="rate">
      <div class="row spread">
        <h3 id="rate">Rate {agent.name}</h3>
        <button type="button" class="quiet" onClick={close}>
          Close
        </button>
      </div>
      <p class="small soft">
        Only whoever had a job delivered, and paid for it where it had a price, is counted. A review is a
        signed event: everybody sees it and can check it.
      </p>
      <SigningPanel identity={identity} choose={choose} />
      {identity === null ? null : <Form key={identity.pubkey} agent={agent} identity={identity} />}
    </section>
  );
}

interface Own {
  readonly jobs: readonly RatedJob[];
  readonly reviews: readonly OwnReview[];
}

function Form({ agent, identity }: { readonly agent: AgentFacts; readonly identity: Identity }) {
  const [own, setOwn] = useState<Own | null>(null);
  const [job, setJob] = useState('');
  const [rating, setRating] = useState(0);
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState<'rating' | null>(null);
  const [busy, setBusy] = useState(false);
  const [said, say] = useState<{ readonly look: string; readonly text: string } | null>(null);

  const look = async () => {
    try {
      const { deliveredJobs, newestReviews } = await import('./reviewing.ts');
      const [jobs, all] = await Promise.all([deliveredJobs(agent, identity.pubkey), newestReviews(agent)]);
      setOwn({ jobs, reviews: all.filter(({ client }) => client === identity.pubkey) });
      const wanted = new URLSearchParams(location.search).get('job');
      setJob((chosen) => chosen || (jobs.find(({ id }) => id === wanted) ?? jobs[0])?.id || '');
    } catch (error) {
      say({ look: 'bad', text: wordsOf(error) });
    }
  };
  useEffect(() => {
    void look();
  }, []);

  const work = async (
    what: string,
    act: (modules: Modules) => Promise<boolean>,
    done: string,
    not: string,
  ) => {
    if (busy) return;
    setBusy(true);
    say({ look: '', text: what });
    try {
      const [{ signerOf }, reviewing] = await Promise.all([
        import('../signing/signers.ts'),
        import('./reviewing.ts'),
      ]);
      const signer = await signerOf(identity, (url) =>
        say({ look: 'warn', text: `Your bunker wants you to confirm at ${url}` }),
      );
      const isSo = await act({ signer, ...reviewing });
      say(isSo ? { look: 'good', text: done } : { look: 'warn', text: not });
      await look();
    } catch (error) {
      say({ look: 'bad', text: wordsOf(error) });
    } finally {
      setBusy(false);
    }
  };
  const send = (event: Event) => {
    event.preventDefault();
    setWrong(rating === 0 ? 'rating' : null);
    const chosen = own?.jobs.find(({ id }) => id === job);
    if (rating === 0 || chosen === undefined) return;
    void work(
      'Signing and sending it …',
      ({ signer, rate }) => rate(signer, agent, chosen, rating, text.trim()),
      'It counts. Reload the page to see it in the list.',
      'The relay took it, and it is not counted yet: the job may not be paid. It is looked at for a minute.',
    );
  };
  if (own === null) return <p role="status">{said?.text ?? 'Looking for your jobs …'}</p>;
  if (own.jobs.length === 0)
    return (
      <p class="notice" role="status">
        This key had no job delivered by {agent.name}, so its review would not be counted.
      </p>
    );
  const current = own.reviews.find((one) => one.job === job);
  return (
    <form onSubmit={send}>
      <Field id="rate-job" label="Job">
        {(aids) => (
          <select {...aids} value={job} onChange={(event) => setJob(event.currentTarget.value)}>
            {own.jobs.map(({ id, opened_at_ms }) => (
              <option value={id}>
                {shortId(id)}, {agoText(Date.now() - opened_at_ms)}
                {own.reviews.some((one) => one.job === id) ? ', rated' : ''}
              </option>
            ))}
          </select>
        )}
      </Field>
      <fieldset aria-describedby={wrong === null ? undefined : 'rating-wrong'}>
        <legend>How was it?</legend>
        <div class="rating-choice">
          {STARS.toReversed().map((stars) => (
            <span class="check">
              <input
                type="radio"
                name="rating"
                id={`rating-${stars}`}
                checked={rating === stars}
                onChange={() => setRating(stars)}
              />
              <label for={`rating-${stars}`}>
                {stars} <span class="soft">{WORDS[stars]}</span>
              </label>
            </span>
          ))}
        </div>
        {wrong === null ? null : (
          <p class="wrong" id="rating-wrong">
            Choose from 1 to 5.
          </p>
        )}
      </fieldset>
      <Field id="rate-text" label="In words" hint={`If you like; at most ${REVIEW_MAX_CHARS} characters.`}>
        {(aids) => (
          <textarea
            {...aids}
            maxLength={REVIEW_MAX_CHARS}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        )}
      </Field>
      <div class="row">
        <button type="submit" class="primary" disabled={busy}>
          {current === undefined ? 'Sign and send' : 'Replace your review'}
        </button>
        {current === undefined ? null : (
          <Sure
            label="Take your review back"
            sure="Yes, take it back"
            disabled={busy}
            act={() =>
              void work(
                'Taking it back …',
                ({ signer, takeBack }) => takeBack(signer, agent, current),
                'It is taken back.',
                'The relay took it, and the review is still there. Look again in a moment.',
              )
            }
          />
        )}
      </div>
      <p role="status" class={said === null ? 'visually-hidden' : `notice ${said.look}`}>
        {said?.text ?? ''}
      </p>
    </form>
  );
}

type Modules = typeof import('./reviewing.ts') & {
  readonly signer: Parameters<typeof import('./reviewing.ts')['rate']>[0];
};
