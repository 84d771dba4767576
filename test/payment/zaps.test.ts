/**
 * Goal: a zap request that NIP-57 or prudence forbids is refused with its own code, in our own endpoint and inside a
 * stranger's receipt; a receipt of ours is one event however often it is written; and each attack of LIGHTNING §4.3
 * on receipts of other providers is refused.
 * Method: one good case, and one change at a time to it, everything signed again so that only that change is wrong.
 * Does not prove: that somebody was paid. A provider that lies is only found out by the payee's wallet, which is why
 * what passes here is a claim, and the types keep it from being a payment.
 */
import { createHash } from 'node:crypto';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { ZAP_CLOCK_SKEW_S, ZAP_MAX_RELAYS } from '../../src/limits.ts';
import {
  type EventTemplate,
  eventId,
  type Rumor,
  signEvent,
  type VerifiedEvent,
} from '../../src/nostr/event.ts';
import { fromHex } from '../../src/nostr/hex.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { encodeInvoice, type InvoiceDraft } from '../../src/payment/bolt11/encode.ts';
import { encodeLnurl } from '../../src/payment/lnurl/address.ts';
import { msats } from '../../src/payment/msats.ts';
import { type SettledPayment, settledPayment } from '../../src/payment/settlement.ts';
import type { WalletTransaction } from '../../src/payment/wallet.ts';
import { type ClaimedZap, checkForeignReceipt, type ZapDue } from '../../src/payment/zaps/foreign.ts';
import { zapParameterReadings, zapRequestOf } from '../../src/payment/zaps/parameter.ts';
import { zapReceipt } from '../../src/payment/zaps/receipt.ts';
import {
  checkZapRequest,
  readZapRequest,
  type ZapRequest,
  zapRequest,
} from '../../src/payment/zaps/request.ts';

const key = (byte: string) => fromHex(byte.repeat(32));
const PAYER = key('01');
const PROVIDER = key('02');
const NODE = key('03');
const payer = publicKeyOf(PAYER);
const provider = publicKeyOf(PROVIDER);
const agent = publicKeyOf(key('04'));
const stranger = publicKeyOf(key('05'));
const JOB = 'ab'.repeat(32);
const OTHER_JOB = 'cd'.repeat(32);
const NOW = 1_700_000_000;
const PRICE = msats(21_000);
const PREIMAGE = 'ee'.repeat(32);
const HASH = sha256(fromHex(PREIMAGE));

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

const order = {
  recipient: agent,
  amount: PRICE,
  relays: ['wss://relay.example'],
  event: { id: JOB, kind: 7000 },
  comment: 'thanks',
};
const template = zapRequest(order, NOW);

/** The request as JSON, with tags changed, dropped (by name) or added. */
function request(
  change: { drop?: string[]; add?: string[][]; template?: Partial<EventTemplate> } = {},
): string {
  const kept = template.tags.filter((tag) => !change.drop?.includes(tag[0] ?? ''));
  const tags = [...kept, ...(change.add ?? [])];
  return JSON.stringify(signEvent({ ...template, tags, ...change.template }, PAYER));
}

function accepted(raw: string): ZapRequest {
  const read = readZapRequest(raw);
  if (typeof read === 'string') throw new Error(`refused: ${read}`);
  return read;
}

