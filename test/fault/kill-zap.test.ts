/**
 * Goal: a zap survives the death of everything at each point of its way: what was paid is counted once, the zapped job
 * is done, and its receipt is there, once. Method: zaps are held at named points of their way; then the service as
 * users start it is killed with SIGKILL, the whole process tree at once; it is started again on the same state, and the payer does what payers do:
 * asks again when no invoice came, pays what it was shown. Does not prove: real Lightning, or that disks keep their word.
 */
import { type Event, generateSecretKey } from 'nostr-tools/pure';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { devWalletUri } from '../../src/payment/dev-wallet/keys.ts';
import { NWCClient } from '../peers/alby.ts';
import { connectClient, tag } from '../support/client.ts';
import { agentKey, task } from '../support/jobs.ts';
import { MortalService } from '../support/mortal-service.ts';
import { orderZap } from '../support/zapping.ts';

const PRICE = 21_000;
let service: MortalService;

beforeAll(async () => {
  service = await MortalService.start();
});

afterAll(async () => {
  await service.stop();
});

async function walletOf(uri: string, use: (wallet: NWCClient) => Promise<void>): Promise<void> {
  const wallet = new NWCClient({ nostrWalletConnectUrl: uri });
  await use(wallet);
  wallet.close();
}

const pay = (invoice: string) =>
  walletOf(service.now.dev.customer.nwc ?? '', async (wallet) => {
    await wallet.payInvoice({ invoice });
  });

async function received(): Promise<number> {
  let balance = 0;
  const uri = devWalletUri(readConfig({ LOCAL: '1', PUBLIC_URL: service.now.url }), 'operator') ?? '';
  await walletOf(uri, async (wallet) => {
    ({ balance } = await wallet.getBalance());
  });
  return balance;
}

async function invoiceFor(target: Event, secretKey: Uint8Array): Promise<string> {
  const { url, relay } = service.now;
  const zap = { url, slug: 'discover-prepaid', target, amount_msats: PRICE, relay, secretKey };
  return (await orderZap(zap)).bolt11;
}

interface Zapped {
  readonly key: Uint8Array;
  readonly request: Event;
  /** The demand for payment that is zapped. */
  readonly feedback: Event;
  invoice: string;
}

/** A job that waits for its money. */
async function demanded(words: string): Promise<Zapped> {
  const key = generateSecretKey();
  const asking = await connectClient(service.now.relay, key);
  const request = task(asking, agentKey(service.now, 'discover-prepaid'), words);
  const answers = asking.answers(request.id);
  await asking.publish(request);
  const feedback = await answers.find((event) => tag(event, 'status') === 'payment-required');
  asking.close();
  return { key, request, feedback, invoice: '' };
}

async function doneByItsZap({ key, request, feedback, invoice }: Zapped): Promise<void> {
  const client = await connectClient(service.now.relay, key);
  const answers = client.answers(request.id);
  const receipts = client.answers(feedback.id);
  await answers.find((event) => event.kind === 7001 && tag(event, 'result') !== undefined);
  const receipt = await receipts.find((event) => event.kind === 9735);
  expect(tag(receipt, 'bolt11')).toBe(invoice);
  expect(receipts.events.filter(({ kind }) => kind === 9735)).toHaveLength(1);
  client.close();
}

/** Nothing of the zap is left over: the next job of this client is asked for its money again. */
async function nothingLeft({ key }: Zapped): Promise<void> {
  const client = await connectClient(service.now.relay, key);
  const next = task(client, agentKey(service.now, 'discover-prepaid'), 'another');
  const more = client.answers(next.id);
  await client.publish(next);
  await more.find((event) => tag(event, 'status') === 'payment-required');
  client.close();
}

test('zaps are counted once each when everything dies with each at a point of its own', async () => {
  const before = await received();
  const zaps: Zapped[] = [];
  const held = [];
  for (const point of ['zap-bound', 'zap-stored', 'zap-booked', 'zap-told', 'zap-published']) {
    const zap = await demanded(`killed at ${point}`);
    zaps.push(zap);
    const isShown = point === 'zap-bound' || point === 'zap-stored';
    if (!isShown) zap.invoice = await invoiceFor(zap.feedback, zap.key);
    const ask = async () => {
      zap.invoice = await invoiceFor(zap.feedback, zap.key);
    };
    held.push({ point, act: isShown ? ask : () => pay(zap.invoice) });
  }
  await service.killedTogether(held);
  for (const zap of zaps) {
    if (held[zaps.indexOf(zap)]?.point.match(/bound|stored/) === null) continue;
    // The answer may have come before the end; else the payer asks again.
    if (zap.invoice === '') zap.invoice = await invoiceFor(zap.feedback, zap.key);
    await pay(zap.invoice);
  }
  await Promise.all(zaps.map(doneByItsZap));
  expect((await received()) - before).toBe(PRICE * zaps.length);
  await Promise.all(zaps.map(nothingLeft));
});
