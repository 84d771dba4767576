/** @jsxImportSource preact */
/** One table of the operator's: its rows, and the same as a file. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { durationText, isoText, percentText, satsText, shortId } from '../../pages/format.ts';
import { wordsOf } from '../lib/words.ts';
import type { OperatorDesk, TableView } from './desk.ts';

type Column = TableView['columns'][number];
type Row = TableView['rows'][number];

/** Longer tables are closed at first. */
const OPEN_ROWS = 25;

export function DataTable(props: {
  readonly table: TableView;
  readonly desk: OperatorDesk;
  /** A last cell for each row. */
  readonly action?: (row: Row) => ComponentChildren;
  /** Above the rows. */
  readonly children?: ComponentChildren;
}) {
  const { table, desk, action, children } = props;
  const { name, title, about, columns, rows, problem } = table;
  const id = `table-${name}`;
  return (
    <article class="panel" aria-labelledby={id}>
      <div class="row spread">
        <h3 id={id}>
          {title} <span class="badge">{rows.length}</span>
        </h3>
        <Exports table={table} desk={desk} />
      </div>
      <p class="small soft">{about}</p>
      {children}
      {problem === null ? null : <p class="notice bad">{problem}</p>}
      {problem === null && rows.length === 0 ? <p class="small soft">None.</p> : null}
      {rows.length === 0 ? null : (
        <details open={rows.length <= OPEN_ROWS}>
          <summary class="small">
            {rows.length} {rows.length === 1 ? 'row' : 'rows'}
          </summary>
          <section class="scroll" tabindex={0} aria-labelledby={id}>
            <table class="small">
              <thead>
                <tr>
                  {columns.map((column) => (
                    <th scope="col" class={isFigure(column) ? 'figure' : ''}>
                      {column.title}
                    </th>
                  ))}
                  {action === undefined ? null : (
                    <th scope="col">
                      <span class="visually-hidden">Actions</span>
                    </th>
                  )}
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr>
                    {columns.map((column) => (
                      <td class={isFigure(column) ? 'figure' : ''}>
                        {cellOf(column, row[column.name] ?? null)}
                      </td>
                    ))}
                    {action === undefined ? null : <td>{action(row)}</td>}
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </details>
      )}
    </article>
  );
}

function isFigure({ type }: Column): boolean {
  return type !== 'text' && type !== 'time' && type !== 'flag';
}

function cellOf({ name, type }: Column, value: Row[string]): ComponentChildren {
  if (value === null || value === undefined || value === '') return <span class="soft">–</span>;
  if (typeof value === 'number') {
    switch (type) {
      case 'msats':
        return `${satsText(value)} sats`;
      case 'ms':
        return durationText(value);
      case 'time':
        return <time dateTime={isoText(value)}>{isoText(value).replace('T', ' ').slice(0, 19)}</time>;
      case 'share':
        return percentText(value);
      default:
        return value.toLocaleString('en-GB');
    }
  }
  const text = String(value);
  if (!/^[0-9a-f]{64}$/.test(text)) return text;
  const short = <code title={text}>{shortId(text)}</code>;
  return name === 'job' ? <a href={`/jobs/${text}`}>{short}</a> : short;
}

const TYPES = { csv: 'text/csv', json: 'application/json' } as const;

function Exports({ table, desk }: { readonly table: TableView; readonly desk: OperatorDesk }) {
  const [wrong, setWrong] = useState<string | null>(null);
  const save = async (format: keyof typeof TYPES) => {
    try {
      const text = await desk.export(table.name, format);
      const url = URL.createObjectURL(new Blob([text], { type: TYPES[format] }));
      const link = document.createElement('a');
      link.href = url;
      link.download = `${table.name}.${format}`;
      link.click();
      URL.revokeObjectURL(url);
      setWrong(null);
    } catch (error) {
      setWrong(wordsOf(error));
    }
  };
  return (
    <span class="row">
      {(['csv', 'json'] as const).map((format) => (
        <button type="button" class="quiet" onClick={() => void save(format)}>
          {format.toUpperCase()}
          <span class="visually-hidden"> of {table.title}</span>
        </button>
      ))}
      {wrong === null ? null : <span class="wrong">{wrong}</span>}
    </span>
  );
}
