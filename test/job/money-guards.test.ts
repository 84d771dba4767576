/**
 * Goal: guards of money fire (LIGHTNING §7.5, invariants 6, 8, 9, 10, 16): one payment hash pays one job, a preimage is
 * seen by nobody before it is used, handlers that race on one job have one effect, nothing is worked for whose money has
 * gone back, and a request that comes again, is replaced or called off neither frees nor keeps what is not its own.
 * Method: the worlds of money.test.ts without trouble, each with the one thing that its guard is for. Does not prove:
 * the same of the durable objects (test/workers, test/e2e), nor that the wallet keeps the preimage to itself.
 */
import { describe, expect, test } from 'vitest';
import { JOB_REQUEST_MAX_AGE_S } from '../../src/limits.ts';
import { msats } from '../../src/payment/msats.ts';
import type { PaymentMethod } from '../../src/protocol/agent.ts';
import { PRICE, Purse } from './purse.ts';
import { CALM, CLIENT, World } from './world.ts';

function worldWith(...methods: PaymentMethod[]): { world: World; purse: Purse } {
  return worldOf(false, methods);
}

/** @param slow whether work is done by a runner, and takes its time */
function worldOf(slow: boolean, methods: readonly PaymentMethod[]): { world: World; purse: Purse } {
  const world = new World(
    7,
    CALM,
    slow,
    (now) => new Purse(CLIENT.publicKey, methods, now, { trust: msats(0), traps: false }),
  );
  const { purse } = world;
  if (purse === null) throw new Error('a world without money');
  return { world, purse };
}

const demands = (world: World) =>
  [...(world.relays.get('embedded')?.values() ?? [])].flatMap(({ tags }) =>
    tags.filter(([name]) => name === 'amount').map(([, , bolt11 = '']) => bolt11),
  );
/** Lets the world go on until the customer was asked for money. */
async function asked(world: World, times = 1): Promise<string[]> {
  for (let i = 0; i < 200 && demands(world).length < times; i++) await world.run(1);
  return demands(world);
}

const phases = (world: World) => world.asked.map(({ id }) => world.record.get(id)?.phase);

test('a wallet that hands out one invoice for two jobs has one of them refused, and one payment pays one job', async () => {
  const { world, purse } = worldWith('bolt11_prepaid');
  purse.repeatsInvoices = true;
  purse.refusesToPay = true;
  for (const words of ['one', 'two']) world.deliver(world.request([['i', words, 'text']]));
  const [bolt11 = ''] = await asked(world);
  purse.refusesToPay = false;
  purse.pay(bolt11);
  expect(await world.run(4_000)).toBe(true);
  expect(demands(world)).toEqual([bolt11]);
  expect(phases(world).sort()).toEqual(['delivered', 'failed']);
  expect(purse.income).toBe(PRICE);
});

test('the preimage of an escrow is in nothing that is stored or told until it is used', async () => {
  const { world, purse } = worldWith('escrow_hodl_optional');
  purse.refusesToPay = true;
  world.deliver(world.request([['i', 'words', 'text']]));
  const [bolt11 = ''] = await asked(world);
  const secret = purse.secretOf(bolt11);
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(world.everything()).toContain(purse.hashOf(bolt11));
  expect(world.everything()).not.toContain(secret);
  purse.refusesToPay = false;
  expect(purse.pay(bolt11)).toBe(true);
  expect(await world.run(4_000)).toBe(true);
  expect(phases(world)).toEqual(['delivered']);
});

test('an escrow whose job is called off before its money was taken is given back, though the work was accepted', async () => {
  const { world, purse } = worldWith('escrow_hodl_optional');
  purse.refusesToPay = true;
  const request = world.request([['i', 'words', 'text']]);
  world.deliver(request);
  const [bolt11 = ''] = await asked(world);
  purse.refusesToPay = false;
  expect(purse.pay(bolt11)).toBe(true);
  world.hear(request.id, bolt11);
  // The work is done, and the wallet does not say whether there is time to take its money.
  purse.silent = true;
  for (let i = 0; i < 50 && world.happened.work !== 1; i++) await world.run(1);
  world.cancel(request.id, 0);
  await world.run(5);
  purse.silent = false;
  expect(await world.run(4_000)).toBe(true);
  expect(phases(world)).toEqual(['cancelled']);
  expect(purse.income).toBe(0n);
  expect(purse.credit).toBe(0n);
});

describe('handlers that race on one job', () => {
  test('take its price once, have its work done once, and tell its result once', async () => {
    const { world, purse } = worldWith('bolt11_prepaid', 'credit');
    purse.refusesToPay = true;
    const request = world.request([['i', 'words', 'text']]);
    world.deliver(request);
    world.deliver(request);
    const [bolt11 = ''] = await asked(world);
    purse.refusesToPay = false;
    purse.pay(bolt11);
    // The wallet's word, twice, a zap, twice told, and the alarm, all at one moment.
    for (let i = 0; i < 2; i++) world.hear(request.id, bolt11);
    for (let i = 0; i < 2; i++) world.zap(request.id, PRICE, 0);
    expect(await world.run(4_000)).toBe(true);
    expect(phases(world)).toEqual(['delivered']);
    expect(world.happened.work).toBe(1);
    expect(purse.income).toBe(3n * PRICE);
    expect(purse.credit).toBe(2n * PRICE);
    const results = [...(world.relays.get('embedded')?.values() ?? [])].filter(({ kind }) => kind === 6302);
    expect(results).toHaveLength(1);
  });
});

