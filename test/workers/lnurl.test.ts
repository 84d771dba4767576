/**
 * Goal: asking about payments that never were (LUD-21) leaves nothing behind: whoever asks names the account, and an
 * object that is made only because somebody asked would be storage anybody can fill for the price of a GET. Method: the
 * Worker in workerd with its development wallet; the platform lists the objects there are. Does not prove anything of
 * what one network address may ask for (test/http/lnurl.test.ts).
 */
import { listDurableObjectIds } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import * as z from 'zod';

const ask = async (path: string) => {
  const response = await exports.default.fetch(new Request(`http://relay.test${path}`));
  return z.record(z.string(), z.unknown()).parse(await response.json());
};
const accounts = async () => (await listDurableObjectIds(env.ACCOUNT)).length;

test('a payment nobody was offered is unknown, and no account is made for whoever asks', async () => {
  const before = await accounts();
  for (const account of ['ab'.repeat(32), 'cd'.repeat(32), 'tips'])
    expect(await ask(`/lnurlp/discover/verify/${account}/${'ef'.repeat(32)}`)).toMatchObject({
      status: 'ERROR',
      reason: 'no such payment',
    });
  expect(await accounts()).toBe(before);
});

test('one that was offered is told of, by the account that holds it and no other', async () => {
  const offer = await ask('/lnurlp/discover/callback?amount=21000');
  const verify = new URL(String(offer.verify)).pathname;
  expect(await ask(verify)).toMatchObject({ status: 'OK', settled: false, preimage: null, pr: offer.pr });
  const before = await accounts();
  const elsewhere = verify.replace('/tips/', `/${'ab'.repeat(32)}/`);
  expect(await ask(elsewhere)).toMatchObject({ status: 'ERROR', reason: 'no such payment' });
  expect(await accounts()).toBe(before);
});
