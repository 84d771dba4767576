/**
 * Goal: invoices are read exactly as BOLT 11 says, and whatever it says must be refused is refused.
 * Method: every example of the specification, the valid ones against what its text says they mean; then random
 * invoices written and read back; then single changes to good invoices, each of which must be noticed.
 * Does not prove: that other implementations accept what we write (the wallet tests pay our invoices with LDK).
 */
import { createHash } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bech32 } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../src/nostr/hex.ts';
import { decodeInvoice } from '../../src/payment/bolt11/decode.ts';
import { encodeInvoice, type InvoiceDraft } from '../../src/payment/bolt11/encode.ts';
import { InvoiceError, type InvoiceErrorCode } from '../../src/payment/bolt11/invoice.ts';
import { mismatch } from '../../src/payment/bolt11/mismatch.ts';
import { nodeIdOf } from '../../src/payment/bolt11/signature.ts';
import { integerOf, paddedBytesOf, wordsOf } from '../../src/payment/bolt11/words.ts';
import { MAX_MSATS, msats, toJson } from '../../src/payment/msats.ts';
import vectors from '../vectors/bolt11.json' with { type: 'json' };

const SECRET_KEY = fromHex(vectors.secretKey);
const HASH = '01'.repeat(32);
const SECRET = '22'.repeat(32);

const draft: InvoiceDraft = {
  network: 'regtest',
  amount: msats(21_000),
  timestamp_s: 1_700_000_000,
  paymentHash: HASH,
  paymentSecret: SECRET,
  description: 'a job',
  descriptionHash: null,
};

/** The code an invoice is refused with; fails when it is not. */
function refusalOf(text: string): InvoiceErrorCode {
  try {
    decodeInvoice(text);
  } catch (error) {
    if (error instanceof InvoiceError) return error.code;
    throw error;
  }
  throw new Error('the invoice was accepted');
}

/** Writes any words as an invoice with a right signature, so that only what is in them can be wrong. */
function signed(
  prefix: string,
  data: readonly number[],
  options: { lowS?: boolean; recovery?: number } = {},
): string {
  const hash = createHash('sha256').update(prefix).update(paddedBytesOf(data)).digest();
  const [recovery = 0, ...compact] = secp256k1.sign(hash, SECRET_KEY, {
    prehash: false,
    format: 'recovered',
  });
  let signature = Uint8Array.from(compact);
  let bit = recovery;
  if (options.lowS === false) {
    const { r, s } = secp256k1.Signature.fromBytes(signature);
    signature = Uint8Array.from(new secp256k1.Signature(r, secp256k1.Point.Fn.ORDER - s).toBytes('compact'));
    bit ^= 1;
  }
  return bech32.encode(
    prefix,
    [...data, ...wordsOf(Uint8Array.of(...signature, options.recovery ?? bit))],
    false,
  );
}

const field = (type: number, words: readonly number[]): number[] => [
  type,
  words.length >> 5,
  words.length & 31,
  ...words,
];
const TIMESTAMP = [1, 18, 22, 5, 1, 8, 0];
const P = field(1, wordsOf(fromHex(HASH)));
const S = field(16, wordsOf(fromHex(SECRET)));
const D = field(13, wordsOf(new TextEncoder().encode('x')));
const H = field(23, wordsOf(fromHex(HASH)));
const GOOD = [...TIMESTAMP, ...S, ...P, ...D];

