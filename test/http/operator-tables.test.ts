/**
 * Goal: the operator, and nobody else, sees every table as JSON and CSV, and keeps keys out. Method: the app over a real
 * database in memory and doubles of the other parts. Does not prove that a block reaches relay and sessions (test/e2e/panels).
 */
import { describe, expect, test } from 'vitest';
import { TABLES } from '../../src/http/operator/tables.ts';
import type { HttpPorts } from '../../src/http/ports.ts';
import type { OperatorPorts } from '../../src/http/ports-operator.ts';
import { OperatorTable, OperatorTables } from '../../src/http/schemas-operator.ts';
import * as limits from '../../src/limits.ts';
import { msats } from '../../src/payment/msats.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { insertLedgerLines } from '../../src/store/ledger.ts';
import { person } from '../support/events.ts';
import { httpFixture, NOW_MS, OPERATOR } from '../support/http.ts';
import { operatorDouble } from '../support/operator-double.ts';
import { hexOf, jobRecord } from '../support/records.ts';
import { signedRequest } from '../support/signed-request.ts';

type Fixture = ReturnType<typeof httpFixture>;

async function ask(fixture: Fixture, path: string, who = OPERATOR) {
  return await fixture.app.request(path, signedRequest(who, 'GET', path, NOW_MS));
}

