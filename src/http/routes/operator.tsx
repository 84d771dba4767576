/** What only the operator may see. */
import { type Context, Hono } from 'hono';
import type { z } from 'zod';
import { JobError } from '../../errors.ts';
import { BLOCKED_KEYS_MAX } from '../../limits.ts';
import { inWords } from '../../payment/account-kinds.ts';
import { type Finding, total } from '../../payment/findings.ts';
import { checkLedger, type LedgerCheck } from '../../payment/ledger-check.ts';
import { authenticate } from '../auth.ts';
import { CSV_TYPE, csv } from '../operator/csv.ts';
import { tableView } from '../operator/table.ts';
import { TABLES, tableNamed } from '../operator/tables.ts';
import { OperatorPage } from '../pages/operator.tsx';
import { sendPage } from '../pages/send.tsx';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { readBody, readQuery } from '../query.ts';
import { BlockRequest, LedgerQuery, type LedgerReport, TableQuery } from '../schemas-operator.ts';

/** What only the operator may see is in nobody's cache. */
const PRIVATE = { 'cache-control': 'no-store' };

/** Everybody may have the page; what it shows is asked for with signatures. A bunker names relays of its own. */
const HEAD = {
  title: 'Operator',
  description: 'For the operator of this marketplace.',
  path: '/operator',
  islands: ['operator'],
  reach: 'relays',
  unlisted: true,
} as const;

export function operatorRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  /** @throws JobError when it is not the operator who asks */
  async function onlyOperator(c: Context<AppEnv>): Promise<void> {
    if (ports.operatorPubkey === null)
      throw new JobError('NOT_FOUND', 'this marketplace has named no operator (OPERATOR_PUBKEY)');
    if ((await authenticate(ports, c)) !== ports.operatorPubkey)
      throw new JobError('FORBIDDEN', 'only the operator may see this');
  }

  app.get('/operator', (c) =>
    sendPage(c, ports, HEAD, <OperatorPage named={ports.operatorPubkey !== null} />),
  );

  app.get('/operator/tables', async (c) => {
    await onlyOperator(c);
    const requestId = c.get('requestId');
    const tables = await Promise.all(TABLES.map((table) => tableView(table, ports, requestId)));
    return c.json({ tables }, 200, PRIVATE);
  });

  app.get('/operator/tables/:table', async (c) => {
    await onlyOperator(c);
    const { format } = readQuery(c, TableQuery);
    const table = tableNamed(c.req.param('table'));
    if (table === undefined) throw new JobError('NOT_FOUND', 'there is no such table');
    const view = await tableView(table, ports, c.get('requestId'));
    if (format === 'json') return c.json(view, 200, PRIVATE);
    const names = view.columns.map(({ name }) => name);
    return c.body(csv(names, view.rows), 200, {
      ...PRIVATE,
      'content-type': CSV_TYPE,
      'content-disposition': `attachment; filename="${table.name}.csv"`,
    });
  });

  app.post('/operator/blocked', async (c) => {
    await onlyOperator(c);
    const { pubkey, reason } = await readBody(c, BlockRequest);
    if (pubkey === ports.operatorPubkey) throw new JobError('BAD_REQUEST', 'body pubkey: is your own');
    const key = { pubkey, reason, at_ms: ports.clock() };
    if (!(await ports.operator.block(key)))
      throw new JobError('BAD_REQUEST', `no more than ${BLOCKED_KEYS_MAX} keys can be blocked`);
    return c.json(key, 201, PRIVATE);
  });

  app.delete('/operator/blocked/:pubkey', async (c) => {
    await onlyOperator(c);
    if (!(await ports.operator.unblock(c.req.param('pubkey'))))
      throw new JobError('NOT_FOUND', 'this key is not on the list');
    return c.body(null, 204);
  });

  app.get('/operator/ledger', async (c) => {
    await onlyOperator(c);
    const { grace_s } = readQuery(c, LedgerQuery);
    if (ports.wallet === null)
      throw new JobError('SERVICE_UNAVAILABLE', 'this marketplace has no wallet to compare its books with');
    const { db, wallet } = ports;
    const check = await checkLedger({ db, wallet, now_ms: ports.clock() }, grace_s * 1_000);
    if (check.type === 'unchecked') throw new JobError('SERVICE_UNAVAILABLE', check.reason);
    for (const { text } of check.differences)
      ports.log({
        level: 'warn',
        message: `ledger and wallet differ: ${text}`,
        requestId: c.get('requestId'),
        error: null,
      });
    return c.json(reportOf(check, grace_s), 200, PRIVATE);
  });
  return app;
}

/** The comparison in the shapes of the API. Amounts are exact as numbers: there are fewer msats than 2^53. */
function reportOf(check: LedgerCheck, grace_s: number): z.infer<typeof LedgerReport> {
  return {
    checked_at_ms: check.at_ms,
    grace_s,
    complete: check.complete,
    payments: check.agreed,
    sum_msats: Number(total(check.kinds)),
    balances: Object.fromEntries(check.kinds.map(({ name, msats }) => [name, Number(inWords(name, msats))])),
    wallet_balance_msats: numberOrNull(check.walletBalance),
    own_money_msats: numberOrNull(check.ownMoney),
    differences: check.differences.map(findingView),
    pending: check.pending.map(findingView),
    notes: check.notes.map(findingView),
  };
}

function findingView<Code extends string>({ code, paymentHash, about, books, wallet, text }: Finding<Code>) {
  return {
    code,
    payment_hash: paymentHash,
    about,
    books_msats: numberOrNull(books),
    wallet_msats: numberOrNull(wallet),
    text,
  };
}

function numberOrNull(amount: bigint | null): number | null {
  return amount === null ? null : Number(amount);
}
