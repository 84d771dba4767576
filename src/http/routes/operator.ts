/** What only the operator may see. */
import { Hono } from 'hono';
import type { z } from 'zod';
import { JobError } from '../../errors.ts';
import { inWords } from '../../payment/account-kinds.ts';
import { type Finding, total } from '../../payment/findings.ts';
import { checkLedger, type LedgerCheck } from '../../payment/ledger-check.ts';
import { authenticate } from '../auth.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { readQuery } from '../query.ts';
import { LedgerQuery, type LedgerReport } from '../schemas.ts';

export function operatorRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get('/operator/ledger', async (c) => {
    if (ports.operatorPubkey === null)
      throw new JobError('NOT_FOUND', 'this marketplace has named no operator (OPERATOR_PUBKEY)');
    if ((await authenticate(ports, c)) !== ports.operatorPubkey)
      throw new JobError('FORBIDDEN', 'only the operator may see the books');
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
    return c.json(reportOf(check, grace_s), 200, { 'cache-control': 'no-store' });
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
