/** LNURL-pay in both roles: what we answer is what wallets expect, and what strangers answer is believed only if exact. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LNURL_COMMENT_CHARS, PAYOUT_MAX_FINAL_CLTV_BLOCKS } from '../../src/limits.ts';
import { signEvent } from '../../src/nostr/event.ts';
import { fromHex } from '../../src/nostr/hex.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { encodeInvoice, type InvoiceDraft } from '../../src/payment/bolt11/encode.ts';
import { nodeIdOf } from '../../src/payment/bolt11/signature.ts';
import { encodeLnurl, lightningAddressUrl, payUrlOf, sameLnurl } from '../../src/payment/lnurl/address.ts';
import { callbackUrl, type PayOffer, readOffer, readPayAnswer } from '../../src/payment/lnurl/client.ts';
import {
  invoiceResponse,
  payResponse,
  readCallback,
  refusedCallback,
  verifyResponse,
} from '../../src/payment/lnurl/server.ts';
import { msats } from '../../src/payment/msats.ts';
import { settledPayment } from '../../src/payment/settlement.ts';
import { zapRequest } from '../../src/payment/zaps/request.ts';

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const NODE = fromHex('03'.repeat(32));
const PAYER = fromHex('01'.repeat(32));
const NOW = 1_700_000_000;
const endpoint = {
  address: 'discover@market.example',
  description: 'Pay discover "the" agent',
  callback: 'https://market.example/lnurlp/discover/callback',
  recipient: publicKeyOf(fromHex('04'.repeat(32))),
  nostrPubkey: publicKeyOf(fromHex('02'.repeat(32))),
};

describe('names of endpoints', () => {
  test.each([
    ['satoshi@bitcoin.org', 'https://bitcoin.org/.well-known/lnurlp/satoshi'],
    [' Satoshi@Bitcoin.org ', 'https://bitcoin.org/.well-known/lnurlp/satoshi'],
    ['a.b-c_d+tag@x.example:8443', 'https://x.example:8443/.well-known/lnurlp/a.b-c_d+tag'],
  ])('%s', (address, url) => {
    expect(lightningAddressUrl(address)).toBe(url);
    expect(payUrlOf(address)).toBe(url);
  });

  test.each([
    '',
    'satoshi',
    '@bitcoin.org',
    'satoshi@',
    'a@b@c.org',
    'a/../b@c.org',
    'a@b.org/path',
    'a@b.org?x',
    'a@b.org#x',
    'a@user:pass@b.org',
    'a@[::1]',
    'a@0x7f000001',
    'a@127.1',
    'a@b.org:443',
    'a@b.org:99999',
    'ü@b.org',
    `${'a'.repeat(65)}@b.org`,
  ])('%s is none, or not in its plain spelling', (address) => {
    expect(lightningAddressUrl(address)).toBeNull();
  });

  test('LUD-01 and LUD-17 and NIP-57 spell the same endpoint', () => {
    const url = 'https://service.example/api?q=3fc3645b439ce8e7';
    expect(payUrlOf(encodeLnurl(url))).toBe(url);
    expect(payUrlOf(`lightning:${encodeLnurl(url).toUpperCase()}`)).toBe(url);
    expect(payUrlOf('lnurlp://service.example/api?q=3fc3645b439ce8e7')).toBe(url);
    expect(sameLnurl('a@b.example', encodeLnurl('https://b.example/.well-known/lnurlp/a'))).toBe(true);
    expect(sameLnurl('a@b.example', 'c@b.example')).toBe(false);
    expect(sameLnurl('nonsense', 'nonsense')).toBe(false);
  });

  test.each([
    'lnurl1broken',
    encodeLnurl('file:///etc/passwd'),
    encodeLnurl('not a url'),
    'https://',
    `https://x.example/${'a'.repeat(3_000)}`,
  ])('broken: %s', (text) => {
    expect(payUrlOf(text)).toBeNull();
  });

  // From the example in NIP-57, Appendix A.
  test('decodes the lnurl of a published zap', () => {
    const lnurl = 'lnurl1dp68gurn8ghj7um5v93kketj9ehx2amn9uh8wetvdskkkmn0wahz7mrww4excup0dajx2mrv92x9xp';
    expect(payUrlOf(lnurl)).toBe('https://stacker.news/.well-known/lnurlp/odell');
    expect(encodeLnurl('https://stacker.news/.well-known/lnurlp/odell')).toBe(lnurl);
  });
});

describe('our endpoint', () => {
  const pay = payResponse(endpoint);

  test('says what LUD-06, 12, 16 and NIP-57 want to hear', () => {
    expect(pay).toMatchObject({
      tag: 'payRequest',
      callback: endpoint.callback,
      allowsNostr: true,
      nostrPubkey: endpoint.nostrPubkey,
      commentAllowed: LNURL_COMMENT_CHARS,
    });
    expect(JSON.parse(pay.metadata)).toEqual([
      ['text/plain', endpoint.description],
      ['text/identifier', endpoint.address],
    ]);
    expect(readOffer(JSON.parse(JSON.stringify(pay)))).toMatchObject({ nostrPubkey: endpoint.nostrPubkey });
  });

  test('asks for an invoice that commits to the metadata, or to the zap request alone', () => {
    expect(readCallback('amount=21000&comment=hello', endpoint)).toEqual({
      amount: 21_000n,
      comment: 'hello',
      zap: null,
      descriptionHash: sha256(pay.metadata),
    });
    const template = zapRequest(
      { recipient: endpoint.recipient, amount: msats(21_000), relays: ['wss://r.example'] },
      NOW,
    );
    const raw = JSON.stringify(signEvent(template, PAYER), null, 2);
    const query = `amount=21000&nostr=${encodeURIComponent(raw)}`;
    expect(readCallback(query, endpoint)).toMatchObject({ descriptionHash: sha256(raw), zap: { raw } });
  });

  test.each([
    ['amount_malformed', ''],
    ['amount_malformed', 'amount='],
    ['amount_malformed', 'amount=1.5'],
    ['amount_malformed', 'amount=-1000'],
    ['amount_malformed', 'amount=1e6'],
    ['amount_malformed', 'amount=9223372036854775808'],
    ['amount_out_of_range', 'amount=0'],
    ['amount_out_of_range', 'amount=999'],
    ['amount_out_of_range', 'amount=9007199254740991'],
    ['comment_too_long', `amount=1000&comment=${'x'.repeat(256)}`],
    ['zap_not_json', 'amount=1000&nostr=x'],
  ])('refuses: %s (%#)', (refusal, query) => {
    const read = readCallback(query, endpoint);
    expect(read).toBe(refusal);
    if (typeof read === 'string') expect(refusedCallback(read)).toMatchObject({ status: 'ERROR' });
  });

  test('tells the preimage when the money is there, and not before (LUD-21)', () => {
    const preimage = 'ee'.repeat(32);
    const paymentHash = sha256(fromHex(preimage));
    const payment = settledPayment(
      {
        direction: 'incoming',
        state: 'settled',
        paymentHash,
        amount: msats(1_000),
        fees: msats(0),
        bolt11: null,
        preimage,
        createdAt_s: NOW,
        expiresAt_s: null,
        settledAt_s: NOW,
        settleDeadline: null,
      },
      { paymentHash, amount: msats(1_000) },
      NOW,
    );
    if (typeof payment === 'string') throw new Error(payment);
    expect(verifyResponse('lnbc1', null)).toEqual({
      status: 'OK',
      settled: false,
      preimage: null,
      pr: 'lnbc1',
    });
    expect(verifyResponse('lnbc1', payment)).toEqual({ status: 'OK', settled: true, preimage, pr: 'lnbc1' });
    expect(invoiceResponse('lnbc1', 'https://v', { tag: 'message', message: 'thanks' })).toEqual({
      status: 'OK',
      pr: 'lnbc1',
      routes: [],
      verify: 'https://v',
      successAction: { tag: 'message', message: 'thanks' },
    });
  });
});

const metadata = '[["text/plain","to the owner"]]';
const answer = {
  tag: 'payRequest',
  callback: 'https://pay.example/cb?id=7',
  minSendable: 1_000,
  maxSendable: 50_000_000,
  metadata,
  commentAllowed: 5,
  unknown: 'member',
};

function offered(change: object = {}): PayOffer {
  const offer = readOffer({ ...answer, ...change });
  if ('refusal' in offer) throw new Error(offer.reason);
  return offer;
}

describe("another's endpoint", () => {
  test('is read', () => {
    expect(offered()).toEqual({
      callback: answer.callback,
      min: 1_000n,
      max: 50_000_000n,
      metadata,
      commentAllowed: 5,
      nostrPubkey: null,
    });
    expect(offered({ allowsNostr: true, nostrPubkey: endpoint.nostrPubkey }).nostrPubkey).toBe(
      endpoint.nostrPubkey,
    );
    expect(offered({ allowsNostr: true, nostrPubkey: 'npub1' }).nostrPubkey).toBeNull();
    expect(offered({ nostrPubkey: endpoint.nostrPubkey }).nostrPubkey).toBeNull();
  });

  test.each([
    ['endpoint_error', { status: 'ERROR', reason: 'no such user' }],
    ['endpoint_error', { status: 'error' }],
    ['malformed', null],
    ['malformed', 'text'],
    ['malformed', []],
    ['malformed', { ...answer, tag: 'withdrawRequest' }],
    ['malformed', { ...answer, callback: 'javascript:alert(1)' }],
    ['malformed', { ...answer, callback: '/relative' }],
    ['malformed', { ...answer, minSendable: 0 }],
    ['malformed', { ...answer, minSendable: 1.5 }],
    ['malformed', { ...answer, minSendable: '1000' }],
    ['malformed', { ...answer, minSendable: 60_000_000 }],
    ['malformed', { ...answer, maxSendable: 2 ** 63 }],
    ['malformed', { ...answer, metadata: 'text' }],
    ['malformed', { ...answer, metadata: '{}' }],
    ['malformed', { ...answer, metadata: '[]' }],
    ['malformed', { ...answer, metadata: '[["text/plain","a"],["text/plain","b"]]' }],
    ['malformed', { ...answer, metadata: '["text/plain","a"]' }],
  ])('is refused as %s (%#)', (refusal, value) => {
    expect(readOffer(value)).toMatchObject({ refusal });
  });

  test('is asked within its own terms', () => {
    const url = callbackUrl(offered(), { amount: msats(2_000), comment: 'payout 17' });
    expect(String(url)).toBe('https://pay.example/cb?id=7&amount=2000&comment=payou');
    expect(callbackUrl(offered(), { amount: msats(999) })).toBe('amount_out_of_range');
    expect(callbackUrl(offered(), { amount: msats(50_000_001) })).toBe('amount_out_of_range');
    const zap = { raw: '{"a":"+&#"}', lnurl: 'lnurl1x' };
    expect(callbackUrl(offered(), { amount: msats(2_000), zap })).toBe('no_zaps');
    const zapped = callbackUrl(offered({ allowsNostr: true, nostrPubkey: endpoint.nostrPubkey }), {
      amount: msats(2_000),
      zap,
    });
    expect(zapped instanceof URL && zapped.searchParams.get('nostr')).toBe(zap.raw);
  });

  const terms = { network: 'mainnet', now_s: NOW, ownNode: null } as const;
  const invoice = (change: Partial<InvoiceDraft> = {}) =>
    encodeInvoice(
      {
        network: 'mainnet',
        amount: msats(2_000),
        timestamp_s: NOW,
        paymentHash: '11'.repeat(32),
        paymentSecret: '22'.repeat(32),
        description: null,
        descriptionHash: sha256(metadata),
        ...change,
      },
      NODE,
    ).text;
  const read = (value: unknown, change: object = {}) =>
    readPayAnswer(value, offered(), { amount: msats(2_000) }, { ...terms, ...change });

  test('gives an invoice', () => {
    expect(read({ pr: invoice(), routes: [] })).toMatchObject({ amount: 2_000n });
    expect(read({ pr: invoice(), successAction: null })).toMatchObject({ amount: 2_000n });
    expect(read({ pr: invoice(), successAction: { tag: 'message', message: 'm' } })).toMatchObject({
      amount: 2_000n,
    });
  });

  test('gives an invoice for a zap that commits to the request', () => {
    const zap = { raw: '{"zap":1}', lnurl: 'lnurl1x' };
    const order = { amount: msats(2_000), zap };
    expect(
      readPayAnswer({ pr: invoice({ descriptionHash: sha256(zap.raw) }) }, offered(), order, terms),
    ).toMatchObject({ amount: 2_000n });
    expect(readPayAnswer({ pr: invoice() }, offered(), order, terms)).toEqual({
      refusal: 'invoice',
      reason: 'description_hash',
    });
  });

  test.each([
    ['amount', { pr: invoice({ amount: msats(2_001) }) }],
    ['amount', { pr: invoice({ amount: null }) }],
    ['network', { pr: invoice({ network: 'regtest' }) }],
    ['description_hash', { pr: invoice({ descriptionHash: sha256('other') }) }],
    ['description_hash', { pr: invoice({ descriptionHash: null, description: metadata }) }],
    ['expired', { pr: invoice({ timestamp_s: NOW - 4_000 }) }],
    ['expired', { pr: invoice({ expiry_s: 30 }) }],
    ['final_cltv', { pr: invoice({ minFinalCltv: PAYOUT_MAX_FINAL_CLTV_BLOCKS + 1 }) }],
    ['encoding', { pr: 'lnbc1nonsense' }],
  ])('is not paid when its invoice differs: %s (%#)', (reason, value) => {
    expect(read(value)).toEqual({ refusal: 'invoice', reason });
  });

  test('is not paid when the invoice is our own', () => {
    expect(read({ pr: invoice() }, { ownNode: nodeIdOf(NODE) })).toEqual({
      refusal: 'invoice',
      reason: 'own_invoice',
    });
  });

  test.each([
    ['endpoint_error', { status: 'ERROR', reason: 'wallet offline' }],
    ['malformed', {}],
    ['malformed', { pr: '' }],
    ['malformed', { pr: 7 }],
    ['malformed', null],
    ['success_action', { pr: invoice(), successAction: { tag: 'launch' } }],
    ['success_action', { pr: invoice(), successAction: 'pay me' }],
  ])('is refused as %s (%#)', (refusal, value) => {
    expect(read(value)).toMatchObject({ refusal });
  });
});