describe("the specification's examples", () => {
  test('are all there', () => {
    expect(vectors.valid).toHaveLength(16);
    expect(vectors.invalid).toHaveLength(10);
  });

  test.each(vectors.valid)('valid: $name', ({ invoice, expected }) => {
    const read: unknown = JSON.parse(toJson(decodeInvoice(invoice)));
    expect(read).toMatchObject({ ...expected, text: invoice.toLowerCase() });
  });

  test.each(vectors.valid.filter(({ digest }) => digest !== undefined))(
    'what is signed: $name',
    ({ invoice, digest }) => {
      const { prefix, words } = bech32.decode(withSeparator(invoice), false);
      const data = paddedBytesOf(words.slice(0, -104));
      expect(createHash('sha256').update(prefix).update(data).digest('hex')).toBe(digest);
    },
  );

  test.each(vectors.invalid)('refused: $name', ({ invoice, code }) => {
    expect(refusalOf(invoice)).toBe(code);
  });

  // Those whose fields stand in the order in which we write them.
  const sameOrder = new Set([
    'donation of any amount',
    'coffee within one minute',
    'UTF-8 description',
    'description hash',
    'P2TR fallback',
  ]);
  test.each(vectors.valid.filter(({ name }) => sameOrder.has(name)))(
    'written to the same text: $name',
    ({ invoice }) => {
      const { expiry_s, minFinalCltv, ...content } = decodeInvoice(invoice);
      expect(minFinalCltv).toBe(18);
      const again = encodeInvoice(expiry_s === 3_600 ? content : { ...content, expiry_s }, SECRET_KEY);
      expect(again.text).toBe(invoice);
    },
  );
});

function withSeparator(text: string): `${string}1${string}` {
  const at = text.lastIndexOf('1');
  return `${text.slice(0, at)}1${text.slice(at + 1)}`;
}