async function table(fixture: Fixture, name: string) {
  const response = await ask(fixture, `/operator/tables/${name}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-store');
  return OperatorTable.parse(await response.json());
}

/** A fixture with some levers replaced. */
function withOperator(over: Partial<OperatorPorts>, ports: Partial<HttpPorts> = {}): Fixture {
  const fixture = httpFixture();
  return httpFixture({ db: fixture.d1.db, operator: operatorDouble(fixture.d1.db, over), ...ports });
}

describe('GET /operator/tables', () => {
  test('has all tables, each with a column for whatever its rows hold', async () => {
    const owner = { id: 'p', state: 'paid', amount: msats(56_000), destination: 'a@b.example' } as const;
    const fixture = withOperator({
      blockedByConfiguration: [hexOf(4)],
      backlog: async () => [
        { target: 'wss://r.example', owed: 2, attempts: 3, next_ms: NOW_MS, refused: 0, reason: null },
      ],
      owners: async () => [
        {
          payee: 'a@b.example',
          agents: ['discover'],
          owed: msats(700),
          payouts: [{ ...owner, problem: null, openedAt_ms: 1, closedAt_ms: 2 }],
        },
      ],
    });
    const { db } = fixture.ports;
    await upsertJobs(db, [
      jobRecord(1, { phase: 'running', closedAt_ms: null }),
      jobRecord(2, { phase: 'failed', error: 'TIMEOUT' }),
      jobRecord(3),
    ]);
    await insertLedgerLines(db, [
      { key: 'deposit:x', account: 'wallet', amount_msats: 400, at_ms: 1 },
      { key: 'deposit:x', account: 'capital', amount_msats: -400, at_ms: 1 },
    ]);
    const { tables } = OperatorTables.parse(await (await ask(fixture, '/operator/tables')).json());
    expect(tables.map(({ name }) => name)).toEqual(TABLES.map(({ name }) => name));
    for (const { name, columns, rows, problem } of tables) {
      expect(problem, name).toBeNull();
      const known = columns.map((column) => column.name);
      for (const row of rows) expect(known, name).toEqual(expect.arrayContaining(Object.keys(row)));
    }
    const rowsOf = (name: string) => tables.find((one) => one.name === name)?.rows;
    expect(rowsOf('balances')).toMatchObject([
      { account: 'capital', amount: 400 },
      { account: 'wallet', amount: 400 },
    ]);
    expect(rowsOf('owners')).toEqual([{ payee: 'a@b.example', agents: 'discover', owed: 700 }]);
    expect(rowsOf('payouts')).toMatchObject([{ payee: 'a@b.example', state: 'paid', amount: 56_000 }]);
    expect(rowsOf('relays')).toMatchObject([{ url: 'wss://relay.example', silent_ms: 1_500, lag_ms: 4_000 }]);
    expect(rowsOf('sessions')).toMatchObject([{ job: hexOf(1), phase: 'running' }]);
    expect(rowsOf('phases')).toMatchObject([{ agent: 'discover', phase: 'running', jobs: 1 }]);
    expect(rowsOf('errors')).toMatchObject([{ job: hexOf(2), code: 'TIMEOUT' }]);
    expect(rowsOf('error-codes')).toMatchObject([{ agent: 'discover', code: 'TIMEOUT', jobs: 1 }]);
    expect(rowsOf('outbox')).toHaveLength(3);
    expect(rowsOf('blocked')).toEqual([{ pubkey: hexOf(4), by: 'configuration' }]);
    expect(rowsOf('limits')).toContainEqual({
      name: 'RELAY_MAX_EVENT_BYTES',
      value: limits.RELAY_MAX_EVENT_BYTES,
      unit: 'bytes',
    });
  });

  test('a part that does not answer costs its own table only', async () => {
    const fixture = withOperator(
      {},
      {
        links: async () => {
          throw new Error('gone');
        },
      },
    );
    const { tables } = OperatorTables.parse(await (await ask(fixture, '/operator/tables')).json());
    expect(tables.filter(({ problem }) => problem !== null).map(({ name }) => name)).toEqual(['relays']);
    expect(fixture.logged).toMatchObject([{ message: expect.stringContaining('relays') }]);
  });

  test.each(['/operator/tables', '/operator/tables/limits', '/operator/tables/limits?format=csv'])(
    '%s is for the operator alone',
    async (path) => {
      const fixture = httpFixture();
      expect((await fixture.app.request(path)).status).toBe(401);
      expect((await ask(fixture, path, 'client')).status).toBe(403);
      expect((await ask(fixture, path)).status).toBe(200);
      expect((await ask(httpFixture({ operatorPubkey: null }), path)).status).toBe(404);
    },
  );

  test('there is no table of another name', async () => {
    expect((await ask(httpFixture(), '/operator/tables/secrets')).status).toBe(404);
  });
});

test('a table as CSV has the same rows, and no text that a spreadsheet takes for a formula', async () => {
  const fixture = httpFixture();
  const path = '/operator/blocked';
  const said = '=HYPERLINK("http://x"),\n2nd';
  const body = JSON.stringify({ pubkey: hexOf(5), reason: said });
  expect((await fixture.app.request(path, signedRequest(OPERATOR, 'POST', path, NOW_MS, body))).status).toBe(
    201,
  );
  const response = await ask(fixture, '/operator/tables/blocked?format=csv');
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="blocked.csv"');
  expect(await response.text()).toBe(
    `pubkey,by,reason,at\r\n${hexOf(5)},operator,"'=HYPERLINK(""http://x""),\n2nd",${NOW_MS}\r\n`,
  );
});

describe('the block list', () => {
  const path = '/operator/blocked';
  const post = (fixture: Fixture, body: object, who = OPERATOR) =>
    fixture.app.request(path, signedRequest(who, 'POST', path, NOW_MS, JSON.stringify(body)));
  const remove = (fixture: Fixture, pubkey: string, who = OPERATOR) =>
    fixture.app.request(`${path}/${pubkey}`, signedRequest(who, 'DELETE', `${path}/${pubkey}`, NOW_MS));

  test('takes a key in, twice as once, and out again', async () => {
    const fixture = httpFixture();
    for (const reason of ['spam', 'spam, again'])
      expect((await post(fixture, { pubkey: hexOf(5), reason })).status).toBe(201);
    expect((await table(fixture, 'blocked')).rows).toEqual([
      { pubkey: hexOf(5), by: 'operator', reason: 'spam, again', at: NOW_MS },
    ]);
  });

  test('lets a key in once', async () => {
    const fixture = httpFixture();
    await post(fixture, { pubkey: hexOf(5) });
    expect((await remove(fixture, hexOf(5))).status).toBe(204);
    expect((await table(fixture, 'blocked')).rows).toEqual([]);
    expect((await remove(httpFixture(), hexOf(5))).status).toBe(404);
  });

  test.each([
    [{ pubkey: 'x' }, 'pubkey'],
    [{}, 'pubkey'],
    [{ pubkey: hexOf(5), reason: 'x'.repeat(300) }, 'reason'],
    [{ pubkey: person(OPERATOR).publicKey }, 'your own'],
  ])('refuses %o', async (body, word) => {
    const response = await post(httpFixture(), body);
    expect(response.status).toBe(400);
    expect((await response.json()).detail).toContain(word);
  });

  test('is full at some point, and says so', async () => {
    const fixture = withOperator({ block: async () => false });
    expect((await (await post(fixture, { pubkey: hexOf(5) })).json()).detail).toContain('keys');
  });

  test('is the operator’s alone', async () => {
    const fixture = httpFixture();
    expect((await post(fixture, { pubkey: hexOf(5) }, 'client')).status).toBe(403);
    await post(fixture, { pubkey: hexOf(5) });
    expect((await remove(fixture, hexOf(5), 'client')).status).toBe(403);
    expect((await table(fixture, 'blocked')).rows).toHaveLength(1);
  });
});
