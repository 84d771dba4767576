import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AccountPorts } from '../../src/http/ports.ts';
import { msats } from '../../src/payment/msats.ts';
import { ADDRESS, accountDouble, CREDIT, invoiceFor } from '../support/account-double.ts';
import { person } from '../support/events.ts';
import { httpFixture, NOW_MS } from '../support/http.ts';
import { httpToken } from '../support/http-token.ts';

const ORIGIN = 'https://market.example';
const SECRET_URI = `nostr+walletconnect://${'a'.repeat(64)}?relay=wss://r.example&secret=${'5'.repeat(64)}`;

/** Signs and sends a request of the client, to a marketplace whose account ports are the double's with changes. */
async function call(method: string, path: string, body?: string, over: Partial<AccountPorts> = {}) {
  const tags = [
    ['u', `${ORIGIN}${path}`],
    ['method', method],
    ...(body === undefined ? [] : [['payload', createHash('sha256').update(body).digest('hex')]]),
  ];
  const authorization = httpToken('client', `${ORIGIN}${path}`, method, NOW_MS, { tags });
  const fixture = httpFixture({ account: accountDouble(over) });
  const init = { method, headers: { authorization }, ...(body === undefined ? {} : { body }) };
  const response = await fixture.app.request(path, init);
  return { ...fixture, response, json: await response.json() };
}

const refund = (body: object | string, over: Partial<AccountPorts> = {}) =>
  call('POST', '/account/refunds', typeof body === 'string' ? body : JSON.stringify(body), over);

describe('GET /account', () => {
  test("says what stands on the signer's account, for nobody to keep", async () => {
    const { response, json } = await call('GET', '/account');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(json).toEqual({
      pubkey: person('client').publicKey,
      credit_msats: 21_500,
      owing_msats: 0,
      set_aside_msats: 9,
      refunds: [],
    });
  });
});

describe('POST /account/invoices', () => {
  test('answers with an invoice for what was asked', async () => {
    const { response, json } = await call('POST', '/account/invoices', '{"amount_msats":5000}');
    expect(response.status).toBe(201);
    expect(json).toEqual({
      bolt11: invoiceFor(msats(5_000)),
      payment_hash: 'ab'.repeat(32),
      expires_at: 1_800_000_900,
    });
  });

  test.each(['{}', '{"amount_msats":999}', '{"amount_msats":1000.5}', '{"amount_msats":"5000"}', 'x', '[]'])(
    'refuses %s',
    async (body) => {
      const { response, json } = await call('POST', '/account/invoices', body);
      expect([response.status, json.code]).toEqual([400, 'BAD_REQUEST']);
    },
  );

  test('is limited by the hour', async () => {
    const { response, json } = await call('POST', '/account/invoices', '{"amount_msats":5000}', {
      leave: async () => NOW_MS + 90_500,
    });
    expect([response.status, json.code]).toEqual([429, 'RATE_LIMIT_EXCEEDED']);
    expect(response.headers.get('retry-after')).toBe('91');
  });
});

