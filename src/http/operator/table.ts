/** What a table of the operator's pages is. Each is one function over the ports, registered in {@link file://./tables.ts}. */
import type { z } from 'zod';
import type { HttpPorts } from '../ports.ts';
import type { CELL_TYPES, OperatorTable } from '../schemas-operator.ts';
import type { Cell } from './csv.ts';

export type TableView = z.infer<typeof OperatorTable>;
export type Row = Readonly<Record<string, Cell>>;

export interface Table {
  /** Its name in paths. */
  readonly name: string;
  readonly title: string;
  /** What a row is, and what is left out. */
  readonly about: string;
  /** By name: title and what it holds. */
  readonly columns: Readonly<Record<string, readonly [title: string, type: (typeof CELL_TYPES)[number]]>>;
  rows(ports: HttpPorts): Promise<readonly Row[]>;
}

/** A table as of now. A part of the service that does not answer costs its own table only. */
export async function tableView(table: Table, ports: HttpPorts, requestId: string): Promise<TableView> {
  const { name, title, about } = table;
  const columns = Object.entries(table.columns).map(([column, [heading, type]]) => ({
    name: column,
    title: heading,
    type,
  }));
  const view = { name, title, about, at_ms: ports.clock(), columns };
  try {
    return { ...view, rows: (await table.rows(ports)).map((row) => ({ ...row })), problem: null };
  } catch (error) {
    ports.log({
      level: 'error',
      message: `the operator's table ${name} could not be read`,
      requestId,
      error,
    });
    return { ...view, rows: [], problem: 'This part of the service did not answer.' };
  }
}
