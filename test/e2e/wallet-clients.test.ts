import { createHash, randomBytes } from 'node:crypto';
import { nip04, nip47 } from 'nostr-tools';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { parseEvent, signEvent } from '../../src/nostr/event.ts';
import { parseWalletUri } from '../../src/nostr/nip47.ts';
import { decodeInvoice } from '../../src/payment/bolt11/decode.ts';
import { devWalletUri } from '../../src/payment/dev-wallet/keys.ts';
import { NWCClient } from '../peers/alby.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Service, startService } from '../support/service.ts';

/**
 * Goal: the development money of `npm start` can be used by NWC clients nobody here wrote, from the string in dev.json.
 * Method: Alby's SDK over the embedded relay of the started service, as the customer and as the operator; and a client
 * of nostr-tools, which speaks only NIP-04.
 * Not proved: that other wallets serve us as well; that is test/e2e/lightning.test.ts.
 */

let service: Service;
let customer: NWCClient;
let operator: NWCClient;

beforeAll(async () => {
  service = await startService();
  const config = readConfig({ LOCAL: '1', PUBLIC_URL: service.url });
  customer = new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
  operator = new NWCClient({ nostrWalletConnectUrl: devWalletUri(config, 'operator') ?? '' });
});

afterAll(async () => {
  customer.close();
  operator.close();
  await service.stop();
});

const secret = () => randomBytes(32).toString('hex');
const hashOf = (preimage: string) => createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');

describe("Alby's SDK", () => {
  test('reads who the wallet is and what is in it', async () => {
    expect(await customer.getInfo()).toMatchObject({
      network: 'regtest',
      notifications: ['payment_received', 'payment_sent', 'hold_invoice_accepted'],
      methods: expect.arrayContaining(['pay_invoice', 'make_hold_invoice', 'settle_hold_invoice']),
    });
    expect(await customer.getBalance()).toMatchObject({ balance: 10_000_000_000 });
    expect(await operator.getBalance()).toMatchObject({ balance: 0 });
  });

  test('pays an invoice once, with a preimage that proves it, and both sides hear of it', async () => {
    const heard: string[] = [];
    const stop = await Promise.all([
      customer.subscribeNotifications(({ notification_type }) => heard.push(`customer ${notification_type}`)),
      operator.subscribeNotifications(({ notification_type }) => heard.push(`operator ${notification_type}`)),
    ]);
    const before = (await customer.getBalance()).balance;
    const made = await operator.makeInvoice({ amount: 21_000, description: 'a job' });
    expect(decodeInvoice(made.invoice)).toMatchObject({
      network: 'regtest',
      amount: 21_000n,
      description: 'a job',
      paymentHash: made.payment_hash,
    });
    const { preimage } = await customer.payInvoice({ invoice: made.invoice });
    expect(hashOf(preimage)).toBe(made.payment_hash);
    await expect(customer.payInvoice({ invoice: made.invoice })).rejects.toMatchObject({
      code: 'PAYMENT_FAILED',
    });
    expect(await operator.lookupInvoice({ payment_hash: made.payment_hash })).toMatchObject({
      type: 'incoming',
      state: 'settled',
      preimage,
    });
    expect((await customer.getBalance()).balance).toBe(before - 21_000);
    const { transactions } = await customer.listTransactions({ type: 'outgoing' });
    expect(transactions[0]).toMatchObject({ payment_hash: made.payment_hash, state: 'settled' });
    await expect
      .poll(() => heard.toSorted(), { timeout: 5_000 })
      .toEqual(['customer payment_sent', 'operator payment_received']);
    for (const end of stop) end();
  });

  test('holds a payment until it is settled, and gets another back when it is cancelled', async () => {
    const accepted: { hash: string; deadline: number | undefined }[] = [];
    const stop = await operator.subscribeNotifications(
      ({ notification }) =>
        accepted.push({ hash: notification.payment_hash, deadline: notification.settle_deadline }),
      ['hold_invoice_accepted'],
    );
    const before = (await customer.getBalance()).balance;
    for (const outcome of ['settled', 'failed']) {
      const preimage = secret();
      const hold = await operator.makeHoldInvoice({
        amount: 5_000,
        payment_hash: hashOf(preimage),
        description: 'escrow',
      });
      const paying = customer.payInvoice({ invoice: hold.invoice });
      const ended = paying.then(
        (paid) => paid.preimage,
        (error: unknown) => error,
      );
      await expect.poll(() => accepted.at(-1)?.hash, { timeout: 5_000 }).toBe(hold.payment_hash);
      const held = await operator.lookupInvoice({ payment_hash: hold.payment_hash });
      expect(held.state).toBe('accepted');
      const { block_height } = await operator.getInfo();
      expect(accepted.at(-1)?.deadline).toBeGreaterThan(block_height + 100);
      if (outcome === 'settled') await operator.settleHoldInvoice({ preimage });
      else await operator.cancelHoldInvoice({ payment_hash: hold.payment_hash });
      const result = await ended;
      if (outcome === 'settled') expect(result).toBe(preimage);
      else expect(result).toMatchObject({ code: 'PAYMENT_FAILED' });
      expect((await operator.lookupInvoice({ payment_hash: hold.payment_hash })).state).toBe(outcome);
    }
    expect((await customer.getBalance()).balance).toBe(before - 5_000);
    stop();
  });
});