const hex32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const hops = fc.record({
  pubkey: fc.constant(nodeIdOf(SECRET_KEY)),
  shortChannelId: fc
    .tuple(fc.nat(0xffffff), fc.nat(0xffffff), fc.nat(0xffff))
    .map(([block, transaction, output]) => `${block}x${transaction}x${output}`),
  feeBase: fc.nat(0xffffffff).map(msats),
  feeProportionalMillionths: fc.nat(0xffffffff),
  cltvExpiryDelta: fc.nat(0xffff),
});
const drafts = fc.record({
  network: fc.constantFrom('mainnet', 'testnet', 'signet', 'regtest'),
  amount: fc.option(fc.bigInt({ min: 1n, max: MAX_MSATS }).map(msats)),
  timestamp_s: fc.nat(2 ** 31 - 1),
  paymentHash: hex32,
  paymentSecret: hex32,
  description: fc.string({ unit: 'grapheme', maxLength: 60 }),
  descriptionHash: fc.constant(null),
  expiry_s: fc.nat(10_000_000),
  minFinalCltv: fc.nat(5_000),
  namePayee: fc.boolean(),
  routes: fc.array(fc.array(hops, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
  features: fc
    .uniqueArray(fc.constantFrom(8, 9, 14, 15, 16, 17, 24, 25, 48, 49, 99, 101))
    .map((list) => list.toSorted((a, b) => a - b)),
  metadata: fc.option(hex32),
});

describe('an invoice', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(drafts, hex32, (random, key) => {
        const { namePayee, ...content } = random;
        const invoice = encodeInvoice({ ...content, namePayee }, fromHex(key));
        expect(decodeInvoice(invoice.text.toUpperCase())).toEqual(invoice);
        expect(invoice).toMatchObject(content);
        expect(invoice.payee).toBe(nodeIdOf(fromHex(key)));
        expect(invoice.expiresAt_s).toBe(content.timestamp_s + content.expiry_s);
      }),
      { numRuns: 60 },
    );
  });

  test('whose text is changed anywhere is refused, or not from the same node', () => {
    const { text, payee } = encodeInvoice(draft, SECRET_KEY);
    const { prefix, words } = bech32.decode(withSeparator(text), false);
    fc.assert(
      fc.property(fc.nat(words.length - 1), fc.integer({ min: 1, max: 31 }), (at, change) => {
        const changed = words.with(at, (words[at] ?? 0) ^ change);
        try {
          expect(decodeInvoice(bech32.encode(prefix, changed, false)).payee).not.toBe(payee);
        } catch (error) {
          expect(error).toBeInstanceOf(InvoiceError);
        }
      }),
      { numRuns: 150 },
    );
    expect(refusalOf(text.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q')))).toBe('encoding');
  });

  test('of another amount or network has another signer', () => {
    const { text, payee } = encodeInvoice(draft, SECRET_KEY);
    const { words } = bech32.decode(withSeparator(text), false);
    for (const prefix of ['lnbcrt22u', 'lnbcrt2100n', 'lnbcrt', 'lnbc210n', 'lntb210n']) {
      expect(decodeInvoice(bech32.encode(prefix, words, false)).payee, prefix).not.toBe(payee);
    }
  });

  test('is refused, never an unexpected error, whatever text it is made of', () => {
    const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
    const text = fc.oneof(
      fc.string(),
      fc
        .array(fc.nat(31), { minLength: 0, maxLength: 300 })
        .map((words) => bech32.encode('lnbc10u', words, false)),
      fc
        .array(fc.nat(31), { minLength: 0, maxLength: 200 })
        .map((words) => signed('lnbcrt', [...TIMESTAMP, ...words])),
      fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 400 }).map((rest) => `lnbc1${rest}`),
    );
    fc.assert(
      fc.property(text, (invoice) => {
        expect(refusalOf(invoice)).toMatch(/^[a-z_]+$/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('amounts', () => {
  const withPrefix = (prefix: string) => signed(prefix, GOOD);

  test.each([
    ['lnbcrt', null],
    ['lnbcrt1', 100_000_000_000n],
    ['lnbcrt1m', 100_000_000n],
    ['lnbcrt1u', 100_000n],
    ['lnbcrt1n', 100n],
    ['lnbcrt10p', 1n],
    ['lnbcrt21000u', 2_100_000_000n],
  ])('%s', (prefix, amount) => {
    expect(decodeInvoice(withPrefix(prefix)).amount).toBe(amount);
  });

  test.each([
    'lnbcrt0',
    'lnbcrt0u',
    'lnbcrt01u',
    'lnbcrt-1u',
    'lnbcrt1.5u',
    'lnbcrt1k',
    'lnbcrtu',
    'lnbcrt11p',
    'lnbcrt9223372036854775808',
    'lnbcrt9223372036854775807n',
    'lnbcrt99999999999999999999999999999999999999u',
  ])('%s is refused', (prefix) => {
    expect(refusalOf(withPrefix(prefix))).toBe('amount');
  });

  test.each(['lnxy1u', 'lnsb1u', 'ln1u', 'bc1u', 'lnbt'])('network of %s is refused', (prefix) => {
    expect(['network', 'amount']).toContain(refusalOf(withPrefix(prefix)));
  });
});

describe('fields', () => {
  const regtest = (...data: number[]) => signed('lnbcrt', data);

  test('that are all there once make an invoice', () => {
    expect(decodeInvoice(regtest(...GOOD))).toMatchObject({
      description: 'x',
      expiry_s: 3_600,
      minFinalCltv: 18,
    });
    expect(integerOf(TIMESTAMP)).toBeGreaterThan(1_600_000_000);
  });

  test.each([
    ['no payment hash', [...TIMESTAMP, ...S, ...D]],
    ['no payment secret', [...TIMESTAMP, ...P, ...D]],
    ['neither description nor hash', [...TIMESTAMP, ...S, ...P]],
    ['both description and hash', [...GOOD, ...H]],
    ['two payment hashes', [...GOOD, ...P]],
    ['two payment secrets', [...GOOD, ...S]],
    ['two descriptions', [...GOOD, ...D]],
    ['two expiries', [...GOOD, ...field(6, [1]), ...field(6, [2])]],
    ['an expiry with a leading zero', [...GOOD, ...field(6, [0, 1])]],
    ['an empty expiry', [...GOOD, ...field(6, [])]],
    ['an expiry beyond any number', [...GOOD, ...field(6, new Array(20).fill(31))]],
    ['a final delta with a leading zero', [...GOOD, ...field(24, [0, 9])]],
    ['features with a leading zero', [...GOOD, ...field(5, [0, 8, 0])]],
    [
      'a description that is no UTF-8',
      [...TIMESTAMP, ...S, ...P, ...field(13, wordsOf(Uint8Array.of(0xff)))],
    ],
    ['padding that is not zero', [...TIMESTAMP, ...S, ...P.with(-1, (P.at(-1) ?? 0) | 1), ...D]],
    ['half a route', [...GOOD, ...field(3, [1, 2, 3])]],
    [
      'a payment hash of the wrong length only',
      [...TIMESTAMP, ...S, ...D, ...field(1, new Array(51).fill(0))],
    ],
  ])('refused: %s', (_, data) => {
    expect(refusalOf(regtest(...data))).toBe('field');
  });

  test('refused: a field that runs over the end, and one without length', () => {
    expect(refusalOf(regtest(...GOOD, 13, 5, 0, 1))).toBe('truncated');
    expect(refusalOf(regtest(...GOOD, 13, 5))).toBe('truncated');
  });

  test('refused: longer than fits a QR code', () => {
    const long = regtest(
      ...GOOD,
      ...Array.from({ length: 8 }, () => field(2, new Array(1_023).fill(0))).flat(),
    );
    expect(refusalOf(long)).toBe('too_long');
  });

  test('unknown types and odd features are passed over, even features are not', () => {
    const features = (...bits: number[]) => encodeInvoice({ ...draft, features: bits }, SECRET_KEY).features;
    expect(decodeInvoice(regtest(...GOOD, ...field(2, [1]), ...field(2, [1]))).paymentHash).toBe(HASH);
    expect(features(8, 14, 101, 261)).toEqual([8, 14, 101, 261]);
    expect(() => features(8, 14, 100)).toThrow(expect.objectContaining({ code: 'feature' }));
  });
});

describe('signatures', () => {
  const N = field(19, wordsOf(fromHex(nodeIdOf(SECRET_KEY))));

  test('in high-S form count for recovery, and not beside a named key', () => {
    const payee = nodeIdOf(SECRET_KEY);
    expect(decodeInvoice(signed('lnbcrt', GOOD, { lowS: false })).payee).toBe(payee);
    expect(decodeInvoice(signed('lnbcrt', [...GOOD, ...N])).payee).toBe(payee);
    expect(refusalOf(signed('lnbcrt', [...GOOD, ...N], { lowS: false }))).toBe('signature');
  });

  test('by another key than the named one are refused', () => {
    const other = field(19, wordsOf(fromHex(nodeIdOf(fromHex('07'.repeat(32))))));
    expect(refusalOf(signed('lnbcrt', [...GOOD, ...other]))).toBe('signature');
    const noPoint = field(19, wordsOf(fromHex(`02${'ff'.repeat(32)}`)));
    expect(refusalOf(signed('lnbcrt', [...GOOD, ...noPoint]))).toBe('signature');
  });

  test('with a recovery id that does not exist are refused', () => {
    expect(refusalOf(signed('lnbcrt', GOOD, { recovery: 4 }))).toBe('signature');
    expect(refusalOf(bech32.encode('lnbcrt', [...GOOD, ...new Array(104).fill(0)], false))).toBe('signature');
  });
});

describe('mismatch', () => {
  const invoice = encodeInvoice(draft, SECRET_KEY);
  const fits = {
    network: 'regtest',
    amount: msats(21_000),
    paymentHash: HASH,
    description: 'a job',
    payee: invoice.payee,
    notPayee: null,
    payableAt_s: invoice.expiresAt_s - 1,
    maxFinalCltv: 18,
  } as const;

  test('finds nothing where everything fits', () => {
    expect(mismatch(invoice, fits)).toBeNull();
    expect(mismatch(invoice, {})).toBeNull();
  });

  test.each([
    ['network', { network: 'mainnet' }],
    ['amount', { amount: msats(20_999) }],
    ['payment_hash', { paymentHash: SECRET }],
    ['description_hash', { descriptionHash: HASH }],
    ['description', { description: 'another' }],
    ['payee', { payee: nodeIdOf(fromHex('07'.repeat(32))) }],
    ['own_invoice', { notPayee: invoice.payee }],
    ['expired', { payableAt_s: invoice.expiresAt_s }],
    ['final_cltv', { maxFinalCltv: 17 }],
  ] as const)('finds %s', (found, change) => {
    expect(mismatch(invoice, { ...fits, ...change })).toBe(found);
  });

  test('an invoice without amount never fits an amount', () => {
    const open = encodeInvoice({ ...draft, amount: null }, SECRET_KEY);
    expect(mismatch(open, { amount: msats(21_000) })).toBe('amount');
  });
});
