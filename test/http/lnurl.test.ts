import { describe, expect, test } from 'vitest';
import { LNURL_CALLBACKS_BURST, LNURL_COMMENT_CHARS, LNURL_VERIFIES_BURST } from '../../src/limits.ts';
import { sha256Hex, signEvent } from '../../src/nostr/event.ts';
import { fromHex } from '../../src/nostr/hex.ts';
import { readOffer } from '../../src/payment/lnurl/client.ts';
import { msats } from '../../src/payment/msats.ts';
import { zapRequest } from '../../src/payment/zaps/request.ts';
import { httpFixture, paymentDoor } from '../support/http.ts';
import { hexOf } from '../support/records.ts';

/**
 * Goal: the agents' addresses answer as wallets expect, ask for an invoice only for what may be paid, and say no in
 * LNURL's own words, whatever fails. Method: the app over a double of the door to payments. Does not prove that an
 * invoice is paid (test/e2e/zaps.test.ts) nor what becomes of the money (test/payment/zap-desk.test.ts).
 */
const PAYER = fromHex('01'.repeat(32));
const NOW_S = 1_700_000_000;

function fixture(over: Parameters<typeof paymentDoor>[0] = {}) {
  const { door, orders } = paymentDoor(over);
  const { app, ports, logged } = httpFixture({ payments: door });
  const agent = ports.agents.find(({ slug }) => slug === 'discover')?.pubkey ?? '';
  const ask = async (path: string) => {
    const response = await app.request(path);
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const zap = (amount: bigint, recipient = agent, comment = '') =>
    JSON.stringify(
      signEvent(
        zapRequest({ recipient, amount: msats(amount), relays: ['wss://relay.example'], comment }, NOW_S),
        PAYER,
      ),
    );
  return { app, ask, orders, logged, agent, zap };
}

describe('an address', () => {
  test('says how its agent is paid, with everything in the path and for every web page', async () => {
    const { ask } = fixture();
    const { body, headers, status } = await ask('/.well-known/lnurlp/discover');
    expect(status).toBe(200);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(readOffer(body)).toMatchObject({
      callback: 'https://market.example/lnurlp/discover/callback',
      nostrPubkey: hexOf(77),
      min: 1_000n,
      commentAllowed: LNURL_COMMENT_CHARS,
    });
    expect(JSON.parse(body.metadata)).toContainEqual(['text/identifier', 'discover@market.example']);
  });

  test('is not served where there is no wallet, nor for nobody', async () => {
    const none = { status: 'ERROR', reason: 'no such address' };
    for (const path of ['/.well-known/lnurlp/discover', '/lnurlp/discover/callback?amount=1000']) {
      const bare = await httpFixture().app.request(path);
      expect([bare.status, await bare.json()]).toEqual([404, none]);
      const { ask } = fixture();
      expect(await ask(path.replace('discover', 'nobody'))).toMatchObject({ status: 404, body: none });
    }
  });

  test('of an agent that is paid elsewhere says where', async () => {
    const { ask, orders } = fixture({ elsewhere: () => 'agent@provider.example' });
    for (const path of ['/.well-known/lnurlp/discover', '/lnurlp/discover/callback?amount=1000']) {
      expect(await ask(path)).toMatchObject({
        status: 404,
        body: { status: 'ERROR', reason: 'this agent is paid at agent@provider.example' },
      });
    }
    expect(orders).toEqual([]);
  });
});

describe('a callback', () => {
  test('that is only looked at (HEAD) orders nothing', async () => {
    const { orders, app } = fixture();
    const looked = await app.request('/lnurlp/discover/callback?amount=21000', { method: 'HEAD' });
    expect(looked.status).toBe(200);
    expect(orders).toEqual([]);
  });

  test('orders an invoice over the amount that commits to the metadata, and says how to verify it', async () => {
    const { ask, orders } = fixture();
    const { metadata } = (await ask('/.well-known/lnurlp/discover')).body;
    const { body } = await ask('/lnurlp/discover/callback?amount=21000&comment=hello&lnurl=x&nonce=1');
    expect(body).toEqual({
      status: 'OK',
      pr: 'lnbcrt1invoice',
      routes: [],
      verify: `https://market.example/lnurlp/discover/verify/tips/${hexOf(1)}`,
    });
    const order = { amount: 21_000n, comment: 'hello', zap: null, descriptionHash: sha256Hex(metadata) };
    expect(orders).toEqual([{ slug: 'discover', order }]);
  });

  test('orders one for a zap that commits to the request, byte for byte, in both encodings', async () => {
    const { ask, orders, zap, agent } = fixture();
    const raw = zap(21_000n, agent, 'a + b & "c" ü');
    for (const written of [encodeURIComponent(raw), encodeURI(raw)])
      await ask(`/lnurlp/discover/callback?amount=21000&nostr=${written}&lnurl=x`);
    expect(orders.map(({ order }) => [order.zap?.raw, order.descriptionHash])).toEqual([
      [raw, sha256Hex(raw)],
      [raw, sha256Hex(raw)],
    ]);
  });

  test('names the page of the job that it pays (LUD-09)', async () => {
    const { ask } = fixture();
    const { body } = await ask('/lnurlp/discover/callback?amount=21000&comment=job');
    expect(body.successAction).toMatchObject({ tag: 'url', url: `https://market.example/jobs/${hexOf(5)}` });
  });

  test.each([
    'amount=',
    'amount=0',
    'amount=999',
    'amount=10000000001',
    'amount=1000.0',
    'amount=01000',
    'amount=9223372036854775808',
    `amount=1000&comment=${'x'.repeat(LNURL_COMMENT_CHARS + 1)}`,
    'amount=1000&nostr=%7B%7D',
    'nostr=%7B%7D',
  ])('with %s gets no invoice', async (query) => {
    const { ask, orders } = fixture();
    const { status, body } = await ask(`/lnurlp/discover/callback?${query}`);
    expect([status, body.status, orders]).toEqual([200, 'ERROR', []]);
  });

  test('with a zap for somebody else gets no invoice', async () => {
    const { ask, orders, zap } = fixture();
    const query = `amount=21000&nostr=${encodeURIComponent(zap(21_000n, hexOf(9)))}`;
    expect((await ask(`/lnurlp/discover/callback?${query}`)).body.status).toBe('ERROR');
    expect(orders).toEqual([]);
  });

  test.each([
    ['unknown_event', /unknown event/],
    ['busy', /too many/],
    ['unavailable', /try again/],
  ] as const)('that is refused (%s) hears why', async (type, reason) => {
    const { ask } = fixture({ invoice: async () => ({ type }) });
    const { status, body, headers } = await ask('/lnurlp/discover/callback?amount=1000');
    expect([status, body.status, headers.get('cache-control')]).toEqual([200, 'ERROR', 'no-store']);
    expect(body.reason).toMatch(reason);
  });

  test.each([
    ['callback?amount=1000', LNURL_CALLBACKS_BURST],
    [`verify/tips/${'a'.repeat(64)}`, LNURL_VERIFIES_BURST],
  ])('from one address comes only so often (%s); others are not held up', async (what, burst) => {
    const { app } = httpFixture({ payments: paymentDoor().door });
    const ask = async (address: string) => {
      const headers = { 'cf-connecting-ip': address };
      const { reason } = await (await app.request(`/lnurlp/discover/${what}`, { headers })).json();
      return reason !== 'too many requests; slow down';
    };
    for (let i = 0; i < burst; i++) expect(await ask('203.0.113.1')).toBe(true);
    expect(await ask('203.0.113.1')).toBe(false);
    expect(await ask('203.0.113.2')).toBe(true);
  });

  test('hears to try again when something breaks, and the operator hears what', async () => {
    const { ask, logged } = fixture({
      invoice: async () => {
        throw new Error('the object is gone');
      },
    });
    const { body } = await ask('/lnurlp/discover/callback?amount=1000');
    expect(body).toMatchObject({ status: 'ERROR', reason: expect.stringMatching(/try again/) });
    expect(JSON.stringify(body)).not.toContain('object');
    expect(logged).toMatchObject([{ level: 'error', error: new Error('the object is gone') }]);
  });
});

describe('verify (LUD-21)', () => {
  test('tells whether it is paid, and the preimage only then', async () => {
    const path = `/lnurlp/discover/verify/tips/${hexOf(1)}`;
    expect((await fixture().ask(path)).body).toEqual({
      status: 'OK',
      settled: false,
      preimage: null,
      pr: 'lnbcrt1invoice',
    });
    expect((await fixture().ask(path.replace(hexOf(1), hexOf(2)))).body.status).toBe('ERROR');
    expect((await fixture().ask('/lnurlp/discover/verify/tips/..%2f')).body.status).toBe('ERROR');
  });
});
