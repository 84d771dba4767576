/**
 * Goal: credit given to an API key arrives once and comes back whole, over real account objects that die in between. Method:
 * the objects as they are in workerd; one half of a move is made, all objects are aborted, and their alarms do the rest. Does
 * not prove: schedules of crashes (test/door/purses.test.ts), HTTP and jobs (test/e2e/openai-door.test.ts).
 */
import { abortAllDurableObjects } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test, vi } from 'vitest';
import { purseKeys } from '../../src/nostr/keys.ts';
import { entry, toPlainEntry } from '../../src/payment/ledger.ts';
import { failed, reserved } from '../../src/payment/ledger-entries.ts';
import { msats } from '../../src/payment/msats.ts';
import { openDb } from '../../src/store/db.ts';
import { ledgerKinds } from '../../src/store/ledger-report.ts';
import { marketplaceOf } from '../../workers/marketplace.ts';
import { keyRing } from '../../workers/purses.ts';

const POLL = { timeout: 20_000, interval: 100 };
let owners = 0;

async function owner(): Promise<string> {
  const name = (++owners).toString(16).padStart(64, 'a');
  const gift = [{ from: 'wallet', to: `credit:${name}`, amount: msats(100_000) }] as const;
  await env.ACCOUNT.getByName(name).post([toPlainEntry(entry(`in:${name}`, gift))]);
  return name;
}

const WISH = { name: 'ci', budget: msats(50_000), agents: null, expiresAt_s: null };
const credit = (client: string) => env.ACCOUNT.getByName(client).credit();
const clientOf = (id: string) => purseKeys(marketplaceOf(env).config.masterSecret, id).publicKey;
/** Everything dies; the alarms that were set ring when their time has come. */
const die = () => abortAllDurableObjects();

test('a move of which only the first half was made arrives by itself, and once', async () => {
  const from = await owner();
  const { key } = await keyRing(env).create(from, { ...WISH, budget: msats(0) });
  const purse = clientOf(key.id);
  // As `move` of workers/purses.ts, which died before it told the purse.
  expect(await env.ACCOUNT.getByName(from).moveCredit('cut off', purse, '30000')).toBe('posted');
  await die();
  await vi.waitFor(async () => {
    expect([await credit(from), await credit(purse)]).toEqual(['70000', '30000']);
  }, POLL);
  const again = await env.ACCOUNT.getByName(from).moveCredit('cut off', purse, '30000');
  await env.ACCOUNT.getByName(purse).arrive('move:cut off', '30000');
  expect([again, await credit(from), await credit(purse)]).toEqual(['repeated', '70000', '30000']);
  // Over all books nothing is on its way any more, in the record as well.
  await die();
  await vi.waitFor(async () => {
    expect((await ledgerKinds(openDb(env.DB))).transit ?? 0).toBe(0);
  }, POLL);
});

test('a key is never lent anything, and what its last job gives back goes to its owner after it was revoked', async () => {
  const from = await owner();
  const ring = keyRing(env);
  const { key } = await ring.create(from, WISH);
  const purse = clientOf(key.id);
  const account = () => env.ACCOUNT.getByName(purse);
  expect(await account().lend('a:1', '1000')).toBe(false);
  expect(await account().post([toPlainEntry(reserved('a:2', purse, msats(21_000)))])).toEqual(['posted']);
  expect(await ring.revoke(from, key.id)).toMatchObject({ credit: 0n, setAside: 21_000n });
  expect([await credit(from), await credit(purse)]).toEqual(['79000', '0']);
  await account().post([toPlainEntry(failed('a:2', purse, msats(21_000)))]);
  await die();
  await vi.waitFor(async () => {
    expect([await credit(from), await credit(purse)]).toEqual(['100000', '0']);
  }, POLL);
  // And whatever is paid into it later.
  await ring.revoke(from, key.id);
  await env.ACCOUNT.getByName(from).moveCredit('too late', purse, '1000');
  await die();
  await vi.waitFor(async () => {
    expect([await credit(from), await credit(purse)]).toEqual(['100000', '0']);
  }, POLL);
});

test('fifty moves at once out of a credit for ten are ten', async () => {
  const from = await owner();
  const { key } = await keyRing(env).create(from, { ...WISH, budget: msats(0) });
  const purse = clientOf(key.id);
  const ring = keyRing(env);
  const moved = await Promise.allSettled(
    Array.from({ length: 50 }, (_, n) => ring.budget(from, key.id, `op ${n}`, msats(10_000), false)),
  );
  expect(moved.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect([await credit(from), await credit(purse)]).toEqual(['0', '100000']);
});