/** A request by nostr-tools, which encrypts with NIP-04 and knows no expiration. */
async function payByNip04(invoice: string, tags: string[][] = []) {
  const uri = parseWalletUri(service.dev.customer.nwc ?? '');
  if (uri === null) throw new Error('dev.json has no wallet');
  const { secretKey, publicKey } = uri.keys;
  const request = await nip47.makeNwcRequestEvent(uri.walletPubkey, secretKey, invoice);
  const { kind, content, created_at } = request;
  const event = signEvent({ kind, content, created_at, tags: [...request.tags, ...tags] }, secretKey);
  const relay = await RawClient.connect(service.relay);
  relay.send('REQ', 'answers', { kinds: [23_195, 23_196], '#p': [publicKey], authors: [uri.walletPubkey] });
  await relay.take(([type]) => type === 'EOSE', 'end of what is stored');
  relay.send('EVENT', event);
  return {
    relay,
    event,
    /** Decrypted content of the next answer. */
    async next(kindWanted: number): Promise<unknown> {
      const [, , answer] = await relay.take(
        ([type, , body]) => type === 'EVENT' && parsed(body).kind === kindWanted,
        `event of kind ${kindWanted}`,
      );
      return JSON.parse(nip04.decrypt(secretKey, uri.walletPubkey, parsed(answer).content));
    },
  };
}

function parsed(value: unknown) {
  const event = parseEvent(value);
  if (typeof event === 'string') throw new Error(event);
  return event;
}

describe('NIP-04', () => {
  test('a request of nostr-tools is served and answered in kind', async () => {
    const made = await operator.makeInvoice({ amount: 1_000 });
    const { relay, next } = await payByNip04(made.invoice);
    expect(await next(23_195)).toMatchObject({ result_type: 'pay_invoice', error: null });
    expect(await next(23_196)).toMatchObject({
      notification_type: 'payment_sent',
      notification: { payment_hash: made.payment_hash },
    });
    await relay.close();
  });

  test('a request past its expiration is not served, and one that comes twice is served once', async () => {
    const made = await operator.makeInvoice({ amount: 1_000 });
    const late = await payByNip04(made.invoice, [['expiration', String(Math.floor(Date.now() / 1_000) + 1)]]);
    expect(await late.next(23_195)).toMatchObject({ error: null });
    // The same event again: were it served, the answer would be that the invoice is paid already.
    late.relay.send('EVENT', late.event);
    await late.relay.take(([type, id]) => type === 'OK' && id === late.event.id, 'OK');
    const other = await operator.makeInvoice({ amount: 1_000 });
    const expired = await payByNip04(other.invoice, [['expiration', '1000000000']]);
    const [, , taken] = await expired.relay.take(([type]) => type === 'OK', 'OK');
    expect(taken).toBe(false);
    expect((await operator.lookupInvoice({ invoice: other.invoice })).state).toBe('pending');
    expect(
      late.relay.inbox.filter(([type, , body]) => type === 'EVENT' && parsed(body).kind === 23_195),
    ).toEqual([]);
    await Promise.all([late.relay.close(), expired.relay.close()]);
  });
});
