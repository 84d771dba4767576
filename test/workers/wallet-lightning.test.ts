/**
 * Goal: the wallet link inside workerd moves real Lightning money through a wallet of somebody else's, over an outbound
 * socket, and tells sessions of it although notifications, answers and sockets are lost.
 *
 * Method: the class of the durable object with NWC_URI set to an LDK node's wallet service (test/support/lightning,
 * running in Node), as a second instance in the storage of an object of its own; a customer with another LDK node.
 *
 * What it does not prove: a real chain, and the platform's own eviction of objects with sockets (PLATFORM).
 */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { createHash, randomBytes } from 'node:crypto';
import { expect, inject, test, vi } from 'vitest';
import { SocketTransport } from '../../src/payment/nwc/socket-transport.ts';
import type { WalletAnswer, WalletTransaction } from '../../src/payment/wallet.ts';
import type { Plain } from '../../src/payment/wallet-json.ts';
import { fetchDialer } from '../../workers/dial.ts';
import type { Env } from '../../workers/env.ts';
import type { MoneyObserver } from '../../workers/rpc.ts';
import { WalletLink } from '../../workers/wallet-link.ts';
import type { LightningOrder } from '../support/lightning/door.ts';
import { customerOf, REAL_TIME } from '../support/nwc-customer.ts';

// Without notifications a payment is heard of by looking, a few seconds later.
vi.setConfig({ testTimeout: 40_000 });

const PATIENCE = { timeout: 15_000 };

async function lightning<T>(order: LightningOrder): Promise<T> {
  const response = await fetch(inject('relayDoor'), { method: 'POST', body: JSON.stringify(order) });
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}

function value<Value>(answer: WalletAnswer<Value>): Value {
  if (answer.type === 'ok') return answer.value;
  throw new Error(JSON.stringify(answer));
}

function newSecret() {
  const preimage = randomBytes(32).toString('hex');
  return { preimage, paymentHash: createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex') };
}

const order = { amount: '21000', purpose: { text: 'a job' }, expiry_s: 600 };

/** The link over an LDK wallet, and what sessions are told by it. */
async function withLink(
  name: string,
  work: (link: WalletLink, told: Plain<WalletTransaction>[]) => Promise<void>,
): Promise<void> {
  const uri = await lightning<string>({ do: 'lightning connect', who: 'market' });
  const told: Plain<WalletTransaction>[] = [];
  const observer: MoneyObserver = {
    walletChanged: async (_job, transaction) => {
      told.push(transaction);
    },
  };
  const stub = env.WALLET.get(env.WALLET.idFromName(name));
  await runInDurableObject(stub, async (_own, state) => {
    const session: Env['SESSION'] = {
      ...env.SESSION,
      getByName: () => ({ ...env.SESSION.getByName('x'), ...observer }),
    };
    await work(new WalletLink(state, { ...env, SESSION: session, ...{ NWC_URI: uri } }), told);
  });
}

async function customer() {
  const uri = await lightning<string>({ do: 'lightning connect', who: 'client' });
  const background = (opening: Promise<unknown>) => void opening.catch(console.error);
  const ports = { ...REAL_TIME, dial: fetchDialer(background), signAuth: () => undefined };
  return customerOf(uri, (parsed, take) => new SocketTransport(parsed, ports, take)).wallet;
}

test('an invoice is paid over real channels, and the session hears of it', async () => {
  await withLink('paid', async (link, told) => {
    expect(value(await link.capabilities())).toMatchObject({ alias: 'market', network: 'regtest' });
    const invoice = value(await link.makeInvoice(order));
    await link.watch(invoice.paymentHash, 's', 'j', Date.now() + 600_000);
    const paid = value(await (await customer()).pay(invoice.bolt11));
    await expect.poll(() => told, PATIENCE).toMatchObject([{ state: 'settled', preimage: paid.preimage }]);
    expect((await link.status()).watches).toBe(0);
  });
});

test('escrow is held and settled, and held and left to lapse, without a single notification', async () => {
  await lightning({ do: 'lightning faults', who: 'market', replies: [], notifications: true });
  await withLink('escrow', async (link, told) => {
    const payer = await customer();
    for (const end of ['settled', 'failed']) {
      told.length = 0;
      const { preimage, paymentHash } = newSecret();
      const hold = value(await link.makeHold({ ...order, paymentHash, minCltvDelta: 144 }));
      await link.watch(paymentHash, 's', 'j', Date.now() + 600_000);
      const paying = payer.pay(hold.bolt11);
      await looked(link, told, 'accepted');
      const deadline = told[0]?.settleDeadline ?? 0;
      const height = value(await link.capabilities()).blockHeight ?? 0;
      expect(deadline - height).toBeGreaterThan(100);
      if (end === 'settled') value(await link.settleHold(preimage));
      else await lightning({ do: 'lightning mine', blocks: deadline - height + 1 });
      await looked(link, told, end);
      expect((await paying).type).toBe(end === 'settled' ? 'ok' : 'failed');
    }
  });
  await lightning({ do: 'lightning faults', who: 'market', replies: [], notifications: false });
});

test('a link whose socket was cut dials again when it has something to say', async () => {
  await withLink('cut', async (link) => {
    value(await link.makeInvoice(order));
    await lightning({ do: 'lightning cut' });
    await expect.poll(async () => (await link.makeInvoice(order)).type, PATIENCE).toBe('ok');
  });
});

/** Alarms do not ring for an instance that is not the object's own, so the test rings. */
async function looked(
  link: WalletLink,
  told: readonly Plain<WalletTransaction>[],
  state: string,
): Promise<void> {
  await expect
    .poll(
      async () => {
        await link.alarm();
        return told.at(-1)?.state;
      },
      { ...PATIENCE, interval: 250 },
    )
    .toBe(state);
}
