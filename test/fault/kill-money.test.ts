/**
 * Goal: nobody loses a msat (RELIABILITY, K3, K5, K11; issue 3, item 13). Method: the service as users start it is
 * killed with SIGKILL, the whole process tree at once, right after the wallet has acted and before anybody knows of it:
 * at the points of the till, and after each call to the wallet. It is started again on the same state; the customer, who
 * pays whatever is asked once, gets one result for one price; what was called off costs nothing; and the books agree
 * with the wallet's own list. Does not prove: that the wallet survives its own death at every point (the development
 * wallet dies with the process here, too, which only makes it harder).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LedgerReport } from '../../src/http/schemas.ts';
import { NWCClient } from '../peers/alby.ts';
import { type Client, connectClient, tag } from '../support/client.ts';
import { MortalService } from '../support/mortal-service.ts';
import { askAsOperator } from '../support/operator.ts';

const PRICE_MSATS = 21_000;
let service: MortalService;

beforeAll(async () => {
  service = await MortalService.start();
});

afterAll(async () => {
  await service.stop();
});

async function withWallet<Value>(work: (wallet: NWCClient) => Promise<Value>): Promise<Value> {
  const wallet = new NWCClient({ nostrWalletConnectUrl: service.now.dev.customer.nwc ?? '' });
  try {
    return await work(wallet);
  } finally {
    wallet.close();
  }
}

const balance = () => withWallet(async (wallet) => (await wallet.getBalance()).balance);

interface Asked {
  readonly key: Uint8Array;
  readonly request: ReturnType<Client['sign']>;
}

async function prepare(slug: string, words: string): Promise<Asked> {
  const client = await connectClient(service.now.relay);
  const agent = service.now.dev.agents.find((one) => one.slug === slug)?.pubkey ?? '';
  const request = client.sign(5302, [
    ['p', agent],
    ['i', words, 'text'],
  ]);
  client.close();
  return { key: client.secretKey, request };
}

/** The customer: posts until it is taken, pays what is asked, and waits for the result. Repeat-safe. */
async function seeThrough({ key, request }: Asked): Promise<void> {
  const client = await connectClient(service.now.relay, key);
  try {
    const answers = client.answers(request.id);
    await client.publish(request);
    const paying = (bolt11: string) =>
      withWallet((wallet) => wallet.payInvoice({ invoice: bolt11 })).catch(() => undefined);
    const first = await answers.find((event) => event.kind === 6302 || tag(event, 'amount') !== undefined);
    const bolt11 = first.tags.find(([name]) => name === 'amount')?.[2];
    // An invoice that was paid in an earlier life is refused by the wallet, which is what we want of it.
    if (bolt11 !== undefined) void paying(bolt11);
    const result = await answers.find((event) => event.kind === 6302);
    const due = result.tags.find(([name]) => name === 'amount')?.[2];
    if (due !== undefined) await paying(due);
    expect(answers.events.filter((event) => event.kind === 6302)).toHaveLength(1);
  } finally {
    client.close();
  }
}

/** Books and wallet say the same, by their own words. */
async function agrees(): Promise<void> {
  const report = async () =>
    LedgerReport.parse(await askAsOperator(service.home, '/operator/ledger?grace_s=0'));
  await expect
    .poll(async () => (await report()).differences.map(({ text }) => text), { timeout: 40_000 })
    .toEqual([]);
}

describe.each([
  ['discover-prepaid', ['K3', 'K5', 'wallet-makeInvoice', 'wallet-lookup']],
  ['discover-escrow', ['K3', 'K5', 'K11', 'wallet-makeHold', 'wallet-settleHold', 'wallet-capabilities']],
  ['discover-postpaid', ['K3', 'K5', 'wallet-makeInvoice', 'wallet-lookup']],
])('%s is done once, for its price, when everything dies', (slug, points) => {
  test.each(points)('at %s', async (point) => {
    const before = await balance();
    const asked = await prepare(slug, `killed at ${point}`);
    await service.killedAt(point, () => seeThrough(asked));
    await seeThrough(asked);
    await expect.poll(async () => before - (await balance()), { timeout: 20_000 }).toBe(PRICE_MSATS);
    await agrees();
  });
});

test.each(['K11', 'wallet-cancelHold'])(
  'an escrow that was called off costs nothing, killed at %s',
  async (point) => {
    const before = await balance();
    const { key, request } = await prepare('discover-escrow', `called off at ${point}`);
    let bolt11 = '';
    await service.killedAt(point, async () => {
      const client = await connectClient(service.now.relay, key);
      const answers = client.answers(request.id);
      await client.publish(request);
      const demand = await answers.find((event) => tag(event, 'amount') !== undefined);
      bolt11 = demand.tags.find(([name]) => name === 'amount')?.[2] ?? '';
      await client.publish(client.sign(5, [['e', request.id]]));
    });
    const paid = withWallet((wallet) => wallet.payInvoice({ invoice: bolt11 }));
    await expect(paid).rejects.toThrow();
    expect(await balance()).toBe(before);
    await agrees();
  },
);
