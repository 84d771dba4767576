/**
 * Goal: a Lightning address is asked through the guarded door only, and what comes back is an invoice for what was
 * ordered or a code (LIGHTNING §7.1: LNURL payouts need SSRF guards). Method: the real guard over an answering fetch.
 */
import { describe, expect, test } from 'vitest';
import { safeFetch } from '../../src/net/safe-fetch.ts';
import { sha256Hex } from '../../src/nostr/event.ts';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import { endpointOf, lnurlPayee } from '../../src/payment/lnurl/payee.ts';
import { msats } from '../../src/payment/msats.ts';
import { draft, NODE, NOW } from './payout-model.ts';

const METADATA = JSON.stringify([['text/plain', 'Ann']]);
const OFFER = {
  tag: 'payRequest',
  callback: 'https://pay.dev/callback/ann',
  minSendable: 1_000,
  maxSendable: 50_000,
  metadata: METADATA,
};
const AMOUNT = msats(18_000);
const TERMS = { network: 'regtest', ownNode: null, now_s: NOW / 1_000 } as const;
const invoice = (changes = {}) =>
  encodeInvoice(
    { ...draft, amount: AMOUNT, description: null, descriptionHash: sha256Hex(METADATA), ...changes },
    NODE,
  );

type Answer = object | string | Response;

/** A deployment at https://market.example whose world answers these URLs and resolves these names. */
function payeeIn(
  answers: Readonly<Record<string, Answer>>,
  addresses: Readonly<Record<string, string>> = {},
) {
  const asked: string[] = [];
  const guard = { allowPrivate: false, ownHosts: ['market.example'] };
  const payee = lnurlPayee({
    guard,
    async read(url) {
      const fetched = await safeFetch(url, {
        ...guard,
        resolve: async (host) => [addresses[host] ?? '93.184.216.34'],
        async fetch(input) {
          const href = String(input);
          asked.push(href);
          const answer = answers[href.replace(/\?.*/, '')];
          if (answer instanceof Response) return answer;
          if (answer === undefined) return new Response('', { status: 404 });
          const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
          return new Response(text, { headers: { 'content-type': 'application/json' } });
        },
      });
      return fetched.text;
    },
  });
  return { payee, asked };
}

const ANN = 'https://pay.dev/.well-known/lnurlp/ann';

describe('a Lightning address', () => {
  test('is asked for an offer, then for an invoice', async () => {
    const made = invoice();
    const { payee, asked } = payeeIn({ [ANN]: OFFER, [OFFER.callback]: { pr: made.text, routes: [] } });
    const offer = await payee.offer('ann@pay.dev');
    if ('problem' in offer) throw new Error(offer.problem);
    expect(await payee.invoice(offer, { amount: AMOUNT }, TERMS)).toEqual(made);
    expect(asked).toEqual([ANN, `${OFFER.callback}?amount=18000`]);
  });

  test.each([
    ['ann@127.0.0.1', 'url_private'],
    ['ann@127.0.0.1:8080', 'url_private'],
    ['ann@10.0.0.1', 'url_private'],
    ['ann@169.254.169.254', 'url_private'],
    ['ann@localhost', 'url_private'],
    ['ann@router.lan', 'url_private'],
    ['ann@market.example', 'url_own_host'],
    ['ann@api.market.example', 'url_own_host'],
    ['ann@pay.dev:22', 'url_port'],
    ['ann', 'no_address'],
    ['ann@pay.dev/../x', 'no_address'],
    ['ann@[::1]', 'no_address'],
  ])('at %s is not asked', async (address, problem) => {
    const { payee, asked } = payeeIn({});
    expect(payee.refusal(address)).toBe(problem);
    expect(await payee.offer(address)).toEqual({ problem });
    expect(asked).toEqual([]);
  });

  test('whose name, redirect or callback leads inside is not followed', async () => {
    const inside = payeeIn(
      { 'https://rebind.dev/.well-known/lnurlp/ann': OFFER },
      { 'rebind.dev': '10.0.0.7' },
    );
    expect(await inside.payee.offer('ann@rebind.dev')).toEqual({ problem: 'url_private' });
    expect(inside.asked).toEqual([]);

    const location = 'http://169.254.169.254/latest';
    const redirect = new Response(null, { status: 302, headers: { location } });
    const sent = payeeIn({ [ANN]: redirect });
    expect(await sent.payee.offer('ann@pay.dev')).toMatchObject({
      problem: expect.stringMatching(/^url_/),
    });
    expect(sent.asked).toEqual([ANN]);

    const callback = 'http://127.0.0.1:9000/pay';
    const called = payeeIn({ [ANN]: { ...OFFER, callback } });
    const offer = await called.payee.offer('ann@pay.dev');
    if ('problem' in offer) throw new Error(offer.problem);
    expect(await called.payee.invoice(offer, { amount: AMOUNT }, TERMS)).toMatchObject({
      problem: expect.stringMatching(/^url_/),
    });
    expect(called.asked).toEqual([ANN]);
  });

  test.each([
    ['nothing', '', 'malformed'],
    ['a page', '<html>', 'malformed'],
    ['another offer', { ...OFFER, tag: 'withdrawRequest' }, 'malformed'],
    ['an error', { status: 'ERROR', reason: 'secret reason' }, 'endpoint_error'],
  ])('that answers %s has no offer', async (_, answer, problem) => {
    const { payee } = payeeIn({ [ANN]: answer });
    expect(await payee.offer('ann@pay.dev')).toEqual({ problem });
    expect(await payeeIn({}).payee.offer('ann@pay.dev')).toEqual({ problem: 'url_status' });
  });

  test.each([
    [{ amount: msats(18_001) }, 'invoice_amount'],
    [{ descriptionHash: 'ab'.repeat(32) }, 'invoice_description_hash'],
    [{ network: 'mainnet' }, 'invoice_network'],
    [{ expiry_s: 30 }, 'invoice_expired'],
  ])('that hands in an invoice with another %o is not paid', async (changes, problem) => {
    const { payee } = payeeIn({ [ANN]: OFFER, [OFFER.callback]: { pr: invoice(changes).text } });
    const offer = await payee.offer('ann@pay.dev');
    if ('problem' in offer) throw new Error(offer.problem);
    expect(await payee.invoice(offer, { amount: AMOUNT }, TERMS)).toEqual({ problem });
    expect(await payee.invoice(offer, { amount: msats(50_001) }, TERMS)).toEqual({
      problem: 'amount_out_of_range',
    });
  });
});

test('only a local marketplace asks in the clear, and only on the loopback', () => {
  expect(endpointOf('a@127.0.0.1:81', true)).toBe('http://127.0.0.1:81/.well-known/lnurlp/a');
  expect(endpointOf('a@127.0.0.1:81', false)).toBe('https://127.0.0.1:81/.well-known/lnurlp/a');
  expect(endpointOf('a@pay.dev', true)).toBe('https://pay.dev/.well-known/lnurlp/a');
  expect(endpointOf('a@127.example.com', true)).toBe('https://127.example.com/.well-known/lnurlp/a');
});
