/**
 * Goal: inside workerd, the operator's wallet is reached over our own relay without a socket, a customer's NWC client
 * pays it over a socket, and whoever waits for a payment is told of every change, with and without notifications.
 *
 * Method: the durable objects as they are, development money, a customer of our own NWC code over a real WebSocket
 * into the relay. What a session is told is caught on the class of sessions itself.
 *
 * What it does not prove: other people's clients and real Lightning (test/e2e/wallet*.test.ts).
 */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { createHash } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { devWallets, devWalletUri } from '../../src/payment/dev-wallet/keys.ts';
import { msats } from '../../src/payment/msats.ts';
import type { IssuedInvoice, WalletAnswer, WalletTransaction } from '../../src/payment/wallet.ts';
import type { Plain } from '../../src/payment/wallet-json.ts';
import { sessionName } from '../../src/protocol/route.ts';
import { AgentSession } from '../../workers/edge.ts';
import { configOf, type Env } from '../../workers/env.ts';
import { invoiceOfGuest } from '../../workers/guest-wallet.ts';
import { walletOf } from '../../workers/wallet.ts';
import type { Customer } from '../support/nwc-customer.ts';
import { customerHere } from './customer.ts';

// Without notifications a payment is heard of by looking, a few seconds later.
vi.setConfig({ testTimeout: 40_000 });

const SESSION = sessionName('a'.repeat(64), 'b'.repeat(64), null);
const told: { job: string; transaction: Plain<WalletTransaction> }[] = [];
let refusals = 0;
const original = Reflect.get(AgentSession.prototype, 'walletChanged');
let customer: Customer;

beforeAll(async () => {
  await env.DEV_WALLET.getByName('main').announce();
});

beforeEach(() => {
  told.length = 0;
  refusals = 0;
  Reflect.set(
    AgentSession.prototype,
    'walletChanged',
    async (job: string, transaction: Plain<WalletTransaction>) => {
      if (refusals-- > 0) throw new Error('not now');
      told.push({ job, transaction });
    },
  );
  customer = customerHere();
});

afterEach(() => {
  Reflect.set(AgentSession.prototype, 'walletChanged', original);
});

const wallet = walletOf(env);
const order = (sats: number) => ({
  amount: msats(sats * 1_000),
  purpose: { text: 'a job' },
  expiry_s: 600,
});
const preimage = (n: number) => n.toString(16).padStart(64, '0');
const hashOf = (hex: string) => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');

function value<Value>(answer: WalletAnswer<Value>): Value {
  if (answer.type === 'ok') return answer.value;
  throw new Error(JSON.stringify(answer));
}

async function invoice(sats: number): Promise<IssuedInvoice> {
  return value(await wallet.makeInvoice(order(sats)));
}

const wake = () => runDurableObjectAlarm(env.WALLET.get(env.WALLET.idFromName('main')));