describe('a zap request at our endpoint', () => {
  const terms = { amount: PRICE, recipient: agent, signer: provider };
  const check = (raw: string) => checkZapRequest(raw, terms);

  test('that follows NIP-57 is read', () => {
    expect(check(request({ add: [['P', provider]] }))).toMatchObject({
      sender: payer,
      recipient: agent,
      eventId: JOB,
      address: null,
      amount: PRICE,
      relays: ['wss://relay.example'],
    });
    expect(check(request({ drop: ['e', 'k', 'amount'] }))).toMatchObject({ eventId: null, amount: null });
    const address = `37001:${agent}:slug`;
    expect(check(request({ add: [['a', address]] }))).toMatchObject({ address });
  });

  test.each([
    ['too_long', request({ template: { content: 'x'.repeat(10_000) } })],
    ['not_json', '{"kind":9734'],
    ['not_json', ''],
    ['not_an_event', '[]'],
    ['not_an_event', JSON.stringify({ kind: 9734, tags: [] })],
    ['wrong_kind', request({ template: { kind: 1 } })],
    ['recipient_missing', request({ drop: ['p'] })],
    ['recipient_missing', request({ template: { tags: [] } })],
    ['recipient_twice', request({ add: [['p', stranger]] })],
    ['recipient_malformed', request({ drop: ['p'], add: [['p', 'npub1xyz']] })],
    ['event_twice', request({ add: [['e', OTHER_JOB]] })],
    ['event_malformed', request({ drop: ['e'], add: [['e', 'ABCD']] })],
    ['event_malformed', request({ drop: ['e'], add: [['e']] })],
    [
      'address_twice',
      request({
        add: [
          ['a', `1:${agent}:`],
          ['a', `1:${agent}:`],
        ],
      }),
    ],
    ['address_malformed', request({ add: [['a', `notakind:${agent}:x`]] })],
    ['relays_missing', request({ drop: ['relays'] })],
    ['relays_missing', request({ drop: ['relays'], add: [['relays']] })],
    ['amount_twice', request({ add: [['amount', '21000']] })],
    ['amount_malformed', request({ drop: ['amount'], add: [['amount', '21000.0']] })],
    ['amount_malformed', request({ drop: ['amount'], add: [['amount', '-21000']] })],
    [
      'signer_twice',
      request({
        add: [
          ['P', provider],
          ['P', provider],
        ],
      }),
    ],
    ['other_amount', request({ drop: ['amount'], add: [['amount', '21']] })],
    ['other_recipient', request({ drop: ['p'], add: [['p', stranger]] })],
    ['other_signer', request({ add: [['P', payer]] })],
    ['bad_signature', request().replace('thanks', 'Thanks')],
    ['bad_signature', request().replace(/"sig":"../, '"sig":"00')],
  ] as const)('is refused as %s (%#)', (refusal, raw) => {
    expect(check(raw)).toBe(refusal);
  });

  test('gives at most so many relays to publish to', () => {
    const many = Array.from({ length: 40 }, (_, i) => `wss://r${i}.example`);
    expect(accepted(request({ drop: ['relays'], add: [['relays', ...many]] })).relays).toHaveLength(
      ZAP_MAX_RELAYS,
    );
  });
});

describe('the nostr parameter', () => {
  const read = (query: string) =>
    zapRequestOf(query, (raw) => checkZapRequest(raw, { amount: PRICE, recipient: agent, signer: provider }));
  const withComment = (content: string) => request({ template: { content } });
  const lnurl = encodeLnurl('https://market.example/.well-known/lnurlp/agent');
  const before = 'amount=21000&nostr=';
  const after = `&lnurl=${lnurl}`;

  const comments = [
    'thanks',
    'two + two',
    'you & me',
    'a&amount=1&b',
    '100 % sure',
    'ümlaut 🤙',
    'a+b&c=d',
    '{"}',
    'x&lnurl=y',
  ];

  test.each(comments)('written by encodeURIComponent: %s', (comment) => {
    const raw = withComment(comment);
    expect(read(`${before}${encodeURIComponent(raw)}${after}`)).toMatchObject({ raw });
    expect(read(new URLSearchParams({ amount: '21000', nostr: raw, lnurl }).toString())).toMatchObject({
      raw,
    });
  });

  test.each(comments)("written by encodeURI, as in NIP-57's example: %s", (comment) => {
    const raw = withComment(comment);
    expect(read(`${before}${encodeURI(raw)}${after}`)).toMatchObject({ raw });
    expect(read(`${before}${encodeURI(raw)}`)).toMatchObject({ raw });
  });

  test('written by encodeURI is lost after a #, and then refused', () => {
    const sent = new URL(`https://market.example/cb?${before}${encodeURI(withComment('see #12'))}${after}`);
    expect(read(sent.search.slice(1))).toBe('not_json');
  });

  test('that is missing, empty or broken is no zap', () => {
    expect(read('amount=21000')).toBeNull();
    expect(read('amount=21000&nostr=')).toBe('not_json');
    expect(read(`${before}%E0%A4%A`)).toBe('not_json');
    expect(read(`${before}${encodeURIComponent(request().replace('thanks', 'Thanks'))}`)).toBe(
      'bad_signature',
    );
    expect(zapParameterReadings('amount=1&xnostr=2')).toEqual([]);
  });
});

/** An invoice as a provider makes it for a zap request. */
function invoiceFor(raw: string, change: Partial<InvoiceDraft> = {}) {
  return encodeInvoice(
    {
      network: 'mainnet',
      amount: PRICE,
      timestamp_s: NOW,
      paymentHash: HASH,
      paymentSecret: '22'.repeat(32),
      description: null,
      descriptionHash: sha256(raw),
      ...change,
    },
    NODE,
  );
}

const transaction: WalletTransaction = {
  direction: 'incoming',
  state: 'settled',
  paymentHash: HASH,
  amount: PRICE,
  fees: msats(0),
  bolt11: null,
  preimage: PREIMAGE,
  createdAt_s: NOW,
  expiresAt_s: NOW + 600,
  settledAt_s: NOW + 30,
  settleDeadline: null,
};
const due = { paymentHash: HASH, amount: PRICE };

describe("the wallet's answer", () => {
  test('that a payment is settled makes it one', () => {
    expect(settledPayment(transaction, due, NOW)).toEqual({
      paymentHash: HASH,
      amount: PRICE,
      preimage: PREIMAGE,
      settledAt_s: NOW + 30,
    });
    expect(settledPayment({ ...transaction, settledAt_s: null }, due, NOW + 99)).toMatchObject({
      settledAt_s: NOW + 99,
    });
    expect(settledPayment({ ...transaction, amount: msats(30_000) }, due, NOW)).toMatchObject({
      amount: 30_000n,
    });
  });

  test.each([
    ['not_settled', { state: 'accepted' }],
    ['not_settled', { state: 'pending' }],
    ['not_settled', { state: 'expired' }],
    ['outgoing', { direction: 'outgoing' }],
    ['other_payment', { paymentHash: '11'.repeat(32) }],
    ['preimage_missing', { preimage: null }],
    ['preimage_wrong', { preimage: '11'.repeat(32) }],
    ['preimage_wrong', { preimage: '7b6c3f1e-uuid' }],
    ['underpaid', { amount: msats(20_999) }],
  ] as const)('is refused as %s (%#)', (refusal, change) => {
    expect(settledPayment({ ...transaction, ...change }, due, NOW)).toBe(refusal);
  });
});

describe('a receipt of ours', () => {
  const payment = settledPayment(transaction, due, NOW);
  const raw = request({ add: [['a', `37001:${agent}:slug`]] });

  test('repeats the request, and is the same event whenever it is written', () => {
    if (typeof payment === 'string') throw new Error(payment);
    const receipt = zapReceipt(accepted(raw), invoiceFor(raw), payment);
    expect(receipt).toEqual({
      kind: 9735,
      created_at: NOW + 30,
      content: '',
      tags: [
        ['p', agent],
        ['e', JOB],
        ['a', `37001:${agent}:slug`],
        ['k', '7000'],
        ['P', payer],
        ['bolt11', invoiceFor(raw).text],
        ['description', raw],
        ['preimage', PREIMAGE],
      ],
    });
    const again = zapReceipt(accepted(raw), invoiceFor(raw), payment);
    const ids = [receipt, again].map((event) => eventId({ pubkey: provider, ...event }));
    expect(ids[0]).toBe(ids[1]);
  });

  test('is accepted by the checks for strangers', () => {
    if (typeof payment === 'string') throw new Error(payment);
    const event = signEvent(zapReceipt(accepted(raw), invoiceFor(raw), payment), PROVIDER);
    expect(
      checkForeignReceipt(event, { ...job, event: { ...job.event, address: `37001:${agent}:slug` } }),
    ).toMatchObject({ sender: payer });
  });

  test('is not written for an invoice of another request or a payment of another invoice', () => {
    if (typeof payment === 'string') throw new Error(payment);
    const other = invoiceFor(raw, { descriptionHash: sha256('another') });
    expect(() => zapReceipt(accepted(raw), other, payment)).toThrow(RangeError);
    const unpaid = invoiceFor(raw, { paymentHash: '11'.repeat(32) });
    expect(() => zapReceipt(accepted(raw), unpaid, payment)).toThrow(RangeError);
  });
});

const lud16 = 'agent@provider.example';
const job: ZapDue = {
  providerPubkey: provider,
  endpoints: [lud16, 'https://provider.example/lnurlp/cb/agent'],
  payee: agent,
  event: { id: JOB, address: null, createdAt_s: NOW - 60 },
  client: payer,
  price: PRICE,
  network: 'mainnet',
  now_s: NOW + 60,
  isUsed: () => false,
};

interface Forgery {
  readonly raw?: string;
  readonly invoice?: Partial<InvoiceDraft>;
  readonly bolt11?: string;
  readonly signer?: Uint8Array;
  readonly createdAt_s?: number;
  readonly kind?: number;
  readonly drop?: readonly string[];
  readonly add?: readonly (readonly string[])[];
}

/** A receipt with one thing wrong. */
function receipt({ raw = request(), signer = PROVIDER, ...forgery }: Forgery = {}): VerifiedEvent {
  const tags = [
    ['p', agent],
    ['e', JOB],
    ['P', payer],
    ['bolt11', forgery.bolt11 ?? invoiceFor(raw, forgery.invoice).text],
    ['description', raw],
    ['preimage', PREIMAGE],
  ].filter(([name = '']) => !forgery.drop?.includes(name));
  return signEvent(
    {
      kind: forgery.kind ?? 9735,
      created_at: forgery.createdAt_s ?? NOW + 30,
      content: '',
      tags: [...tags, ...(forgery.add ?? [])],
    },
    signer,
  );
}

describe('a receipt from another provider', () => {
  test('that agrees in everything is a claim, and can never be taken for a payment', () => {
    const good = receipt();
    expect(checkForeignReceipt(good, job)).toEqual({
      paymentHash: HASH,
      amount: PRICE,
      sender: payer,
      receiptId: good.id,
      warnings: [],
    });
    expectTypeOf<ClaimedZap>().not.toExtend<SettledPayment>();
  });

  const bare = { drop: ['e', 'k', 'amount'] };
  const amount = (value: string) => request({ drop: ['amount'], add: [['amount', value]] });
  const attacks: readonly (readonly [string, string, Forgery, Partial<ZapDue>?])[] = [
    ['signed by anybody', 'foreign_signer', { signer: key('09') }],
    ["signed by the payer's own server", 'foreign_signer', { signer: PAYER }],
    ['of another kind', 'wrong_kind', { kind: 1 }],
    [
      'for another recipient, tagged anew',
      'other_recipient',
      { raw: request({ drop: ['p'], add: [['p', stranger]] }) },
    ],
    ['whose tag names another recipient', 'other_recipient', { drop: ['p'], add: [['p', stranger]] }],
    ['with two recipients', 'tags_malformed', { add: [['p', stranger]] }],
    ['with two invoices', 'tags_malformed', { add: [['bolt11', 'lnbc1']] }],
    ['with two descriptions', 'tags_malformed', { add: [['description', '{}']] }],
    ['without description', 'tags_malformed', { drop: ['description'] }],
    ['without invoice', 'tags_malformed', { drop: ['bolt11'] }],
    [
      'whose request is of another job',
      'other_event',
      { raw: request({ drop: ['e'], add: [['e', OTHER_JOB]] }) },
    ],
    ['whose tag names another job', 'other_event', { drop: ['e'], add: [['e', OTHER_JOB]] }],
    ['with a second e', 'other_event', { add: [['e', OTHER_JOB]] }],
    ['of a zap to the person', 'other_event', { raw: request({ drop: ['e', 'k'] }), drop: ['e'] }],
    [
      'of an address the job does not have',
      'other_event',
      { raw: request({ add: [['a', `37001:${agent}:x`]] }) },
    ],
    ['in the name of another sender', 'other_sender', { drop: ['P'], add: [['P', stranger]] }],
    ['from another client', 'other_sender', {}, { client: stranger }],
    ['whose request is unsigned', 'request_bad_signature', { raw: request().replace('thanks', 'THANKS') }],
    ['whose request is a note', 'request_wrong_kind', { raw: request({ template: { kind: 1 } }) }],
    [
      'whose request names the amount twice',
      'request_amount_twice',
      { raw: request({ add: [['amount', '1']] }) },
    ],
    ['whose request names no amount', 'amount_missing', { raw: request({ drop: ['amount'] }) }],
    ['whose invoice names no amount', 'amount_missing', { invoice: { amount: null } }],
    ['over 21 sats with an invoice over a msat', 'other_amount', { invoice: { amount: msats(1) } }],
    ['that takes sats for msats', 'underpaid', { raw: amount('21'), invoice: { amount: msats(21) } }],
    ['of less than the price', 'underpaid', {}, { price: msats(21_001) }],
    ['with an invoice of regtest', 'other_network', { invoice: { network: 'regtest' } }],
    ['with an invoice of testnet', 'other_network', { invoice: { network: 'testnet' } }],
    ['with an invoice that is none', 'invoice_malformed', { bolt11: 'lnbc210n1notaninvoice' }],
    [
      'with an invoice of another request',
      'other_description',
      { invoice: { descriptionHash: sha256(request(bare)) } },
    ],
    [
      'with an invoice with a plain description',
      'other_description',
      { invoice: { descriptionHash: null, description: 'zap' } },
    ],
    [
      'with a request serialised anew',
      'other_description',
      {
        raw: JSON.stringify(JSON.parse(request()), null, 1),
        invoice: { descriptionHash: sha256(request()) },
      },
    ],
    [
      'with a preimage of something else',
      'preimage_wrong',
      { drop: ['preimage'], add: [['preimage', 'ff'.repeat(32)]] },
    ],
    ['from long ago', 'receipt_too_old', { createdAt_s: NOW - 86_400 }],
    ['from the future', 'receipt_in_future', { createdAt_s: NOW + 86_400 }],
    ['with an invoice from long ago', 'invoice_too_old', { invoice: { timestamp_s: NOW - 86_400 } }],
    ['with an invoice from the future', 'invoice_in_future', { invoice: { timestamp_s: NOW + 86_400 } }],
    [
      'with an invoice made after it',
      'receipt_before_invoice',
      { createdAt_s: NOW - 100, invoice: { timestamp_s: NOW + 60 + ZAP_CLOCK_SKEW_S } },
    ],
    ['presented again', 'payment_used', {}, { isUsed: (hash) => hash === HASH }],
    [
      'to an address, after the price was edited',
      'receipt_too_old',
      {},
      { event: { ...job.event, createdAt_s: NOW + 7_200 }, now_s: NOW + 7_300 },
    ],
  ];

  for (const [attack, refusal, forgery, terms] of attacks) {
    test(`is refused: ${attack}`, () => {
      expect(checkForeignReceipt(receipt(forgery), { ...job, ...terms })).toBe(refusal);
    });
  }

  test('whose own signature is broken is refused', () => {
    const event: Rumor & { sig: string } = { ...receipt(), sig: '00'.repeat(64) };
    expect(checkForeignReceipt(event, job)).toBe('bad_signature');
    expect(checkForeignReceipt({ ...receipt(), id: JOB }, job)).toBe('bad_signature');
  });

  test('counts without P and preimage, and with a preimage that is none', () => {
    expect(checkForeignReceipt(receipt({ drop: ['P', 'preimage'] }), job)).toMatchObject({ sender: payer });
    const uuid = { drop: ['preimage'], add: [['preimage', '7b6c3f1e-0000-4000-8000-000000000000']] };
    expect(checkForeignReceipt(receipt(uuid), job)).toMatchObject({ sender: payer });
  });

  test('counts from anybody where anybody may pay', () => {
    expect(checkForeignReceipt(receipt(), { ...job, client: null })).toMatchObject({ sender: payer });
  });

  test.each([
    ['lud16', encodeLnurl('https://provider.example/.well-known/lnurlp/agent'), []],
    ['the callback, as NDK writes it', 'https://provider.example/lnurlp/cb/agent', []],
    ['lud16 in plain', lud16, []],
    [
      'another endpoint',
      encodeLnurl('https://elsewhere.example/.well-known/lnurlp/agent'),
      ['lnurl_differs'],
    ],
  ])('with an lnurl tag of %s counts, and a difference is only a warning', (_, lnurl, warnings) => {
    const raw = request({ add: [['lnurl', lnurl]] });
    expect(checkForeignReceipt(receipt({ raw }), job)).toMatchObject({ warnings });
  });
});
