/**
 * Goal: a client that has a job erased (PROTOCOL §5) leaves nothing of its prompt and output in the session, also
 * while the job's money still moves, and that money still arrives where it belongs. Method: the worlds of
 * money.test.ts without trouble; everything stored is read as text. Does not prove: what the embedded relay keeps
 * (test/e2e/jobs-erased.test.ts).
 */
import { expect, test } from 'vitest';
import { msats } from '../../src/payment/msats.ts';
import type { PaymentMethod } from '../../src/protocol/agent.ts';
import { PRICE, Purse } from './purse.ts';
import { CALM, CLIENT, World } from './world.ts';

const WORDS = 'capybara-prompt';

function worldWith(...methods: PaymentMethod[]): { world: World; purse: Purse } {
  const make = (now: () => number) =>
    new Purse(CLIENT.publicKey, methods, now, { trust: msats(1_000_000), traps: false });
  const world = new World(7, CALM, false, make);
  const { purse } = world;
  if (purse === null) throw new Error('a world without money');
  purse.refusesToPay = true;
  return { world, purse };
}

/** The job's invoice, once it was told, whatever it is told with. */
async function invoiceOf(world: World): Promise<string> {
  const told = () =>
    [...(world.relays.get('embedded')?.values() ?? [])]
      .flatMap(({ tags }) => tags.filter(([name]) => name === 'amount').map(([, , bolt11 = '']) => bolt11))
      .at(0);
  for (let i = 0; i < 200 && told() === undefined; i++) await world.run(1);
  return told() ?? '';
}

test.each([
  ['called off before it was paid', 'bolt11_prepaid', 0n],
  ['delivered and not paid', 'bolt11_postpaid', PRICE],
] as const)('a job %s is erased at once, and a later payment is booked', async (_, method, owed) => {
  const { world, purse } = worldWith(method);
  const request = world.request([['i', WORDS, 'text']]);
  world.deliver(request);
  const bolt11 = await invoiceOf(world);
  expect(world.stored()).toContain(WORDS);
  // The first calls off what has not ended; what has ended, the next erases.
  for (let i = 0; i < 2; i++) world.cancel(request.id, i);
  for (let i = 0; i < 200 && world.stored().includes(WORDS); i++) await world.run(1);
  expect(world.stored()).not.toContain(WORDS);
  expect(world.now_ms).toBeLessThan(1_700_000_060_000);

  // Its process dies; what is left is enough to take the money.
  world.crash();
  purse.refusesToPay = false;
  expect(purse.pay(bolt11)).toBe(true);
  expect(await world.run(4_000)).toBe(true);
  expect(purse.income).toBe(PRICE);
  expect(purse.credit).toBe(PRICE - owed);
  expect(world.stored()).not.toContain(WORDS);
});
