/** @jsxImportSource preact */
/** The form: what is to be done, by which settings, what it costs, who signs. What was typed is kept over reloads. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { AgentKinds } from '../../../nostr/kinds.ts';
import type { PostFacts } from '../../pages/post.tsx';
import { takeText } from '../lib/box.ts';
import { type FormDraft, readDraft, writeDraft } from '../lib/draft.ts';
import { Field } from '../lib/parts.tsx';
import { SigningPanel, useIdentity } from '../signing/panel.tsx';
import { Contract } from './contract.tsx';
import { readForm, type Wrongs } from './order.ts';
import { Parameters } from './parameters.tsx';
import type { PartProps } from './part.ts';
import { PriceLine, usePrice } from './price.tsx';
import { fieldsOf } from './schema-fields.ts';
import type { PostOutcome } from './send.ts';
import { Unsent } from './unsent.tsx';

export function PostForm({ agent, kinds }: { readonly agent: PostFacts; readonly kinds: AgentKinds }) {
  const { slug } = agent;
  const [draft, setDraft] = useState(() => firstDraft(slug));
  const [identity, choose] = useIdentity();
  // Wrong fields are told when somebody tries to post, and from then on as they are mended.
  const [tried, setTried] = useState(false);
  const [told, setTold] = useState<Wrongs>({});
  const [busy, setBusy] = useState<string | null>(null);
  const [signWrong, setSignWrong] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const fields = useMemo(() => fieldsOf(agent.parameters), [agent]);
  const read = readForm(draft, fields);
  const price = usePrice(slug, 'asked' in read ? read.asked : null, identity?.pubkey ?? null);

  const change = (some: Partial<FormDraft>) => {
    const next = { ...draft, ...some };
    setDraft(next);
    writeDraft(slug, next);
    setTold({});
  };
  const local: Wrongs = 'wrongs' in read ? read.wrongs : {};
  const remote: Wrongs = price.type === 'wrong' ? price.wrongs : {};
  const wrongs: Wrongs = tried ? { ...remote, ...local, ...told } : {};

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy !== null) return;
    setTried(true);
    setSignWrong(null);
    if (!('asked' in read) || price.type === 'wrong') return focusWrong(form.current);
    if (identity === null) {
      setSignWrong('Choose first by what the request is signed.');
      form.current?.querySelector<HTMLElement>('.signing button')?.focus();
      return;
    }
    setBusy('Signing …');
    const { asked } = read;
    const outcome = await sending().then(
      ({ postJob }) => postJob({ agent, asked, identity, kind: kinds.task, tell: setBusy }),
      (): PostOutcome => ({
        type: 'failed',
        reason: 'The connection is lost. What you typed is kept: try again when it is back.',
      }),
    );
    if (outcome.type === 'posted') {
      writeDraft(slug, null);
      location.assign(`/jobs/${outcome.id}`);
      return;
    }
    setBusy(null);
    setTold(outcome.type === 'wrong' ? outcome.wrongs : { form: outcome.reason });
  };
  useEffect(() => {
    // Who has chosen how to sign will sign: what that takes is there before a connection may be lost.
    if (identity !== null) sending().catch(() => undefined);
  }, [identity]);
  useEffect(() => {
    if (Object.keys(told).length > 0) focusWrong(form.current);
  }, [told]);

  return (
    <form ref={form} onSubmit={submit} noValidate aria-label={`A job for ${agent.name}`}>
      <Unsent />
      <Field id="text" label="What is to be done?" wrong={wrongs.text}>
        {(aids) => (
          <textarea
            {...aids}
            rows={5}
            placeholder={agent.example}
            value={draft.text}
            onInput={(event) => change({ text: event.currentTarget.value })}
          />
        )}
      </Field>
      {draft.text === '' && agent.example !== '' ? (
        <p>
          <button type="button" onClick={() => change({ text: agent.example })}>
            Take the example
          </button>
        </p>
      ) : null}
      <Parameters fields={fields} draft={draft} change={change} wrongs={wrongs} />
      <Conversation draft={draft} change={change} wrongs={wrongs} />
      <Contract agent={agent} draft={draft} change={change} wrongs={wrongs} />
      <div class="field">
        <div class="check">
          <input
            id="encrypted"
            type="checkbox"
            checked={draft.encrypted}
            aria-describedby="encrypted-hint"
            onChange={(event) => change({ encrypted: event.currentTarget.checked })}
          />
          <label for="encrypted">Encrypt it: only {agent.name} and you can read request and answer</label>
        </div>
        <p class="hint" id="encrypted-hint">
          Everybody can still see that you asked.{' '}
          {draft.encrypted ? '' : 'In the clear, everybody can read all of it.'}
        </p>
      </div>
      <fieldset>
        <legend>Signed by</legend>
        <SigningPanel identity={identity} choose={choose} />
        {signWrong === null ? null : <p class="wrong">{signWrong}</p>}
      </fieldset>
      {wrongs.form === undefined ? null : (
        <p class="notice bad" role="alert" tabIndex={-1} data-wrong="">
          {wrongs.form}
        </p>
      )}
      <PriceLine price={price} methods={agent.methods} identity={identity} />
      <p>
        <button class="primary" type="submit" aria-disabled={busy !== null}>
          {busy ?? 'Sign and post'}
        </button>
      </p>
      <p class="visually-hidden" role="status">
        {busy ?? ''}
      </p>
    </form>
  );
}

/** What signs and sends, loaded when it is near. @throws what the browser says where it cannot be loaded */
function sending(): Promise<typeof import('./send.ts')> {
  return import('./send.ts');
}

function firstDraft(slug: string): FormDraft {
  const kept = readDraft(slug);
  const text = takeText();
  return text === null ? kept : { ...kept, text };
}

/** Who is led to what is wrong need not look for it. */
function focusWrong(form: HTMLFormElement | null): void {
  requestAnimationFrame(() => {
    const wrong = form?.querySelector<HTMLElement>('[aria-invalid="true"], [data-wrong]');
    const folded = wrong?.closest('details');
    if (folded) folded.open = true;
    wrong?.focus();
  });
}

function Conversation({ draft, change }: PartProps) {
  const single = draft.session === '';
  const begin = () => change({ session: `page-${crypto.randomUUID().slice(0, 8)}` });
  return (
    <fieldset>
      <legend>Conversation</legend>
      <div class="row">
        <span class="check">
          <input
            id="single"
            type="radio"
            name="conversation"
            checked={single}
            onChange={() => change({ session: '' })}
          />
          <label for="single">A single job</label>
        </span>
        <span class="check">
          <input id="session" type="radio" name="conversation" checked={!single} onChange={begin} />
          <label for="session">Part of a conversation</label>
        </span>
      </div>
      {single ? null : (
        <Field
          id="session-id"
          label="Name of the conversation"
          hint="The agent remembers what was said under the same name, by you."
        >
          {(aids) => (
            <input
              {...aids}
              value={draft.session}
              maxLength={128}
              onInput={(event) => change({ session: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
    </fieldset>
  );
}
