/**
 * Goal: a client that pays an invoice and then asks for something else with it (PROTOCOL §2) gets what it asked for,
 * also when the wallet tells of the payment last; and it may write the invoice as wallets do. Method: the worlds of
 * money.test.ts without trouble. Does not prove: the same on the wire (test/e2e/ways-to-pay.test.ts).
 */
import { expect, test } from 'vitest';
import { msats } from '../../src/payment/msats.ts';
import type { PaymentMethod } from '../../src/protocol/agent.ts';
import { PRICE, Purse } from './purse.ts';
import { CALM, CLIENT, World } from './world.ts';

function worldWithMoney(method: PaymentMethod = 'bolt11_prepaid'): { world: World; purse: Purse } {
  const make = (now: () => number) =>
    new Purse(CLIENT.publicKey, [method], now, { trust: msats(100_000), traps: false });
  const world = new World(7, CALM, false, make);
  const { purse } = world;
  if (purse === null) throw new Error('a world without money');
  purse.refusesToPay = true;
  return { world, purse };
}

const demands = (world: World) =>
  [...(world.relays.get('embedded')?.values() ?? [])].flatMap(({ tags }) =>
    tags.filter(([name]) => name === 'amount').map(([, , bolt11 = '']) => bolt11),
  );
async function asked(world: World, times: number): Promise<string[]> {
  for (let i = 0; i < 200 && demands(world).length < times; i++) await world.run(1);
  return demands(world);
}
const phaseOf = (world: World, id: string) => world.record.get(id)?.phase;

test('money that comes for the job it gave up pays the one it asks for instead', async () => {
  const { world, purse } = worldWithMoney();
  const first = world.request([['i', 'one thing', 'text']]);
  world.deliver(first);
  const [bolt11 = ''] = await asked(world, 1);
  // Paid, and nobody here knows of it yet.
  const instead = world.request([
    ['i', 'something else', 'text'],
    ['bolt11', bolt11],
  ]);
  world.deliver(instead);
  await asked(world, 2);
  purse.refusesToPay = false;
  expect(purse.pay(bolt11)).toBe(true);
  purse.refusesToPay = true;
  world.hear(first.id, bolt11);
  expect(await world.run(4_000)).toBe(true);
  expect([first, instead].map(({ id }) => phaseOf(world, id))).toEqual(['cancelled', 'delivered']);
  expect(purse.income).toBe(PRICE);
  expect(purse.credit).toBe(0n);
});

test('the invoice that came with a result is for that result, paid or not', async () => {
  const { world, purse } = worldWithMoney('bolt11_postpaid');
  const first = world.request([['i', 'words', 'text']]);
  world.deliver(first);
  const [bolt11 = ''] = await asked(world, 1);
  const again = world.request([
    ['i', 'words', 'text'],
    ['bolt11', bolt11],
  ]);
  world.deliver(again);
  for (let i = 0; i < 100 && phaseOf(world, again.id) === undefined; i++) await world.run(1);
  expect(world.record.get(again.id)).toMatchObject({ phase: 'rejected', error: 'INSUFFICIENT_FUNDS' });
  expect(phaseOf(world, first.id)).toBe('delivered');
  expect(purse.income).toBe(0n);
});

test.each([
  (invoice: string) => `lightning:${invoice}`,
  (invoice: string) => `LIGHTNING:${invoice.toUpperCase()}`,
  (invoice: string) => ` ${invoice} `,
])('an invoice is known however it is written: case %#', async (written) => {
  const { world, purse } = worldWithMoney();
  const first = world.request([['i', 'words', 'text']]);
  world.deliver(first);
  const [bolt11 = ''] = await asked(world, 1);
  purse.refusesToPay = false;
  purse.pay(bolt11);
  world.hear(first.id, bolt11);
  const again = world.request([
    ['i', 'words', 'text'],
    ['bolt11', written(bolt11)],
  ]);
  world.deliver(again);
  expect(await world.run(4_000)).toBe(true);
  expect([first, again].map(({ id }) => phaseOf(world, id))).toEqual(['delivered', 'delivered']);
  expect(purse.income).toBe(PRICE);
});
