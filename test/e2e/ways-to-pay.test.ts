/**
 * Goal: every way to pay works at once under `npm start`, with a wallet nobody here wrote (Alby's SDK), in both
 * dialects: escrow that is taken with the result and given back without one, jobs paid after their result and what
 * happens when they are not, metered jobs whose rest is credit, a request sent again with its invoice. Method: the
 * started service with its development money, black box; the customer's own wallet says what each job really cost.
 * Does not prove: other wallets and real Lightning (lightning.test.ts).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NWCClient } from '../peers/alby.ts';
import { type Client, connectClient, errorOf, tag } from '../support/client.ts';
import { type Service, startService } from '../support/service.ts';
import { signedCall } from '../support/signed-call.ts';
import { orderZap } from '../support/zapping.ts';

let service: Service;
let payer: NWCClient;

beforeAll(async () => {
  service = await startService();
  payer = new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
});

afterAll(async () => {
  payer.close();
  await service.stop();
});

type Event = Awaited<ReturnType<ReturnType<Client['answers']>['find']>>;

const agent = (slug: string) => service.dev.agents.find((one) => one.slug === slug)?.pubkey ?? '';
const balance = async () => (await payer.getBalance()).balance;
const task = (who: Client, slug: string, words: string, ...more: string[][]) =>
  who.sign(7001, [
    ['p', agent(slug)],
    ['request', JSON.stringify({ messages: [{ role: 'user', content: words }] })],
    ...more,
  ]);
const invoiceOf = (event: Event) => event.tags.find(([name]) => name === 'amount')?.[2] ?? '';
const demanded = (event: Event) => event.kind === 7000 && tag(event, 'status') === 'payment-required';
const delivered = (event: Event) => event.kind === 7001 && tag(event, 'result') !== undefined;
const phaseOf = async (id: string) => (await (await fetch(`${service.url}/jobs/${id}`)).json()).phase;

async function withClient(work: (client: Client) => Promise<void>): Promise<void> {
  const client = await connectClient(service.relay);
  try {
    await work(client);
  } finally {
    client.close();
  }
}

describe('escrow', () => {
  test('is locked before the job starts, and taken with its result', async () => {
    await withClient(async (client) => {
      const before = await balance();
      const request = task(client, 'discover-escrow', 'locked words');
      const answers = client.answers(request.id);
      await client.publish(request);
      const demand = await answers.find(demanded);
      const error = await answers.find((event) => event.kind === 7001);
      expect(errorOf(error)).toMatchObject({
        code: 'PAYMENT_REQUIRED',
        details: { amount_msats: 21_000, escrow: true },
      });
      // The wallet answers when the payment has ended: with the preimage, because the money was taken.
      const paid = payer.payInvoice({ invoice: invoiceOf(demand) });
      const result = await answers.find(delivered);
      expect((await paid).preimage).toMatch(/^[0-9a-f]{64}$/);
      expect(JSON.parse(tag(result, 'cost') ?? '')).toMatchObject({ price_sats: 21 });
      expect(before - (await balance())).toBe(21_000);
    });
  });

  test('NIP-90: the same', async () => {
    await withClient(async (client) => {
      const request = client.sign(5302, [
        ['p', agent('discover-escrow')],
        ['i', 'more locked words', 'text'],
      ]);
      const answers = client.answers(request.id);
      await client.publish(request);
      const demand = await answers.find(demanded);
      const [paid, result] = await Promise.all([
        payer.payInvoice({ invoice: invoiceOf(demand) }),
        answers.find((event) => event.kind === 6302),
      ]);
      expect(paid.preimage).toMatch(/^[0-9a-f]{64}$/);
      // Nothing is due any more, so there is no `amount`.
      expect(tag(result, 'amount')).toBeUndefined();
      expect(JSON.parse(tag(result, 'cost') ?? '')).toMatchObject({ price_sats: 21 });
    });
  });

  test('called off before it is paid: a payment that comes all the same goes back by itself', async () => {
    await withClient(async (client) => {
      const before = await balance();
      const request = task(client, 'discover-escrow', 'never mind');
      const answers = client.answers(request.id);
      await client.publish(request);
      const demand = await answers.find(demanded);
      await client.publish(client.sign(5, [['e', request.id]]));
      await expect.poll(() => phaseOf(request.id), { timeout: 10_000 }).toBe('cancelled');
      await expect(payer.payInvoice({ invoice: invoiceOf(demand) })).rejects.toThrow();
      expect(await balance()).toBe(before);
      expect(answers.events.some(delivered)).toBe(false);
    });
  });
});

describe('a postpaid job', () => {
  test('is done at once, and its result carries the invoice; paid, it owes nothing', async () => {
    await withClient(async (client) => {
      const before = await balance();
      const request = task(client, 'discover-postpaid', 'words on trust');
      const answers = client.answers(request.id);
      await client.publish(request);
      const result = await answers.find(delivered);
      expect(answers.events.some(demanded)).toBe(false);
      await payer.payInvoice({ invoice: tag(result, 'bolt11') ?? '' });
      expect(before - (await balance())).toBe(21_000);
    });
  });

  test('NIP-90: the result says in `amount` what is due', async () => {
    await withClient(async (client) => {
      const request = client.sign(5302, [
        ['p', agent('discover-postpaid')],
        ['i', 'more words on trust', 'text'],
      ]);
      const answers = client.answers(request.id);
      await client.publish(request);
      const result = await answers.find((event) => event.kind === 6302);
      const [, amount, invoice] = result.tags.find(([name]) => name === 'amount') ?? [];
      expect(amount).toBe('21000');
      await payer.payInvoice({ invoice: invoice ?? '' });
    });
  });

  test('is paid by a zap on its result, too', async () => {
    await withClient(async (client) => {
      const request = task(client, 'discover-postpaid', 'zapped words on trust');
      const answers = client.answers(request.id);
      await client.publish(request);
      const { bolt11 } = await orderZap({
        url: service.url,
        slug: 'discover-postpaid',
        target: await answers.find(delivered),
        amount_msats: 21_000,
        relay: service.relay,
        secretKey: client.secretKey,
      });
      const account = async () => (await signedCall(service.url, client.secretKey, 'GET', '/account')).json;
      expect(await account()).toMatchObject({ owing_msats: 21_000 });
      await payer.payInvoice({ invoice: bolt11 });
      await expect
        .poll(account, { timeout: 10_000 })
        .toMatchObject({ owing_msats: 0, credit_msats: 0, set_aside_msats: 0 });
    });
  });

  test('nobody is trusted beyond the limit: then it is asked for money before, until debts are paid', async () => {
    await withClient(async (client) => {
      const owed: string[] = [];
      // 100 sats under `npm start`: four jobs of 21.
      for (let i = 0; i < 4; i++) {
        const request = task(client, 'discover-postpaid', `debt ${i}`);
        const answers = client.answers(request.id);
        await client.publish(request);
        owed.push(tag(await answers.find(delivered), 'bolt11') ?? '');
      }
      const fifth = task(client, 'discover-postpaid', 'one too many');
      const asked = client.answers(fifth.id);
      await client.publish(fifth);
      await asked.find(demanded);
      expect(asked.events.some(delivered)).toBe(false);

      await payer.payInvoice({ invoice: owed[0] ?? '' });
      // What is paid is heard of in a moment; until then the client is asked for money again.
      await expect
        .poll(
          async () => {
            const next = task(client, 'discover-postpaid', `paid up ${Math.random()}`);
            const answers = client.answers(next.id);
            await client.publish(next);
            return delivered(await answers.find((event) => event.kind === 7001));
          },
          { timeout: 20_000, interval: 500 },
        )
        .toBe(true);
    });
  });
});

describe('a metered job', () => {
  test('is quoted at most, charged as used, and the rest is credit', async () => {
    await withClient(async (client) => {
      const request = task(client, 'discover-metered', 'a few words');
      const answers = client.answers(request.id);
      await client.publish(request);
      const demand = await answers.find(demanded);
      const max = Number(demand.tags.find(([name]) => name === 'amount')?.[1]);
      await payer.payInvoice({ invoice: invoiceOf(demand) });
      const cost = JSON.parse(tag(await answers.find(delivered), 'cost') ?? '');
      expect(cost.price_sats * 1000).toBeLessThan(max);
      expect(cost.breakdown.map(({ item }: { item: string }) => item)).toEqual([
        'input_tokens',
        'output_tokens',
      ]);
      const used = cost.breakdown.reduce(
        (sum: number, { cost_sats }: { cost_sats: number }) => sum + cost_sats,
        0,
      );
      expect(used).toBeCloseTo(cost.price_sats, 6);
      // What is left pays no second job of the same maximum, so the next is asked for again.
      const next = task(client, 'discover-metered', 'a few words');
      const asked = client.answers(next.id);
      await client.publish(next);
      await asked.find(demanded);
    });
  });
});

describe('a request sent again with its invoice', () => {
  test('is answered as the first one is, and the invoice pays for nothing else', async () => {
    await withClient(async (client) => {
      const before = await balance();
      const request = task(client, 'discover-prepaid', 'pay and send again');
      const answers = client.answers(request.id);
      await client.publish(request);
      const invoice = invoiceOf(await answers.find(demanded));
      await payer.payInvoice({ invoice });
      const again = task(client, 'discover-prepaid', 'pay and send again', ['bolt11', invoice]);
      const answered = client.answers(again.id);
      await client.publish(again);
      const [first, second] = await Promise.all([answers.find(delivered), answered.find(delivered)]);
      expect(second.content).toBe(first.content);
      expect(before - (await balance())).toBe(21_000);

      const third = task(client, 'discover-prepaid', 'pay and send again', ['bolt11', invoice], ['x', '3']);
      const other = task(client, 'discover-prepaid', 'something else', ['bolt11', invoice]);
      for (const used of [third, other]) {
        const refused = client.answers(used.id);
        await client.publish(used);
        expect(errorOf(await refused.end())).toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
      }
    });
  });

  test('an invoice of somebody else, or none at all, is refused with a code', async () => {
    await withClient(async (client) => {
      const foreign = await payer.makeInvoice({ amount: 21_000 });
      const cases = [
        [foreign.invoice, 'INSUFFICIENT_FUNDS'],
        ['lnbc1notaninvoice', 'BAD_REQUEST'],
      ] as const;
      for (const [bolt11, code] of cases) {
        const request = task(client, 'discover-prepaid', 'paid elsewhere', ['bolt11', bolt11]);
        const answers = client.answers(request.id);
        await client.publish(request);
        expect(errorOf(await answers.end())).toMatchObject({ code });
      }
    });
  });
});
