/** The operations of routes/account.ts. */
import { JSON_TYPE, type Operation } from './operation.ts';

export const ACCOUNT_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/account',
    summary: 'The account of whoever signs: credit, debts, what is set aside, refunds',
    authenticated: true,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'Account' } } },
    failures: [401],
  },
  {
    method: 'post',
    path: '/account/invoices',
    summary: 'A Lightning invoice whose payment is credit of whoever signs',
    body: 'InvoiceRequest',
    authenticated: true,
    success: { status: 201, content: { [JSON_TYPE]: { schema: 'Invoice' } } },
    failures: [400, 401, 413, 429, 503],
  },
  {
    method: 'post',
    path: '/account/refunds',
    summary: 'Pays credit back, to a Lightning address, a wallet or an invoice. One at a time.',
    body: 'RefundRequest',
    authenticated: true,
    success: { status: 202, content: { [JSON_TYPE]: { schema: 'Refund' } } },
    failures: [400, 401, 402, 413, 429, 503],
  },
  {
    method: 'get',
    path: '/account/refunds/{id}',
    summary: 'How a refund stands',
    authenticated: true,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'Refund' } } },
    failures: [401, 404],
  },
  {
    method: 'delete',
    path: '/account/refunds/{id}',
    summary: 'Calls a refund off while nothing of it is on its way',
    authenticated: true,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'Refund' } } },
    failures: [400, 401, 404, 413],
  },
];
