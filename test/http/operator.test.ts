/**
 * Goal: only the operator sees the books, and what is told of them is what was found. Method: the app over doubles of
 * its ports, tokens by made-up people. Does not prove the comparison itself (test/payment/ledger-check.test.ts).
 */
import { describe, expect, test } from 'vitest';
import { LEDGER_CHECK_GRACE_S } from '../../src/limits.ts';
import { msats } from '../../src/payment/msats.ts';
import type { WalletTransaction } from '../../src/payment/wallet.ts';
import { insertLedgerLines } from '../../src/store/ledger.ts';
import { httpFixture, NOW_MS, OPERATOR, QUIET_WALLET } from '../support/http.ts';
import { httpToken } from '../support/http-token.ts';
import { hexOf } from '../support/records.ts';

const PATH = '/operator/ledger';

type App = ReturnType<typeof httpFixture>['app'];

async function ask(app: App, { who = OPERATOR, query = '', at_ms = NOW_MS } = {}) {
  const authorization = httpToken(who, `https://market.example${PATH}${query}`, 'GET', at_ms);
  return await app.request(`${PATH}${query}`, { headers: { authorization } });
}

/** A payment the books do not know, settled so long ago, s. */
function foreign(age_s: number): WalletTransaction {
  return {
    direction: 'incoming',
    state: 'settled',
    paymentHash: hexOf(5),
    amount: msats(7_500),
    fees: msats(0),
    bolt11: null,
    preimage: null,
    createdAt_s: NOW_MS / 1_000 - age_s,
    expiresAt_s: null,
    settledAt_s: NOW_MS / 1_000 - age_s,
    settleDeadline: null,
  };
}

function withForeign(age_s: number) {
  return httpFixture({
    wallet: { ...QUIET_WALLET, list: async () => ({ type: 'ok', value: [foreign(age_s)] }) },
  });
}

describe('GET /operator/ledger', () => {
  test('tells the operator how books and wallet stand', async () => {
    const { app, d1, logged } = httpFixture();
    await insertLedgerLines(d1.db, [
      { key: 'deposit:opening', account: 'wallet', amount_msats: 400, at_ms: 1 },
      { key: 'deposit:opening', account: 'capital', amount_msats: -400, at_ms: 1 },
    ]);
    const response = await ask(app);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      checked_at_ms: NOW_MS,
      grace_s: LEDGER_CHECK_GRACE_S,
      complete: true,
      payments: 0,
      sum_msats: 0,
      balances: { wallet: 400, capital: 400 },
      wallet_balance_msats: 1_000,
      own_money_msats: 600,
      differences: [],
      pending: [],
      notes: [
        {
          code: 'own_money',
          payment_hash: null,
          about: 'wallet',
          books_msats: 400,
          wallet_msats: 1_000,
          text: "the wallet holds 0.6 sats beside the books: the operator's own",
        },
      ],
    });
    expect(logged).toEqual([]);
  });

  test('names a difference, and the log has it too', async () => {
    const { app, logged } = withForeign(1_000);
    const { differences } = await (await ask(app)).json();
    expect(differences).toMatchObject([
      { code: 'unknown_incoming', payment_hash: hexOf(5), books_msats: null, wallet_msats: 7_500 },
    ]);
    expect(logged).toMatchObject([{ level: 'warn', message: expect.stringContaining('7.5 sats') }]);
  });

  test('leaves open what is younger than asked for', async () => {
    const young = withForeign(10);
    expect(await (await ask(young.app)).json()).toMatchObject({
      differences: [],
      pending: [{ code: 'unknown_incoming' }],
    });
    const { app } = withForeign(10);
    expect(await (await ask(app, { query: '?grace_s=10' })).json()).toMatchObject({
      grace_s: 10,
      differences: [{ code: 'unknown_incoming' }],
      pending: [],
    });
  });

  test.each(['?grace_s=x', '?grace_s=86401', '?grace=1'])('refuses %s', async (query) => {
    const response = await ask(httpFixture().app, { query });
    expect(response.status).toBe(400);
    expect((await response.json()).code).toBe('BAD_REQUEST');
  });

  test('is for nobody else, and for nobody twice', async () => {
    const { app } = httpFixture();
    const without = await app.request(PATH);
    expect(without.status).toBe(401);
    expect(without.headers.get('www-authenticate')).toBe('Nostr');
    const other = await ask(app, { who: 'client' });
    expect(other.status).toBe(403);
    expect((await other.json()).code).toBe('FORBIDDEN');
    expect((await ask(app, { at_ms: NOW_MS - 120_000 })).status).toBe(401);
    const authorization = httpToken(OPERATOR, `https://market.example${PATH}`, 'GET', NOW_MS);
    const twice = [1, 2].map(async () => await app.request(PATH, { headers: { authorization } }));
    expect((await Promise.all(twice)).map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  test('is not there where no operator is named', async () => {
    const response = await ask(httpFixture({ operatorPubkey: null }).app);
    expect(response.status).toBe(404);
    expect((await response.json()).detail).toContain('OPERATOR_PUBKEY');
  });

  test.each([
    [
      'answers nothing',
      { ...QUIET_WALLET, balance: async () => ({ type: 'unknown', reason: 'late' }) as const },
    ],
    ['is not there', null],
  ])('says that it could not compare when the wallet %s', async (_what, wallet) => {
    const response = await ask(httpFixture({ wallet }).app);
    expect(response.status).toBe(503);
    const { code, detail } = await response.json();
    expect(code).toBe('SERVICE_UNAVAILABLE');
    expect(detail).toContain('wallet');
  });
});
