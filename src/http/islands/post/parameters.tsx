/** @jsxImportSource preact */
/** The agent's own settings, from the schema on its card. */
import { Field, type FieldAids } from '../lib/parts.tsx';
import type { PartProps } from './part.ts';
import type { ParameterField } from './schema-fields.ts';

export function Parameters(props: PartProps & { readonly fields: readonly ParameterField[] }) {
  const { fields, draft, change, wrongs } = props;
  if (fields.length === 0) return null;
  const used = fields.filter(({ name }) => (draft.parameters[name] ?? '') !== '').length;
  const needed = fields.some(({ required, name }) => required || wrongs[`parameters.${name}`] !== undefined);
  return (
    <details class="fold" open={needed || undefined}>
      <summary>
        Settings{' '}
        <span class="soft small">{used === 0 ? `${fields.length} to choose from` : `${used} set`}</span>
      </summary>
      <div class="grid">
        {fields.map((field) => (
          <Field
            key={field.name}
            id={`parameter-${field.name}`}
            label={field.name.replaceAll('_', ' ')}
            hint={field.hint === '' ? undefined : field.hint}
            wrong={wrongs[`parameters.${field.name}`]}
          >
            {(aids) => (
              <Control
                field={field}
                aids={aids}
                value={draft.parameters[field.name] ?? ''}
                change={(value) => change({ parameters: { ...draft.parameters, [field.name]: value } })}
              />
            )}
          </Field>
        ))}
      </div>
    </details>
  );
}

function Control(props: {
  readonly field: ParameterField;
  readonly aids: FieldAids;
  readonly value: string;
  readonly change: (value: string) => void;
}) {
  const { field, aids, value, change } = props;
  switch (field.kind) {
    case 'choice':
    case 'boolean': {
      const choices = field.kind === 'boolean' ? ['true', 'false'] : field.choices;
      return (
        <select {...aids} value={value} onChange={(event) => change(event.currentTarget.value)}>
          <option value="">{field.placeholder === '' ? 'as usual' : field.placeholder}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {field.kind === 'boolean' ? (choice === 'true' ? 'yes' : 'no') : choice}
            </option>
          ))}
        </select>
      );
    }
    case 'json':
      return (
        <textarea
          {...aids}
          class="code"
          rows={2}
          placeholder="JSON"
          value={value}
          onInput={(event) => change(event.currentTarget.value)}
        />
      );
    default:
      return (
        <input
          {...aids}
          // A number field would throw away what is no number, and with it what was typed.
          inputMode={field.kind === 'number' ? 'decimal' : 'text'}
          placeholder={field.placeholder}
          value={value}
          onInput={(event) => change(event.currentTarget.value)}
        />
      );
  }
}
