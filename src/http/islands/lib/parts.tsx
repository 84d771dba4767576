/** @jsxImportSource preact */
/** Small parts that the islands share. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

/** A field with its label, its hint, and what is wrong with it, tied together for screen readers. */
export function Field(props: {
  readonly id: string;
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly wrong?: string | undefined;
  readonly children: (aids: FieldAids) => ComponentChildren;
}) {
  const { id, label, hint, wrong } = props;
  const described = [hint === undefined ? '' : `${id}-hint`, wrong === undefined ? '' : `${id}-wrong`];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {props.children({
        id,
        'aria-describedby': described.filter((one) => one !== '').join(' ') || undefined,
        'aria-invalid': wrong === undefined ? undefined : 'true',
      })}
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {wrong === undefined ? null : (
        <p class="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
    </div>
  );
}

/** What a field's control carries. */
export interface FieldAids {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': 'true' | undefined;
}

/** Copies a text, and says so. */
export function Copy({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [said, say] = useState(label);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => say('Copied'),
      () => say('Not allowed to copy'),
    );
    setTimeout(() => say(label), 1_500);
  };
  return (
    <button type="button" class="quiet" onClick={copy}>
      {said}
    </button>
  );
}

/** A button that asks once more before it does what cannot be undone. */
export function Sure(props: {
  readonly label: string;
  readonly sure: string;
  readonly disabled?: boolean;
  readonly act: () => void;
}) {
  const [asked, ask] = useState(false);
  if (!asked)
    return (
      <button type="button" disabled={props.disabled} onClick={() => ask(true)}>
        {props.label}
      </button>
    );
  const act = () => {
    ask(false);
    props.act();
  };
  return (
    <fieldset class="row sure" aria-label={props.label}>
      <button type="button" class="danger" onClick={act} ref={(button) => button?.focus()}>
        {props.sure}
      </button>
      <button type="button" onClick={() => ask(false)}>
        No
      </button>
    </fieldset>
  );
}