describe('POST /account/refunds', () => {
  test('without a body sends whole sats of all credit to the address in the profile', async () => {
    const { response, json } = await refund('');
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe(`${ORIGIN}/account/refunds/${json.id}`);
    expect(json).toMatchObject({ state: 'waiting', amount_msats: 21_000, lud16: ADDRESS });
  });

  test('to an address sends what was asked, up to the last msat', async () => {
    const { json } = await refund({ lud16: ' Bob@Pay.Example ', amount_msats: 21_500 });
    expect(json).toMatchObject({ amount_msats: 21_500, lud16: 'bob@pay.example' });
  });

  test('to a wallet asks it for one invoice, and keeps nothing of its string', async () => {
    const asked: [string, bigint][] = [];
    const paid: string[] = [];
    const { json, logged } = await refund(
      { nwc: SECRET_URI, amount_msats: 2_000 },
      {
        guestInvoice: async (uri, amount) => {
          asked.push([uri, amount]);
          return invoiceFor(amount);
        },
        refundBy: async (client, bolt11) => {
          paid.push(bolt11);
          return accountDouble().refundBy(client, bolt11);
        },
      },
    );
    expect(asked).toEqual([[SECRET_URI, 2_000n]]);
    expect(paid).toEqual([invoiceFor(msats(2_000))]);
    expect(JSON.stringify([json, logged])).not.toContain('5'.repeat(64));
  });

  test('a string that breaks something is not quoted', async () => {
    for (const body of [
      `{"nwc": "${SECRET_URI}", "lud16": "${ADDRESS}"}`,
      `{"nwc": "${SECRET_URI}`,
      `{"${SECRET_URI}": 1}`,
      `{"nwc": ["${SECRET_URI}"]}`,
    ]) {
      const { response, json, logged } = await refund(body);
      expect(response.status, body).toBe(400);
      expect(JSON.stringify([json, logged]), body).not.toContain('5'.repeat(64));
    }
    const broken = await refund(
      { nwc: SECRET_URI },
      {
        guestInvoice: async () => {
          throw new Error('socket closed');
        },
      },
    );
    expect(broken.response.status).toBe(500);
    expect(JSON.stringify([broken.json, broken.logged])).not.toContain('5'.repeat(64));
  });

  test('to an invoice takes it as a URI too, and only for what it asks', async () => {
    const bolt11 = invoiceFor(msats(3_000));
    const taken: string[] = [];
    const over: Partial<AccountPorts> = {
      refundBy: async (client, text) => {
        taken.push(text);
        return accountDouble().refundBy(client, text);
      },
    };
    await refund({ bolt11: `lightning:${bolt11.toUpperCase()}`, amount_msats: 3_000 }, over);
    expect(taken).toEqual([bolt11]);
    const other = await refund({ bolt11, amount_msats: 3_001 }, over);
    expect([other.response.status, other.json.details]).toEqual([400, { reason: 'amount' }]);
    expect((await refund({ bolt11: `${bolt11}x` }, over)).response.status).toBe(400);
    expect(taken).toHaveLength(1);
  });

  test('more than there is, or than is left beside a debt, is refused before anybody is asked', async () => {
    const never: Partial<AccountPorts> = {
      guestInvoice: async () => {
        throw new Error('asked');
      },
    };
    const statement = (owing: bigint): Partial<AccountPorts> => ({
      ...never,
      statement: async () => ({ credit: CREDIT, owing: msats(owing), setAside: msats(0), refunds: [] }),
    });
    for (const [body, over, available_msats] of [
      [{ nwc: SECRET_URI, amount_msats: 21_501 }, never, 21_500],
      [{ nwc: SECRET_URI }, statement(21_000n), 500],
      [{ lud16: ADDRESS }, statement(30_000n), 0],
    ] as const) {
      const { response, json } = await refund(body, over);
      expect([response.status, json.code, json.details]).toEqual([
        402,
        'INSUFFICIENT_FUNDS',
        { available_msats },
      ]);
    }
  });

  test('is refused without a destination, and while another is under way', async () => {
    const nowhere = await refund({}, { profileAddress: async () => null });
    expect([nowhere.response.status, nowhere.json.code]).toEqual([400, 'BAD_REQUEST']);
    const double = accountDouble();
    await double.refundTo('client', ADDRESS, msats(1_000));
    const second = await refund({ nwc: SECRET_URI }, { statement: double.statement });
    expect(second.json.details).toEqual({ reason: 'refund_open', id: 'to-0' });
  });
});

test('an account needs a signature, for this very request', async () => {
  const { app } = httpFixture();
  for (const [method, path] of [
    ['GET', '/account'],
    ['POST', '/account/invoices'],
    ['POST', '/account/refunds'],
    ['GET', '/account/refunds/x'],
    ['DELETE', '/account/refunds/x'],
  ] as const) {
    expect((await app.request(path, { method })).status, path).toBe(401);
    const authorization = httpToken('client', `${ORIGIN}${path}/`, method, NOW_MS);
    expect((await app.request(path, { method, headers: { authorization } })).status, path).toBe(401);
  }
  // The body is part of what is signed: a token for another one is worth nothing.
  const tags = [
    ['u', `${ORIGIN}/account/refunds`],
    ['method', 'POST'],
    ['payload', createHash('sha256').update('{}').digest('hex')],
  ];
  const authorization = httpToken('client', '', 'POST', NOW_MS, { tags });
  const moved = await app.request('/account/refunds', {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify({ lud16: 'thief@pay.example' }),
  });
  expect(moved.status).toBe(401);
});

test('pages of other origins may post', async () => {
  const { app } = httpFixture();
  const response = await app.request('/account/refunds', {
    method: 'OPTIONS',
    headers: { origin: 'https://wallet.example', 'access-control-request-method': 'POST' },
  });
  expect(response.headers.get('access-control-allow-methods')).toContain('POST');
});
