/**
 * Goal: money given to a key is conserved and never spent twice, whatever dies in between; a secret or a token opens its own
 * purse and nobody else's. Method: real books of owners and purses in memory; in the seeded worlds the process dies at any
 * write and every call is asked again until it is answered. Does not prove: the durable objects (test/workers/purses.test.ts).
 */
import { describe, expect, test } from 'vitest';
import { decodeMacaroon, encodeMacaroon, narrowed } from '../../src/door/macaroon.ts';
import { challengeHeader } from '../../src/door/purses.ts';
import { JobError } from '../../src/errors.ts';
import { delivered, failed, lent, reserved } from '../../src/payment/ledger-entries.ts';
import { msats } from '../../src/payment/msats.ts';
import { Crash, OWNER, purseWorld } from '../support/purse-world.ts';
import { seeded } from '../support/random.ts';

const WISH = { name: 'ci', budget: msats(50_000), agents: null, expiresAt_s: null };
const FEES = { shares: [], feeParts: 0 };

async function filled() {
  const world = purseWorld();
  world.receive(OWNER, msats(100_000), 'first');
  const { key, secret } = await world.ring.create(OWNER, WISH);
  return { world, key, secret };
}

describe('an API key', () => {
  test('has its budget from its owner, opens its purse, and gives the rest back when it is revoked', async () => {
    const { world, key, secret } = await filled();
    expect(secret).toMatch(/^sk-errand-[\w-]{43}$/);
    expect(key).toMatchObject({ name: 'ci', credit: 50_000n, setAside: 0n, revokedAt_s: null });
    expect(world.credit(OWNER)).toBe(50_000n);
    const purse = await world.purses.open(`Bearer ${secret}`);
    expect(purse).toMatchObject({ kind: 'key', id: key.id, keys: { publicKey: world.clientOf(key.id) } });
    await world.ring.budget(OWNER, key.id, 'more', msats(20_000), false);
    await world.ring.budget(OWNER, key.id, 'more', msats(20_000), false);
    expect(await world.ring.find(OWNER, key.id)).toMatchObject({ credit: 70_000n });
    await world.ring.budget(OWNER, key.id, 'less', msats(30_000), true);
    expect(world.credit(OWNER)).toBe(60_000n);
    expect(await world.ring.revoke(OWNER, key.id)).toMatchObject({ credit: 0n, revokedAt_s: 1_800_000_000 });
    expect(world.credit(OWNER)).toBe(100_000n);
    await expect(world.purses.open(`Bearer ${secret}`)).rejects.toMatchObject({
      details: { reason: 'revoked' },
    });
    await expect(world.ring.budget(OWNER, key.id, 'late', msats(1), false)).rejects.toThrow('revoked');
  });

  test('that is revoked gives back what its jobs under way did not use, when they end', async () => {
    const { world, key } = await filled();
    const purse = world.clientOf(key.id);
    const { books } = world.account(purse);
    books.post(reserved('a:1', purse, msats(21_000)), 0);
    await world.ring.revoke(OWNER, key.id);
    expect([world.credit(OWNER), world.credit(purse)]).toEqual([79_000n, 0n]);
    books.post(failed('a:1', purse, msats(21_000)), 0);
    expect(world.account(purse).desk.nextAt_ms()).not.toBeNull();
    world.settle();
    expect([world.credit(OWNER), world.credit(purse)]).toEqual([100_000n, 0n]);
    expect(world.account(purse).desk.nextAt_ms()).toBeNull();
  });

  test('whose revocation was cut off anywhere has its money, or is seen to be open; asked again, it has given it back', async () => {
    for (let at = 0; ; at++) {
      let left = Number.POSITIVE_INFINITY;
      const world = purseWorld(() => {
        if (left-- === 0) throw new Crash();
      });
      world.receive(OWNER, msats(100_000), 'first');
      const { key } = await world.ring.create(OWNER, WISH);
      left = at;
      const cutOff = await world.ring.revoke(OWNER, key.id).then(
        () => false,
        (error: unknown) => error instanceof Crash,
      );
      left = Number.POSITIVE_INFINITY;
      world.crash();
      if (!cutOff) {
        expect(at).toBeGreaterThan(3);
        break;
      }
      const isOpen = world.keys()[0]?.revokedAt_s === null;
      expect(isOpen || world.credit(world.clientOf(key.id)) === 0n, `cut off at ${at}`).toBe(true);
      await world.ring.revoke(OWNER, key.id);
      world.settle();
      expect(world.credit(OWNER), `cut off at ${at}`).toBe(100_000n);
    }
  });

  test('is not filled with what its owner owes', async () => {
    const { world, key } = await filled();
    world.account(OWNER).books.post(lent('a:9', OWNER, msats(30_000)), 0);
    const more = (amount: number) => world.ring.budget(OWNER, key.id, `${amount}`, msats(amount), false);
    await expect(more(20_001)).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    await expect(more(20_000)).resolves.toMatchObject({ credit: 70_000n });
  });

  test('nobody gives what is not there, or of keys that are not theirs', async () => {
    const { world, key } = await filled();
    await expect(world.ring.create(OWNER, { ...WISH, budget: msats(50_001) })).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { available_msats: 50_000 },
    });
    // It was never filled, and is of no use.
    expect(world.keys()[0]).toMatchObject({ revokedAt_s: 1_800_000_000 });
    await expect(world.ring.budget(OWNER, key.id, 'x', msats(50_001), true)).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    await expect(world.ring.budget(OWNER, key.id, 'first', msats(9), true)).resolves.toMatchObject({});
    await expect(world.ring.budget(OWNER, key.id, 'first', msats(8), true)).rejects.toMatchObject({
      details: { reason: 'idempotency_key_reused' },
    });
    const other = 'bb'.repeat(32);
    for (const call of [
      world.ring.find(other, key.id),
      world.ring.revoke(other, key.id),
      world.ring.budget(other, key.id, 'x', msats(1), true),
    ])
      await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await world.ring.list(other)).toEqual([]);
  });

  test.each([
    ['Basic eDp5', 'malformed'],
    ['Bearer', 'malformed'],
    ['Bearer sk-other-key', 'unknown_key'],
    [`Bearer sk-errand-${'a'.repeat(43)}`, 'unknown_key'],
    ['L402 rubbish', 'malformed'],
  ])('%s opens nothing: %s', async (header, reason) => {
    const { world } = await filled();
    await expect(world.purses.open(header)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      details: { reason },
    });
  });

  test('of an owner who was blocked opens nothing', async () => {
    const { world, secret } = await filled();
    world.blocked.add(OWNER);
    await expect(world.purses.open(`Bearer ${secret}`)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('that has expired opens nothing, and nobody is a guest', async () => {
    const { world } = await filled();
    const { secret } = await world.ring.create(OWNER, { ...WISH, expiresAt_s: 1_800_000_100 });
    await expect(world.purses.open(`Bearer ${secret}`)).resolves.toMatchObject({ kind: 'key' });
    world.advance(100_000);
    await expect(world.purses.open(`Bearer ${secret}`)).rejects.toMatchObject({
      details: { reason: 'expired' },
    });
    expect(await world.purses.open(undefined)).toBeNull();
    expect(await world.purses.open('Bearer guest')).toBeNull();
  });
});

/** One world: what an owner does with keys, and jobs of the keys, while the process dies now and then. */
async function live(seed: number): Promise<string[]> {
  const chance = seeded(seed);
  const pick = (n: number) => Math.floor(chance() * n);
  const crashRate = chance() * 0.2;
  const world = purseWorld(() => {
    if (chance() < crashRate) throw new Crash();
  });
  world.receive(OWNER, msats(1_000_000), 'first');
  const problems: string[] = [];
  let jobs = 0;
  let spent = 0n;
  /** Asks until there is an answer: a refusal is one. */
  const insist = async (work: () => Promise<unknown>, once = false) => {
    for (let tries = 0; tries < 200; tries++) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof JobError) return undefined;
        if (!(error instanceof Crash)) throw error;
        world.crash();
        if (once) return undefined;
      }
    }
    throw new Error('nothing gets through');
  };
  for (let step = 0; step < 20; step++) {
    const keys = world.keys();
    const key = keys[pick(keys.length)];
    const amount = msats(1 + pick(120_000));
    const name = `op ${step}`;
    const choice = pick(5);
    if (choice === 0 || key === undefined)
      await insist(() => world.ring.create(OWNER, { ...WISH, budget: amount }), true);
    else if (choice === 1) await insist(() => world.ring.budget(OWNER, key.id, name, amount, pick(2) === 0));
    else if (choice === 2) {
      const back = pick(2) === 0;
      await insist(() => world.ring.budget(OWNER, key.id, name, amount, back), chance() < 0.3);
    } else if (choice === 3) await insist(() => world.ring.revoke(OWNER, key.id), chance() < 0.3);
    else {
      const purse = world.clientOf(key.id);
      const { books } = world.account(purse);
      const job = `a:${++jobs}`;
      const before = world.credit(purse);
      const set = books.post(reserved(job, purse, amount), 0);
      if ((set === 'posted') !== amount <= before) problems.push(`${amount} of ${before}: ${set}`);
      if (set === 'posted' && pick(3) > 0) {
        const charge = msats(BigInt(pick(Number(amount) + 1)));
        const ended =
          pick(2) === 0
            ? failed(job, purse, amount)
            : delivered({ job, client: purse, ...FEES, reserved: amount, charge });
        books.post(ended, 0);
        if (books.has(`end:${job}`) && ended.postings.some(({ account }) => account === 'revenue'))
          spent += charge;
      }
    }
    for (const kind of ['credit', 'job'] as const)
      if (world.total(kind) < 0n) problems.push(`${kind} is below nothing`);
  }
  world.crash();
  for (let tries = 0; tries < 200; tries++) {
    try {
      world.settle();
      break;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      world.crash();
    }
  }
  const transit = world.total('transit');
  if (transit !== 0n) problems.push(`${transit} never arrived`);
  const held = world.total('credit') + world.total('job') + world.total('revenue');
  if (held !== 1_000_000n) problems.push(`${held} of 1000000`);
  if (world.total('revenue') !== spent) problems.push(`${spent} was spent, ${world.total('revenue')} earned`);
  for (const { id, revokedAt_s } of world.keys())
    if (revokedAt_s !== null && world.credit(world.clientOf(id)) !== 0n) problems.push(`${id} keeps money`);
  return problems;
}