test('where no more payments may be held, an escrowed job is prepaid at once', async () => {
  const { world, purse } = worldWith('escrow_hodl_optional');
  purse.isFull = true;
  purse.refusesToPay = true;
  const asked_ms = world.now_ms;
  world.deliver(world.request([['i', 'words', 'text']]));
  const [bolt11 = ''] = await asked(world);
  expect(world.now_ms - asked_ms).toBeLessThan(1_000);
  purse.refusesToPay = false;
  expect(purse.pay(bolt11)).toBe(true);
  expect(purse.locked).toBe(0);
  expect(await world.run(4_000)).toBe(true);
  expect(phases(world)).toEqual(['delivered']);
});

/** A turn of one conversation, delivered. */
function turn(world: World, words: string) {
  const body = JSON.stringify({ messages: [{ role: 'user', content: words }] });
  const tags = [
    ['t', 'trip'],
    ['request', body],
  ];
  const request = world.request(tags, 7001);
  world.deliver(request);
  return request;
}

test('a job whose escrow is gone while it waits for its turn is not worked for', async () => {
  const { world, purse } = worldOf(true, ['escrow_hodl_optional']);
  purse.refusesToPay = true;
  const pay = async (id: string, times: number) => {
    const invoice = (await asked(world, times)).at(-1) ?? '';
    purse.refusesToPay = false;
    expect(purse.pay(invoice)).toBe(true);
    purse.refusesToPay = true;
    world.hear(id, invoice);
    return invoice;
  };
  const first = turn(world, 'one');
  await pay(first.id, 1);
  for (let i = 0; i < 50 && world.shown(first.id)?.phase !== 'running'; i++) await world.run(1);
  const second = turn(world, 'two');
  const bolt11 = await pay(second.id, 2);
  await world.run(2);
  expect([world.shown(first.id)?.phase, world.shown(second.id)?.phase]).toEqual(['running', 'waiting']);
  purse.giveBack(bolt11);
  expect(await world.run(4_000)).toBe(true);
  expect(phases(world)).toEqual(['delivered', 'failed']);
  expect(purse.income).toBe(PRICE);
});

test('a sealed request that is called off while its price is set aside gets it back', async () => {
  const { world, purse } = worldOf(true, ['bolt11_prepaid', 'credit']);
  purse.zap(PRICE);
  const request = world.request([['i', 'words', 'text']]);
  let cancelled = Promise.resolve();
  purse.meanwhile = async () => {
    cancelled = world.cancelNow(request.id);
    await new Promise((resolve) => setImmediate(resolve));
  };
  world.deliver(world.wrapped(request));
  expect(await world.run(4_000)).toBe(true);
  await cancelled;
  expect(phases(world)).toEqual(['cancelled']);
  expect(purse.credit).toBe(PRICE);
});

test('a request for something else with an invoice that was paid a moment ago is worked for, without another demand', async () => {
  const { world, purse } = worldWith('bolt11_prepaid', 'credit');
  purse.refusesToPay = true;
  world.deliver(world.request([['i', 'words', 'text']]));
  const [bolt11 = ''] = await asked(world);
  purse.refusesToPay = false;
  purse.pay(bolt11);
  purse.refusesToPay = true;
  const other = world.request([
    ['i', 'other words', 'text'],
    ['bolt11', bolt11],
  ]);
  world.deliver(other);
  expect(await world.run(4_000)).toBe(true);
  expect(phases(world)).toEqual(['cancelled', 'delivered']);
});

test('a sealed request that comes again when it is too old to be taken gives nothing back of what it has', async () => {
  const { world, purse } = worldWith('bolt11_prepaid', 'credit');
  purse.refusesToPay = true;
  const words = (text: string) => [
    'request',
    JSON.stringify({ messages: [{ role: 'user', content: text }] }),
  ];
  // Its turn comes when this one has expired.
  world.deliver(world.request([words('one'), ['t', 'trip']], 7001));
  await asked(world);
  purse.zap(PRICE);
  const request = world.request([words('two'), ['t', 'trip']], 7001, JOB_REQUEST_MAX_AGE_S - 10);
  world.deliver(world.wrapped(request));
  await world.run(8);
  expect(purse.credit).toBe(0n);
  world.now_ms += 20_000;
  world.deliver(world.wrapped(request));
  expect(await world.run(4_000)).toBe(true);
  expect(phases(world)).toEqual(['expired', 'delivered']);
  expect(purse.credit).toBe(0n);
});

test('a paid turn of a conversation does not wait for an earlier one that nobody has paid for', async () => {
  const { world, purse } = worldWith('bolt11_prepaid');
  purse.refusesToPay = true;
  const first = turn(world, 'one');
  const [unpaid = ''] = await asked(world);
  const second = turn(world, 'two');
  const invoice = (await asked(world, 2)).find((bolt11) => bolt11 !== unpaid) ?? '';
  purse.refusesToPay = false;
  expect(purse.pay(invoice)).toBe(true);
  purse.refusesToPay = true;
  world.hear(second.id, invoice);
  for (let i = 0; i < 50 && world.record.get(second.id)?.phase !== 'delivered'; i++) await world.run(1);
  expect(world.record.get(second.id)?.phase).toBe('delivered');
  expect(world.record.get(first.id)?.phase).toBe('waiting');
  expect(await world.run(4_000)).toBe(true);
  expect(purse.income).toBe(PRICE);
});
