/**
 * Goal: nobody loses a msat (RELIABILITY, K3, K5, K11; issue 3, item 13). Method: jobs are held right after the
 * wallet has acted and before anybody knows of it: at the points of the till, and after each call to the wallet; then the
 * service as users start it is killed with SIGKILL, the whole process tree at once. It is started again on the same state; the customer, who
 * pays whatever is asked once, gets one result for one price; what was called off costs nothing; and the books agree
 * with the wallet's own list. Does not prove: that the wallet survives its own death at every point (the development
 * wallet dies with the process here, too, which only makes it harder).
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LedgerReport } from '../../src/http/schemas-operator.ts';
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

/** Points by agent. A lookup is the wallet's own round over everything that is open, so it comes last. */
const POINTS: readonly (readonly [slug: string, points: readonly string[]])[] = [
  ['discover-prepaid', ['K3', 'K5', 'wallet-makeInvoice']],
  ['discover-escrow', ['K3', 'K5', 'K11', 'wallet-capabilities', 'wallet-makeHold', 'wallet-settleHold']],
  ['discover-postpaid', ['K3', 'K5', 'wallet-makeInvoice', 'wallet-lookup']],
];

test('each job is done once, for its price, when everything dies with each at a point of its own', async () => {
  const before = await balance();
  const jobs: (Asked & { point: string })[] = [];
  for (const [slug, points] of POINTS)
    for (const point of points) jobs.push({ ...(await prepare(slug, `killed at ${point}`)), point });
  await service.killedTogether(
    jobs.map((job) => ({
      point: job.point,
      // Calls to the wallet are told by their name.
      ...(job.point.startsWith('wallet-') ? {} : { about: job.request.id }),
      act: () => seeThrough(job),
    })),
  );
  await Promise.all(jobs.map(seeThrough));
  await expect
    .poll(async () => before - (await balance()), { timeout: 20_000 })
    .toBe(PRICE_MSATS * jobs.length);
  await agrees();
});

/** An escrow that was called off before it was paid, and the invoice it had. */
async function callOff({ key, request }: Asked, shown: (bolt11: string) => void): Promise<void> {
  const client = await connectClient(service.now.relay, key);
  const answers = client.answers(request.id);
  await client.publish(request);
  const demand = await answers.find((event) => tag(event, 'amount') !== undefined);
  shown(demand.tags.find(([name]) => name === 'amount')?.[2] ?? '');
  await client.publish(client.sign(5, [['e', request.id]]));
}

test('an escrow that was called off costs nothing, whenever everything dies', async () => {
  const before = await balance();
  const invoices: string[] = [];
  const called = async (point: string) => {
    const asked = await prepare('discover-escrow', `called off at ${point}`);
    const about = point === 'K11' ? { about: asked.request.id } : {};
    return { point, ...about, act: () => callOff(asked, (bolt11) => invoices.push(bolt11)) };
  };
  await service.killedTogether([await called('K11'), await called('wallet-cancelHold')]);
  expect(invoices).toHaveLength(2);
  for (const bolt11 of invoices) {
    const paid = withWallet((wallet) => wallet.payInvoice({ invoice: bolt11 }));
    await expect(paid).rejects.toThrow();
  }
  expect(await balance()).toBe(before);
  await agrees();
});
