/**
 * Goal: our macaroons are those of the field. Method: signatures of libmacaroons' README and pymacaroons' notes, the binary form
 * of js-macaroon's tests; what is broken at any byte. Does not prove: third-party caveats, which are refused.
 */
import { expect, test } from 'vitest';
import {
  decodeMacaroon,
  encodeMacaroon,
  isGenuine,
  mintMacaroon,
  narrowed,
} from '../../src/door/macaroon.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const KEY = bytes('this is our super secret key; only we should know it');
const BANK = mintMacaroon(KEY, bytes('we used our secret key'), [], 'http://mybank/');

test('mintMacaroon() and narrowed() sign as libmacaroons does', () => {
  expect(hex(BANK.signature)).toBe('e3d9e02908526c4c0039ae15114115d97fdd68bf2ba379b342aaf0f617d0552f');
  expect(hex(narrowed(BANK, 'test = caveat').signature)).toBe(
    '197bac7a044af33332865b9266e26d493bdd668a660e44d88ce1a998c23dbd67',
  );
  const account = narrowed(BANK, 'account = 3735928559');
  expect(hex(account.signature)).toBe('1efe4763f290dbce0c1d08477367e11f4eee456a64933cf662d79772dbb82128');
  expect(account.signature).toEqual(
    mintMacaroon(KEY, bytes('we used our secret key'), ['account = 3735928559'], '').signature,
  );
});

test('encodeMacaroon() writes the binary form of js-macaroon', () => {
  const macaroon = mintMacaroon(bytes('this is the key'), bytes('keyid'), [], 'http://example.org/');
  const text = 'AgETaHR0cDovL2V4YW1wbGUub3JnLwIFa2V5aWQAAAYgfN7nklEcW8b1KEhYBd/psk54XijiqZMB+dcRxgnjjvc=';
  expect(encodeMacaroon(macaroon)).toBe(text);
  expect(decodeMacaroon(text.replaceAll('/', '_').replaceAll('+', '-'))).toMatchObject({
    location: 'http://example.org/',
  });
});

test('decodeMacaroon() reads what was written, and every single change of it is nothing genuine', () => {
  const made = ['agents=chat', `valid_until=${'9'.repeat(12)}`, 'x'.repeat(200)].reduce(narrowed, BANK);
  const text = encodeMacaroon(made);
  const read = decodeMacaroon(text);
  expect(read).toMatchObject({ location: 'http://mybank/', caveats: made.caveats });
  expect(read !== null && isGenuine(read, KEY)).toBe(true);
  expect(read !== null && isGenuine(read, bytes('another key'))).toBe(false);
  const whole = Buffer.from(text, 'base64');
  // Its location is a hint, and not signed.
  const signedFrom = 3 + 'http://mybank/'.length;
  for (let at = signedFrom; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const broken = decodeMacaroon(changed.toString('base64'));
    expect(broken === null || !isGenuine(broken, KEY), `byte ${at}`).toBe(true);
    expect(decodeMacaroon(whole.subarray(0, at).toString('base64')), `cut at ${at}`).toBeNull();
  }
});

test.each([
  ['nothing', ''],
  ['text', 'hello world'],
  ['version 1', Buffer.from('0021location http://mybank/').toString('base64')],
  ['too many caveats', encodeMacaroon(Array.from({ length: 17 }, () => 'a').reduce(narrowed, BANK))],
  ['too long', encodeMacaroon(narrowed(BANK, 'x'.repeat(2_048)))],
  [
    'something behind it',
    Buffer.concat([Buffer.from(encodeMacaroon(BANK), 'base64'), Buffer.from([0])]).toString('base64'),
  ],
])('decodeMacaroon() refuses %s', (_, text) => {
  expect(decodeMacaroon(text)).toBeNull();
});