describe('the wallet link', () => {
  test('says what the wallet can', async () => {
    const capabilities = value(await wallet.capabilities());
    expect(capabilities).toMatchObject({
      network: 'regtest',
      notifications: expect.arrayContaining(['hold_invoice_accepted']),
    });
    expect(capabilities.methods).toEqual(
      expect.arrayContaining(['make_hold_invoice', 'pay_invoice', 'list_transactions']),
    );
    expect(capabilities.blockHeight).toBeGreaterThan(400_000);
    expect(value(await wallet.balance())).toBe(0n);
    expect(await env.WALLET.getByName('main').status()).toMatchObject({
      configured: true,
      lastAnswerAt_ms: expect.any(Number),
      lastFault: null,
    });
  });

  test('a customer pays an invoice, and the session that waits for it is told', async () => {
    const made = await invoice(21);
    await env.WALLET.getByName('main').watch(made.paymentHash, SESSION, 'job-1', Date.now() + 600_000);
    const paid = value(await customer.wallet.pay(made.bolt11));
    expect(hashOf(paid.preimage)).toBe(made.paymentHash);
    await expect
      .poll(() => told, { timeout: 10_000 })
      .toMatchObject([
        { job: 'job-1', transaction: { state: 'settled', amount: '21000', paymentHash: made.paymentHash } },
      ]);
    await expect
      .poll(async () => (await env.WALLET.getByName('main').status()).watches, { timeout: 5_000 })
      .toBe(0);
    expect(value(await wallet.lookup(made.paymentHash, 'incoming'))).toMatchObject({
      state: 'settled',
      amount: 21_000n,
    });
  });

  test('a hold is accepted, then settled; another is accepted, then given back', async () => {
    const [kept, returned] = [preimage(101), preimage(102)];
    for (const [secret, job] of [
      [kept, 'job-kept'],
      [returned, 'job-returned'],
    ] as const) {
      const hold = value(
        await wallet.makeHold({ ...order(100), paymentHash: hashOf(secret), minCltvDelta: 144 }),
      );
      await env.WALLET.getByName('main').watch(hold.paymentHash, SESSION, job, Date.now() + 600_000);
      const paying = customer.wallet.pay(hold.bolt11);
      await expect
        .poll(() => told.find((news) => news.job === job), { timeout: 10_000 })
        .toMatchObject({ transaction: { state: 'accepted', settleDeadline: expect.any(Number) } });
      if (secret === kept) {
        value(await wallet.settleHold(secret));
        expect(value(await paying).preimage).toBe(kept);
      } else {
        value(await wallet.cancelHold(hold.paymentHash));
        expect(await paying).toMatchObject({ type: 'failed', code: 'PAYMENT_FAILED' });
      }
    }
    await expect
      .poll(() => told.map(({ job, transaction }) => `${job} ${transaction.state}`).sort(), {
        timeout: 10_000,
      })
      .toEqual(['job-kept accepted', 'job-kept settled', 'job-returned accepted', 'job-returned failed']);
    // Both may be asked again, whatever was heard of the first time.
    expect(await wallet.settleHold(kept)).toEqual({ type: 'ok', value: null });
    expect(await wallet.cancelHold(hashOf(returned))).toEqual({ type: 'ok', value: null });
    expect(await wallet.cancelHold(hashOf(kept))).toMatchObject({ type: 'unknown' });
  });

  test('a session that does not take the news is told again', async () => {
    refusals = 2;
    const made = await invoice(5);
    await env.WALLET.getByName('main').watch(made.paymentHash, SESSION, 'job-deaf', Date.now() + 600_000);
    value(await customer.wallet.pay(made.bolt11));
    await expect.poll(() => told.map(({ job }) => job), { timeout: 20_000 }).toEqual(['job-deaf']);
    expect(refusals).toBeLessThan(0);
  });

  test('a payment made while the object was gone, and not notified of, is found by its alarm', async () => {
    const made = await invoice(7);
    await env.WALLET.getByName('main').watch(made.paymentHash, SESSION, 'job-gone', Date.now() + 600_000);
    await runInDurableObject(env.WALLET.get(env.WALLET.idFromName('main')), (link) =>
      Reflect.set(link, 'deliver', () => Promise.resolve()),
    );
    value(await customer.wallet.pay(made.bolt11));
    await abortAllDurableObjects();
    await wake();
    await expect.poll(() => told.map(({ job }) => job), { timeout: 10_000 }).toEqual(['job-gone']);
  });

  test('an order that makes no sense is refused by the wallet, and money that is not there cannot be sent', async () => {
    expect(await wallet.makeInvoice({ ...order(0) })).toMatchObject({ type: 'failed', code: 'BAD_REQUEST' });
    expect(await wallet.pay('lnbcrt1nonsense')).toMatchObject({ type: 'failed', code: 'REFUSED' });
    const theirs = value(await customer.wallet.makeInvoice(order(1_000_000)));
    expect(await wallet.pay(theirs.bolt11)).toMatchObject({ type: 'failed', code: 'INSUFFICIENT_BALANCE' });
    expect(await wallet.lookup('f'.repeat(64), 'incoming')).toEqual({ type: 'ok', value: null });
  });
});

describe('wallets of clients', () => {
  const background = (work: Promise<unknown>) => void work.catch(console.error);
  const ask = (uri: string) => invoiceOfGuest(env, uri, order(3), background);

  test('are asked for an invoice, which the operator can pay: a refund', async () => {
    value(await customer.wallet.pay((await invoice(10)).bolt11));
    const theirs = value(await ask(devWalletUri(configOf(env), 'customer') ?? ''));
    value(await wallet.pay(theirs.bolt11));
    expect(value(await customer.wallet.lookup(theirs.paymentHash, 'incoming'))).toMatchObject({
      state: 'settled',
      amount: 3_000n,
    });
  });

  test('that cannot be used, or would have us dial where we must not, are refused', async () => {
    expect(await ask('nostr+walletconnect://nothing')).toMatchObject({ type: 'failed', code: 'REFUSED' });
    const relay = (url: string) => `&relay=${encodeURIComponent(url)}`;
    const uri = devWalletUri(configOf(env), 'customer') ?? '';
    expect(
      await ask(`${uri}${['a', 'b', 'c'].map((name) => relay(`wss://${name}.example`)).join('')}`),
    ).toMatchObject({
      code: 'REFUSED',
    });
    const deployed: Env = {
      ...env,
      ...{ LOCAL: '', MASTER_SECRET: '1'.repeat(64), PUBLIC_URL: 'https://m.example' },
    };
    for (const url of [
      'wss://127.0.0.1',
      'wss://[::ffff:10.0.0.1]',
      'ws://relay.example',
      'wss://m.example:444',
    ])
      expect(
        await invoiceOfGuest(deployed, uri.replace(/relay=[^&]+/, relay(url).slice(1)), order(3), background),
      ).toMatchObject({ type: 'failed', code: 'REFUSED' });
  });
});

describe('development money', () => {
  test('exists only where the marketplace runs locally', () => {
    expect(devWallets(configOf(env))).toHaveLength(2);
    expect(
      devWallets(readConfig({ LOCAL: '', MASTER_SECRET: '1'.repeat(64), PUBLIC_URL: 'https://m.example' })),
    ).toEqual([]);
    expect(devWallets(readConfig({ LOCAL: '1', PUBLIC_URL: 'https://m.example' }))).toEqual([]);
  });
});
