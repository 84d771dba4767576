/** @jsxImportSource preact */
/** What the answer has to pass, and what it may cost. */
import { useState } from 'preact/hooks';
import type { PostFacts } from '../../pages/post.tsx';
import { Field } from '../lib/parts.tsx';
import type { PartProps } from './part.ts';

export function Contract(props: PartProps & { readonly agent: PostFacts }) {
  const { agent, draft, change, wrongs } = props;
  const escrow = agent.methods.includes('escrow_hodl_optional');
  const priced = agent.methods.length > 0;
  const [replaced, setReplaced] = useState<string | null>(null);
  if (!agent.checks && !priced) return null;
  const start = (mode: string) => {
    const example = agent.examples.find((one) => one.mode === mode);
    if (draft.contract !== '') setReplaced(draft.contract);
    change({ contract: example === undefined ? '' : JSON.stringify(example.verify, null, 2) });
  };
  const wrong = wrongs.contract !== undefined || wrongs.most_sats !== undefined;
  return (
    <details class="fold" open={wrong || undefined}>
      <summary>
        Contract{' '}
        <span class="soft small">
          {draft.contract === '' ? 'no check' : 'with a check'}
          {escrow ? ', in escrow' : ''}
        </span>
      </summary>
      {escrow ? (
        <p class="notice">
          <strong>Escrow.</strong> Your payment is locked before the work and taken with its result. If the
          job fails
          {agent.checks ? ' or its check refuses the answer' : ''}, it comes back by itself.
        </p>
      ) : null}
      {agent.checks ? (
        <>
          <Field
            id="check-kind"
            label="A check: no proof, no pay"
            hint="A program decides whether the answer is right. Begin with an example and write yours."
          >
            {(aids) => (
              <select
                {...aids}
                value={modeOf(draft.contract)}
                onChange={(event) => start(event.currentTarget.value)}
              >
                <option value="">without a check</option>
                {agent.examples.map(({ mode, label }) => (
                  <option key={mode} value={mode}>
                    {label}
                  </option>
                ))}
                {draft.contract !== '' && modeOf(draft.contract) === 'own' ? (
                  <option value="own">your own</option>
                ) : null}
              </select>
            )}
          </Field>
          {replaced === null ? null : (
            <p>
              <button
                type="button"
                onClick={() => {
                  change({ contract: replaced });
                  setReplaced(null);
                }}
              >
                Bring back what stood there
              </button>
            </p>
          )}
          {draft.contract === '' ? null : (
            <Field id="check" label="The check, as JSON" wrong={wrongs.contract}>
              {(aids) => (
                <textarea
                  {...aids}
                  class="code"
                  rows={10}
                  spellcheck={false}
                  value={draft.contract}
                  onInput={(event) => change({ contract: event.currentTarget.value })}
                />
              )}
            </Field>
          )}
        </>
      ) : null}
      {priced ? (
        <Field
          id="most"
          label="The most I pay, sats"
          hint="Dearer than this, the job is refused. Empty: whatever is quoted below."
          wrong={wrongs.most_sats}
        >
          {(aids) => (
            <input
              {...aids}
              inputMode="numeric"
              value={draft.most_sats}
              onInput={(event) => change({ most_sats: event.currentTarget.value })}
            />
          )}
        </Field>
      ) : null}
    </details>
  );
}

/** Which mode a check that was typed has; `own` for what cannot be told. */
function modeOf(text: string): string {
  if (text === '') return '';
  return /"mode"\s*:\s*"(deduction|abduction|induction|tests|verifier|schema)"/.exec(text)?.[1] ?? 'own';
}
