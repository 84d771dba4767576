/** The operations of routes/operator.ts, all for the operator alone. */
import { JSON_TYPE, type Operation } from './operation.ts';
import { CSV_TYPE } from './operator/csv.ts';
import { LedgerQuery, TableQuery } from './schemas-operator.ts';

export const OPERATOR_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/operator',
    summary: 'The operator’s page',
    success: { status: 200, content: { 'text/html': { text: 'The page' } } },
    failures: [],
  },
  {
    method: 'get',
    path: '/operator/ledger',
    summary: "The books held against the wallet's own list. Only for the operator.",
    query: LedgerQuery,
    authenticated: true,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'LedgerReport' } } },
    failures: [400, 401, 403, 404, 503],
  },
  {
    method: 'get',
    path: '/operator/tables',
    summary: 'Every table of the operator’s pages at once. Only for the operator.',
    authenticated: true,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'OperatorTables' } } },
    failures: [401, 403, 404],
  },
  {
    method: 'get',
    path: '/operator/tables/{table}',
    summary: 'One table, as JSON or CSV. Only for the operator.',
    query: TableQuery,
    authenticated: true,
    success: {
      status: 200,
      content: {
        [JSON_TYPE]: { schema: 'OperatorTable' },
        [CSV_TYPE]: { text: 'The same as CSV (RFC 4180)' },
      },
    },
    failures: [400, 401, 403, 404],
  },
  {
    method: 'post',
    path: '/operator/blocked',
    summary: 'Keeps a key out of the embedded relay and of all jobs. Only for the operator.',
    body: 'BlockRequest',
    authenticated: true,
    success: { status: 201, content: { [JSON_TYPE]: { schema: 'BlockedKey' } } },
    failures: [400, 401, 403, 404, 413],
  },
  {
    method: 'delete',
    path: '/operator/blocked/{pubkey}',
    summary: 'Lets a key in again. Only for the operator.',
    authenticated: true,
    success: { status: 204, content: {} },
    failures: [401, 403, 404, 413],
  },
];
