/**
 * Goal: a job with a price is asked for, paid by a wallet nobody here wrote (Alby's SDK), and done, in both dialects;
 * money that comes for a dead job is the client's credit and pays its next one. Method: the started service with its
 * development money, black box. Does not prove: other wallets and real Lightning.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NWCClient } from '../peers/alby.ts';
import { type Client, connectClient, errorOf, tag } from '../support/client.ts';
import { type Service, startService } from '../support/service.ts';

let service: Service;
let payer: NWCClient;
let client: Client;
let agent: string;

beforeAll(async () => {
  service = await startService();
  payer = new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
  client = await connectClient(service.relay);
  agent = service.dev.agents.find(({ slug }) => slug === 'discover-prepaid')?.pubkey ?? '';
});

afterAll(async () => {
  client.close();
  payer.close();
  await service.stop();
});

const task = (who: Client, words: string) =>
  who.sign(7001, [
    ['p', agent],
    ['request', JSON.stringify({ messages: [{ role: 'user', content: words }] })],
  ]);
const demanded = (event: { kind: number; tags: string[][] }) =>
  event.kind === 7000 &&
  event.tags.some(([name, state]) => name === 'status' && state === 'payment-required');

test('dev.json says what each agent costs and how it is paid', () => {
  const priced = service.dev.agents.map(({ slug, price_msats, payment }) => ({ slug, price_msats, payment }));
  const paid = (slug: string, price_msats: number, ...payment: string[]) => ({ slug, price_msats, payment });
  expect(priced).toEqual([
    paid('discover', 0),
    paid('discover-prepaid', 21_000, 'bolt11_prepaid', 'zap', 'credit'),
    paid('discover-postpaid', 21_000, 'bolt11_postpaid', 'zap', 'credit'),
    paid('discover-escrow', 21_000, 'escrow_hodl_optional', 'zap', 'credit'),
    paid('discover-metered', 0, 'bolt11_prepaid', 'zap', 'credit'),
    paid('code', 0),
    paid('code-prepaid', 0, 'bolt11_prepaid', 'zap', 'credit'),
  ]);
});

describe('a job with a price', () => {
  test('agent NIP: is demanded in both kinds, done when paid, and says what it cost', async () => {
    const request = task(client, 'paid words');
    const answers = client.answers(request.id);
    await client.publish(request);
    const feedback = await answers.find(demanded);
    const [, amount, invoice] = feedback.tags.find(([name]) => name === 'amount') ?? [];
    expect(amount).toBe('21000');
    const error = await answers.find((event) => event.kind === 7001 && errorOf(event) !== null);
    expect(errorOf(error)).toMatchObject({ code: 'PAYMENT_REQUIRED', details: { amount_msats: 21_000 } });
    expect(tag(error, 'bolt11')).toBe(invoice);
    expect(answers.events.some((event) => tag(event, 'status') === 'processing')).toBe(false);

    await payer.payInvoice({ invoice: invoice ?? '' });
    const result = await answers.find((event) => event.kind === 7001 && tag(event, 'result') !== undefined);
    expect(JSON.parse(tag(result, 'cost') ?? '')).toMatchObject({
      price_sats: 21,
      breakdown: [{ item: 'job', cost_sats: 21 }],
    });
    await answers.find((event) => tag(event, 'status') === 'processing');
  });

  test('NIP-90: is demanded by feedback alone, and done when paid', async () => {
    const request = client.sign(5302, [
      ['p', agent],
      ['i', 'more paid words', 'text'],
    ]);
    const answers = client.answers(request.id);
    await client.publish(request);
    const feedback = await answers.find(demanded);
    await payer.payInvoice({ invoice: feedback.tags.find(([name]) => name === 'amount')?.[2] ?? '' });
    await answers.find((event) => event.kind === 6302);
    expect(answers.events.some((event) => event.kind === 7001)).toBe(false);
  });

  test('is refused when it costs more than the bid', async () => {
    const request = client.sign(5302, [
      ['p', agent],
      ['i', 'cheap words', 'text'],
      ['bid', '20999'],
    ]);
    const answers = client.answers(request.id);
    await client.publish(request);
    expect(errorOf(await answers.end())).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { price_msats: 21_000, bid_msats: 20_999 },
    });
  });

  test('paid after it was called off: the money is credit, and pays the next job without an invoice', async () => {
    const other = await connectClient(service.relay);
    const request = task(other, 'called off');
    const answers = other.answers(request.id);
    await other.publish(request);
    const feedback = await answers.find(demanded);
    await other.publish(other.sign(5, [['e', request.id]]));
    await expect
      .poll(async () => (await (await fetch(`${service.url}/jobs/${request.id}`)).json()).phase, {
        timeout: 10_000,
      })
      .toBe('cancelled');
    await payer.payInvoice({ invoice: feedback.tags.find(([name]) => name === 'amount')?.[2] ?? '' });

    // The wallet is asked again by and by; until it was, a next job would be asked for money, so it is posted anew.
    await expect
      .poll(
        async () => {
          const next = task(other, `by credit ${Math.random()}`);
          const told = other.answers(next.id);
          await other.publish(next);
          const first = await told.find((event) => event.kind === 7001);
          return tag(first, 'result') !== undefined;
        },
        { timeout: 25_000, interval: 1_000 },
      )
      .toBe(true);
    expect(answers.events.some((event) => tag(event, 'result') !== undefined)).toBe(false);
    other.close();
  });
});