test('no crash loses or doubles money: 60 worlds', async () => {
  for (let seed = 1; seed <= 60; seed++) expect(await live(seed), `seed ${seed}`).toEqual([]);
});

describe('an L402 token', () => {
  async function bought(missing = 21_000) {
    const world = purseWorld();
    const challenge = await world.purses.challenge(null, 'chat', msats(missing));
    const preimage = world.pay(challenge.invoice.paymentHash);
    return { world, challenge, preimage, header: `L402 ${challenge.macaroon}:${preimage}` };
  }
  const opens = (world: Awaited<ReturnType<typeof bought>>['world'], header: string) =>
    expect(world.purses.open(header)).rejects;

  test('has the credit of what was paid, in whole sats, for one agent, as often as it is shown', async () => {
    const { world, challenge, header } = await bought(20_001);
    expect(challengeHeader(challenge)).toBe(
      `L402 macaroon="${challenge.macaroon}", invoice="${challenge.invoice.bolt11}"`,
    );
    for (let time = 0; time < 3; time++) {
      const purse = await world.purses.open(header);
      expect(purse).toMatchObject({ kind: 'token', agents: ['chat'] });
      expect(purse === null ? null : await world.purses.credit(purse, msats(21_000))).toBe(21_000n);
    }
    expect(await world.purses.open(header.replace('L402', 'LSAT'))).toMatchObject({ kind: 'token' });
  });

  test('that is used up is filled again by the next invoice, and both tokens open the one purse', async () => {
    const { world, header } = await bought();
    const purse = await world.purses.open(header);
    if (purse === null) throw new Error('no purse');
    const next = await world.purses.challenge(purse, 'chat', msats(5_000));
    const again = await world.purses.open(`L402 ${next.macaroon}:${world.pay(next.invoice.paymentHash)}`);
    expect(again?.keys.publicKey).toBe(purse.keys.publicKey);
    await world.purses.credit(purse, msats(21_000));
    if (again !== null) expect(await world.purses.credit(again, msats(26_000))).toBe(26_000n);
  });

  test('is not bought by a preimage alone: the wallet has to say that it was paid', async () => {
    const world = purseWorld();
    const { macaroon, invoice } = await world.purses.challenge(null, 'chat', msats(1_000));
    const other = await world.purses.challenge(null, 'chat', msats(1_000));
    const its = world.pay(other.invoice.paymentHash);
    await opens(world, `L402 ${macaroon}:${its}`).toMatchObject({ details: { reason: 'unpaid' } });
    await opens(world, `L402 ${macaroon}:${'00'.repeat(32)}`).toMatchObject({
      details: { reason: 'unpaid' },
    });
    // Its preimage leaked, and nothing arrived.
    const leaked = purseWorld();
    const same = await leaked.purses.challenge(null, 'chat', msats(1_000));
    expect(same.invoice.paymentHash).toBe(invoice.paymentHash);
    const preimage = leaked.pay(same.invoice.paymentHash);
    const purse = await world.purses.open(`L402 ${macaroon}:${preimage}`);
    expect(purse === null ? null : await world.purses.credit(purse, msats(1_000))).toBe(0n);
  });

  test('that was tampered with, widened, or made elsewhere is refused', async () => {
    const { world, challenge, preimage } = await bought();
    const macaroon = decodeMacaroon(challenge.macaroon);
    if (macaroon === null) throw new Error('no macaroon');
    const show = (changed: typeof macaroon) => `L402 ${encodeMacaroon(changed)}:${preimage}`;
    const without = { ...macaroon, caveats: macaroon.caveats.slice(1) };
    const wider = { ...macaroon, caveats: ['agents=chat,code', ...macaroon.caveats.slice(1)] };
    const identifier = Uint8Array.from(macaroon.identifier);
    identifier[40] = (identifier[40] ?? 0) ^ 1;
    for (const forged of [
      without,
      wider,
      { ...macaroon, identifier },
      { ...macaroon, signature: new Uint8Array(32) },
    ])
      await opens(world, show(forged)).toMatchObject({ details: { reason: 'forged' } });
    await opens(world, show(narrowed(macaroon, 'colour=red'))).toMatchObject({
      details: { reason: 'unknown_caveat' },
    });
    await opens(world, show({ ...macaroon, identifier: identifier.slice(1) })).toMatchObject({
      details: { reason: 'malformed' },
    });
    // Whoever holds it may narrow it, and never widen it.
    expect(await world.purses.open(show(narrowed(macaroon, 'agents=code')))).toMatchObject({ agents: [] });
    expect(await world.purses.open(show(narrowed(macaroon, 'agents=chat,code')))).toMatchObject({
      agents: ['chat'],
    });
  });

  test('expires, sooner where its holder wishes, and what is left stays its holder’s', async () => {
    const { world, challenge, preimage, header } = await bought();
    const macaroon = decodeMacaroon(challenge.macaroon);
    if (macaroon === null) throw new Error('no macaroon');
    const early = encodeMacaroon(narrowed(macaroon, 'valid_until=1800000010'));
    expect(await world.purses.open(`L402 ${early}:${preimage}`)).not.toBeNull();
    world.advance(10_000);
    await opens(world, `L402 ${early}:${preimage}`).toMatchObject({ details: { reason: 'expired' } });
    expect(await world.purses.open(header)).not.toBeNull();
    world.advance(30 * 86_400_000);
    await opens(world, header).toMatchObject({ details: { reason: 'expired' } });
    expect(world.purses.byToken(header.slice(5), false)).toMatchObject({ kind: 'token' });
  });
});
