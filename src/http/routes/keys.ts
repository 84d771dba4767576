/** API keys of whoever signs (NIP-98), and what is left in a token of somebody without a key (L402). See docs/doors.md. */
import { type Context, Hono } from 'hono';
import type { KeyView } from '../../door/keys.ts';
import type { OpenedPurse } from '../../door/purses.ts';
import { JobError } from '../../errors.ts';
import { msats, toNumber } from '../../payment/msats.ts';
import { authenticate } from '../auth.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { readBody } from '../query.ts';
import { BudgetRequest, KeyRequest, TokenRefundRequest } from '../schemas-keys.ts';
import { refundView } from '../views.ts';

const MSATS = 1_000;

export function keyRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const { keyRing, account } = ports;

  app.post('/account/keys', async (c) => {
    const owner = await authenticate(ports, c);
    const { name, budget_sats, agents, expires_at } = await readBody(c, KeyRequest);
    for (const slug of agents ?? [])
      if (!ports.agents.some((agent) => agent.slug === slug))
        throw new JobError('BAD_REQUEST', 'body agents: names an agent that is not here');
    if (expires_at !== undefined && expires_at * MSATS <= ports.clock())
      throw new JobError('BAD_REQUEST', 'body expires_at: has passed');
    const { key, secret } = await keyRing.create(owner, {
      name,
      budget: msats(budget_sats * MSATS),
      agents: agents ?? null,
      expiresAt_s: expires_at ?? null,
    });
    c.header('Cache-Control', 'no-store');
    c.header('Location', `${ports.publicUrl}/account/keys/${key.id}`);
    return c.json({ ...keyView(key), secret }, 201);
  });

  app.get('/account/keys', async (c) => {
    const owner = await authenticate(ports, c);
    c.header('Cache-Control', 'no-store');
    return c.json({ keys: (await keyRing.list(owner)).map(keyView) });
  });

  app.get('/account/keys/:id', async (c) => {
    const owner = await authenticate(ports, c);
    c.header('Cache-Control', 'no-store');
    return c.json(keyView(await keyRing.find(owner, c.req.param('id'))));
  });

  app.post('/account/keys/:id/budget', async (c) => {
    const owner = await authenticate(ports, c);
    const { add_sats } = await readBody(c, BudgetRequest);
    const operation = c.req.header('Idempotency-Key') ?? ports.newRequestId();
    const amount = msats(Math.abs(add_sats) * MSATS);
    return c.json(keyView(await keyRing.budget(owner, c.req.param('id'), operation, amount, add_sats < 0)));
  });

  app.delete('/account/keys/:id', async (c) => {
    const owner = await authenticate(ports, c);
    return c.json(keyView(await keyRing.revoke(owner, c.req.param('id'))));
  });

  app.get('/l402', async (c) => {
    const purse = tokenPurse(ports, c);
    const { credit, setAside } = await account.statement(purse.keys.publicKey);
    // Paid a moment ago, it may not have been booked.
    const settled = credit > 0n ? credit : await ports.purses.credit(purse, msats(1));
    c.header('Cache-Control', 'no-store');
    return c.json({ credit_msats: toNumber(settled), set_aside_msats: toNumber(setAside) });
  });

  app.post('/l402/refunds', async (c) => {
    const { publicKey } = tokenPurse(ports, c).keys;
    const again_ms = await account.leave(publicKey, 'refunds');
    if (again_ms !== null) {
      const retry_after_s = Math.max(1, Math.ceil((again_ms - ports.clock()) / 1_000));
      throw new JobError('RATE_LIMIT_EXCEEDED', 'Too many refunds in this hour', { retry_after_s });
    }
    const { bolt11 } = await readBody(c, TokenRefundRequest);
    const refund = await account.refundBy(publicKey, bolt11);
    if ('code' in refund) throw new JobError(refund.code, refund.message, refund.details);
    return c.json(refundView(refund), 202);
  });
  return app;
}

/** The purse of a token, expired or not: what is left in it is its holder's. @throws JobError UNAUTHORIZED */
function tokenPurse({ purses }: HttpPorts, c: Context): OpenedPurse {
  const [, credentials] = /^(?:L402|LSAT) +(\S+)$/i.exec(c.req.header('Authorization') ?? '') ?? [];
  if (credentials === undefined)
    throw new JobError('UNAUTHORIZED', 'Authorization: L402 <macaroon>:<preimage>', { reason: 'malformed' });
  return purses.byToken(credentials, false);
}

function keyView({ id, name, agents, credit, setAside, ...times }: KeyView) {
  return {
    id,
    name,
    agents,
    credit_msats: toNumber(credit),
    set_aside_msats: toNumber(setAside),
    created_at: times.createdAt_s,
    expires_at: times.expiresAt_s,
    revoked_at: times.revokedAt_s,
    last_used_at: times.usedAt_s,
  };
}
