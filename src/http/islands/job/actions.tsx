/** @jsxImportSource preact */
/** What its client can do: say something to a team, call the job off, have it erased. */
import { useState } from 'preact/hooks';
import { isOver, type JobView } from '../../../client/job-view.ts';
import type { VerifiedEvent } from '../../../nostr/event.ts';
import { pageFacts } from '../lib/facts.ts';
import { Field, Sure } from '../lib/parts.tsx';
import { wordsOf } from '../lib/words.ts';
import type { Identity } from '../signing/identity.ts';

export function Actions(props: {
  readonly view: JobView;
  readonly request: VerifiedEvent;
  readonly identity: Identity;
}) {
  const { view, request, identity } = props;
  const [words, setWords] = useState('');
  const [busy, setBusy] = useState(false);
  const [said, say] = useState<string | null>(null);
  const [wrong, setWrong] = useState<string | undefined>(undefined);
  const over = isOver(view);
  const team = pageFacts().agents.find(({ pubkey }) => pubkey === view.agent)?.team === true;
  const act = async (work: (actions: typeof import('./act.ts')) => Promise<string>) => {
    if (busy) return;
    setBusy(true);
    say(null);
    setWrong(undefined);
    try {
      say(await work(await import('./act.ts')));
    } catch (error) {
      setWrong(wordsOf(error));
    } finally {
      setBusy(false);
    }
  };
  const speak = (event: Event) => {
    event.preventDefault();
    if (words.trim() === '') return setWrong('Say something first.');
    act(async ({ speakTo }) => {
      await speakTo(request, view.agent, words, identity);
      setWords('');
      return 'Sent. It is read before the next step.';
    });
  };
  return (
    <section class="panel own-job" aria-label="Your job">
      {team && view.phase === 'running' ? (
        <form onSubmit={speak}>
          <Field
            id="words"
            label="Words to whoever works on it"
            hint="Teams take them into their work: what to look at, what to leave, “stop after this”."
            wrong={wrong}
          >
            {(aids) => (
              <textarea
                {...aids}
                rows={2}
                value={words}
                onInput={(event) => setWords(event.currentTarget.value)}
              />
            )}
          </Field>
          <button type="submit" disabled={busy}>
            Send
          </button>
        </form>
      ) : null}
      <p class="row">
        {over ? (
          <Sure
            label="Erase this job"
            sure="Erase request and answers for good"
            disabled={busy || view.deleted}
            act={() =>
              act(async ({ callOff }) => {
                await callOff(request, 'erase', identity);
                return 'Asked for. Amounts and hashes stay in the books.';
              })
            }
          />
        ) : (
          <Sure
            label="Call it off"
            sure="Call it off now"
            disabled={busy || view.deleted}
            act={() =>
              act(async ({ callOff }) => {
                await callOff(request, 'called off by its client', identity);
                return 'Called off. What was paid and not used is credit.';
              })
            }
          />
        )}
        <span role="status" class="soft">
          {said ?? ''}
        </span>
      </p>
      {!(team && view.phase === 'running') && wrong !== undefined ? <p class="wrong">{wrong}</p> : null}
    </section>
  );
}
