/**
 * Goal: development money behaves as money: none appears or vanishes, an invoice is paid once, a hold ends once; and its
 * service answers each request once, whoever sends what.
 *
 * Method: the bank under random schedules (fast-check) with a sum checked after every step; the service with signed
 * events, decrypted here.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { DEV_WALLET_BLOCK_MS, DEV_WALLET_FUNDS_MSATS } from '../../src/limits.ts';
import { type NostrEvent, signEvent, tagValue } from '../../src/nostr/event.ts';
import { KIND } from '../../src/nostr/kinds.ts';
import { DevBank, DevWalletError } from '../../src/payment/dev-wallet/bank.ts';
import { type DevWallet, type DevWalletName, devWallets } from '../../src/payment/dev-wallet/keys.ts';
import { DevRows } from '../../src/payment/dev-wallet/rows.ts';
import { DevWalletService } from '../../src/payment/dev-wallet/service.ts';
import { openNwc, requestEvent } from '../../src/payment/nwc/messages.ts';
import type { NwcMethod } from '../../src/payment/nwc/wire.ts';
import { nodeSql } from '../support/node-sql.ts';
import { seededBytes } from '../support/seeded.ts';

const config = readConfig({ LOCAL: '1', PUBLIC_URL: 'http://127.0.0.1:1' });
const operator = walletNamed('operator');
const customer = walletNamed('customer');
const START_MS = 1_800_000_000_000;
const preimage = (n: number) => n.toString(16).padStart(64, '0');
const hashOf = (hex: string) => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');

function newBank() {
  const clock = { now_ms: START_MS };
  const rows = new DevRows(nodeSql(), { operator: 0, customer: DEV_WALLET_FUNDS_MSATS });
  const bank = new DevBank(rows, { now: () => clock.now_ms, random: seededBytes(1) });
  return { clock, rows, bank };
}

function walletNamed(wanted: DevWalletName): DevWallet {
  const found = devWallets(config).find(({ name }) => name === wanted);
  if (found === undefined) throw new Error('no such development wallet');
  return found;
}

const sides: readonly DevWallet[] = [operator, customer];
const side = (n: number): DevWallet => sides[n % sides.length] ?? operator;

test('money neither appears nor vanishes, and a held payment ends in one of two ways', () => {
  const step = fc.record({
    act: fc.constantFrom('invoice', 'hold', 'pay', 'settle', 'cancel', 'wait'),
    who: fc.nat(1),
    which: fc.nat(7),
    amount: fc.integer({ min: 1, max: 6_000_000_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, rows, bank } = newBank();
      const invoices: string[] = [];
      for (const { act, who, which, amount } of steps) {
        const wallet = side(who);
        const order = { amount, description: 'x', descriptionHash: null, expiry_s: 600 };
        try {
          if (act === 'invoice') invoices.push(bank.makeInvoice(wallet, { ...order, hold: null }).bolt11);
          else if (act === 'hold')
            invoices.push(
              bank.makeInvoice(wallet, { ...order, hold: { hash: hashOf(preimage(which)), cltv: 3 } }).bolt11,
            );
          else if (act === 'pay')
            bank.pay(wallet.name, invoices[which] ?? '', { id: 'r', encryption: 'nip04' });
          else if (act === 'settle') bank.settleHold(wallet.name, preimage(which));
          else if (act === 'cancel') bank.cancelHold(wallet.name, hashOf(preimage(which)));
          else {
            clock.now_ms += DEV_WALLET_BLOCK_MS;
            bank.lapse();
          }
        } catch (error) {
          if (!(error instanceof DevWalletError)) throw error;
        }
        const held = rows.held().reduce((sum, one) => sum + one.amount, 0);
        expect(rows.balance('operator') + rows.balance('customer') + held).toBe(DEV_WALLET_FUNDS_MSATS);
      }
      clock.now_ms += 10 * DEV_WALLET_BLOCK_MS;
      bank.lapse();
      expect(rows.held()).toEqual([]);
      const ended = bank.takeNews().filter(({ type }) => type === 'ended');
      expect(new Set(ended.map(({ payment }) => payment.hash)).size).toBe(ended.length);
    }),
    { numRuns: 100 },
  );
});

describe('the service', () => {
  function newService() {
    const clock = { now_ms: START_MS };
    const ports = { now: () => clock.now_ms, random: seededBytes(2) };
    const service = new DevWalletService(nodeSql(), sides, ports);
    let serial = 10;
    const ask = (method: NwcMethod | string, params: Record<string, unknown>, from = customer) => {
      const now_s = Math.floor(clock.now_ms / 1_000);
      return requestEvent(
        // The service must answer methods it does not know, so one may be asked for here.
        { method: method as NwcMethod, params, encryption: 'nip44_v2', now_s, expiration_s: now_s + 30 },
        { keys: from.client, peer: from.service.publicKey },
        seededBytes(serial++),
      );
    };
    return { clock, service, ask };
  }

  /** What an answer says to the client of a wallet. */
  function read(event: NostrEvent | undefined, wallet = customer): unknown {
    const parties = { keys: wallet.client, peer: wallet.service.publicKey };
    return JSON.parse(openNwc(event?.content ?? '', parties) ?? 'null');
  }

  test('answers a request once, although it comes twice', () => {
    const { service, ask } = newService();
    const request = ask('get_info', {});
    const [answer] = service.request(request);
    expect(answer?.kind).toBe(KIND.walletResponse);
    expect(tagValue(answer ?? request, 'e')).toBe(request.id);
    expect(read(answer)).toMatchObject({
      result_type: 'get_info',
      error: null,
      result: { network: 'regtest' },
    });
    expect(service.request(request)).toEqual([]);
  });

  test('does not serve what has expired, what is not for it, nor what it cannot read', () => {
    const { clock, service, ask } = newService();
    const late = ask('get_info', {});
    clock.now_ms += 31_000;
    expect(service.request(late)).toEqual([]);
    const fresh = ask('get_info', {});
    const { kind, created_at, tags } = fresh;
    const garbled = signEvent({ kind, created_at, tags, content: 'AAAA' }, customer.client.secretKey);
    expect(service.request(garbled)).toEqual([]);
    const foreign = signEvent({ ...fresh, tags: [['p', 'f'.repeat(64)]] }, customer.client.secretKey);
    expect(service.request(foreign)).toEqual([]);
  });

  test.each([
    ['make_invoice', { amount: 0 }, 'BAD_REQUEST'],
    ['make_invoice', { amount: 1.5 }, 'BAD_REQUEST'],
    ['make_invoice', { amount: 2 ** 63 }, 'BAD_REQUEST'],
    ['make_invoice', { amount: -1 }, 'BAD_REQUEST'],
    ['make_hold_invoice', { amount: 1, payment_hash: 'xyz' }, 'BAD_REQUEST'],
    ['settle_hold_invoice', { preimage: preimage(1) }, 'NOT_FOUND'],
    ['lookup_invoice', { payment_hash: preimage(1) }, 'NOT_FOUND'],
    ['pay_invoice', { invoice: 'lnbc1nothing' }, 'BAD_REQUEST'],
    ['pay_keysend', {}, 'NOT_IMPLEMENTED'],
    ['constructor', {}, 'NOT_IMPLEMENTED'],
  ])('%s %j is refused with a code', (method, params, code) => {
    const { service, ask } = newService();
    expect(read(service.request(ask(method, params))[0])).toMatchObject({ result: null, error: { code } });
  });

  test('says what it holds', () => {
    const { service, ask } = newService();
    const [answer] = service.request(ask('get_balance', {}));
    expect(read(answer)).toMatchObject({ result: { balance: DEV_WALLET_FUNDS_MSATS } });
  });

  test('a key without a wallet is told so, and gets nothing', () => {
    const { service, ask } = newService();
    const stranger = { ...customer, client: operator.client };
    const [answer] = service.request(ask('get_balance', {}, stranger));
    expect(read(answer, stranger)).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
  });

  test('a payer is answered when what it paid is given back at the deadline', () => {
    const { clock, service, ask } = newService();
    const order = { amount: 1_000, payment_hash: hashOf(preimage(5)), min_cltv_expiry_delta: 2 };
    const [made] = service.request(ask('make_hold_invoice', order, operator));
    const { result } = Object(read(made, operator));
    const paying = ask('pay_invoice', { invoice: result.invoice });
    expect(service.request(paying).map(({ kind }) => kind)).toEqual([
      KIND.walletNotification,
      KIND.walletNotificationNip04,
    ]);
    expect(service.tick()).toEqual([]);
    clock.now_ms = service.nextDeadline_ms ?? 0;
    const [answer] = service.tick();
    expect(tagValue(answer ?? paying, 'e')).toBe(paying.id);
    expect(read(answer)).toMatchObject({ error: { code: 'PAYMENT_FAILED' } });
    expect(service.nextDeadline_ms).toBeNull();
  });
});
