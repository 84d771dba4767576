/** A client's account: what stands on it, money into it, and credit back. Everything needs the client's signature (NIP-98). */
import { type Context, Hono } from 'hono';
import { JobError, type JobFailure } from '../../errors.ts';
import type { PayoutView } from '../../payment/account/payout-desk.ts';
import { type AccountStatement, refundableOf } from '../../payment/account/statement.ts';
import { readInvoice } from '../../payment/bolt11/decode.ts';
import { MSATS_PER_SAT, type Msats, msats, toNumber } from '../../payment/msats.ts';
import { authenticate } from '../auth.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { readBody } from '../query.ts';
import { InvoiceRequest, RefundRequest } from '../schemas.ts';
import { accountView, refundView } from '../views.ts';

export function accountRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const { account } = ports;

  /** Who asks, where the answer is nobody else's and costs others work. */
  async function admit(c: Context, what: 'refunds' | 'invoices'): Promise<string> {
    const client = await authenticate(ports, c);
    const again_ms = await account.leave(client, what);
    if (again_ms === null) return client;
    const retry_after_s = Math.max(1, Math.ceil((again_ms - ports.clock()) / 1_000));
    throw new JobError('RATE_LIMIT_EXCEEDED', `Too many ${what} in this hour`, { retry_after_s });
  }

  function found(view: PayoutView | JobFailure | null): PayoutView {
    if (view === null) throw new JobError('NOT_FOUND', 'this account has no such refund');
    return done(view);
  }

  app.get('/account', async (c) => {
    const client = await authenticate(ports, c);
    c.header('Cache-Control', 'no-store');
    return c.json(accountView(client, await account.statement(client)));
  });

  app.post('/account/invoices', async (c) => {
    const client = await admit(c, 'invoices');
    const { amount_msats } = await readBody(c, InvoiceRequest);
    const { bolt11, paymentHash, expiresAt_s } = await account.invoice(client, msats(amount_msats));
    return c.json({ bolt11, payment_hash: paymentHash, expires_at: expiresAt_s }, 201);
  });

  app.post('/account/refunds', async (c) => {
    const client = await admit(c, 'refunds');
    const { lud16, nwc, bolt11, amount_msats } = await readBody(c, RefundRequest);
    const asked = amount_msats === undefined ? null : msats(amount_msats);
    let refund: PayoutView | JobFailure;
    if (bolt11 !== undefined) {
      refund = await account.refundBy(client, checkedInvoice(bolt11, asked));
    } else {
      const amount = amountOf(await account.statement(client), asked);
      if (nwc !== undefined) refund = await account.refundBy(client, await account.guestInvoice(nwc, amount));
      else refund = await account.refundTo(client, await addressOf(client, lud16), amount);
    }
    const { id } = done(refund);
    c.header('Location', `${ports.publicUrl}/account/refunds/${id}`);
    return c.json(refundView(done(refund)), 202);
  });

  app.get('/account/refunds/:id', async (c) => {
    const client = await authenticate(ports, c);
    c.header('Cache-Control', 'no-store');
    return c.json(refundView(found(await account.refund(client, c.req.param('id')))));
  });

  app.delete('/account/refunds/:id', async (c) => {
    const client = await authenticate(ports, c);
    return c.json(refundView(found(await account.cancelRefund(client, c.req.param('id')))));
  });

  async function addressOf(client: string, given: string | undefined): Promise<string> {
    const address = given?.trim().toLowerCase() ?? (await account.profileAddress(client));
    if (address !== null) return address;
    throw new JobError('BAD_REQUEST', 'name lud16, nwc or bolt11: this relay knows no profile with a lud16');
  }
  return app;
}

function done(view: PayoutView | JobFailure): PayoutView {
  if (!('code' in view)) return view;
  throw new JobError(view.code, view.message, view.details);
}

/**
 * What is to be paid back. Looked at before anybody is asked for an invoice; the account has the last word.
 *
 * @param asked null for everything that can be sent
 */
function amountOf(statement: AccountStatement, asked: Msats | null): Msats {
  const open = statement.refunds.find(({ state }) => state === 'waiting' || state === 'sending');
  if (open !== undefined) {
    const details = { reason: 'refund_open', id: open.id };
    throw new JobError('BAD_REQUEST', 'Another refund is under way, and there is one at a time', details);
  }
  const refundable = refundableOf(statement);
  const amount = asked ?? msats(refundable - (refundable % MSATS_PER_SAT));
  if (amount > 0n && amount <= refundable) return amount;
  const details = { available_msats: toNumber(refundable) };
  throw new JobError('INSUFFICIENT_FUNDS', 'There is less credit than that', details);
}

/** An invoice that asks for what the client asks for, where it says so. */
function checkedInvoice(bolt11: string, asked: Msats | null): string {
  const invoice = readInvoice(bolt11);
  if (invoice === null) throw new JobError('BAD_REQUEST', 'body bolt11: is no Lightning invoice');
  if (asked !== null && invoice.amount !== asked)
    throw new JobError('BAD_REQUEST', 'The invoice asks for another amount', { reason: 'amount' });
  return invoice.text;
}
