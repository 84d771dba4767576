/**
 * Goal: a marketplace that is killed while an agent of another is being paid, and again when that payment is made but
 * not known yet, pays it once, hands its result to the step that wanted it, and ends the run as if nothing had been
 * (RELIABILITY 7).
 * Method: SIGKILL to the process tree of the hiring service at `hire-asked` and, in the same run, at `hire-paid`; the hired
 * service, the relay and the Lightning nodes live on (test/support/two-markets.ts).
 * Does not prove: kills at every other write (test/agent/hire/desk.test.ts does, without sockets).
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonTag } from '../support/jobs.ts';
import { balancesOf, changeSince } from '../support/lightning/balances.ts';
import { expectBooksToAgree } from '../support/lightning/books.ts';
import { MortalService } from '../support/mortal-service.ts';
import { reportOf, TeamClient } from '../support/team-client.ts';
import { calling, finalAnswer } from '../support/tool-script.ts';
import { type TwoMarkets, twoMarkets } from '../support/two-markets.ts';

const BUDGET_SATS = 400;
const HIRED_SATS = 21;

let markets: TwoMarkets;
let service: MortalService;

beforeAll(async () => {
  markets = await twoMarkets();
  service = await MortalService.start(markets.hiringEnv);
});

afterAll(async () => {
  await service?.stop();
  await markets?.stop();
});

test('one payment is made, whenever the process dies', async () => {
  const { rig, model, hired, npub } = markets;
  const before = balancesOf(rig);
  model.says('manager', ({ asked }) =>
    JSON.stringify(asked.body.messages).includes('The other agent delivered')
      ? finalAnswer('managed work 1')
      : calling({ name: 'hire_agent', args: { agent: npub, task: 'notes on quokkas', max_sats: 50 } }),
  );
  const nwc = rig.wallets.client.connection();
  const client = await TeamClient.connect(service.now, 'desk', undefined, nwc);
  const parameters = { order: ['manager'], iterations: 1, budget_sats: BUDGET_SATS };
  const begun = client.begin('Write about quokkas', 'killed', parameters);
  await service.killedAtEach(['hire-asked', 'hire-paid'], () => begun);
  const run = await begun;
  client.close();
  // What the dead have decided is not decided again: it was one question to the model so far.
  expect(model.of('manager')).toHaveLength(1);

  const again = await TeamClient.connect(service.now, 'desk', client.client.secretKey, nwc);
  const followed = again.again(run);
  await reportOf(followed, ({ ended }) => ended !== null);
  const result = await followed.answers.end();
  expect(result.content).toBe('managed work 1');
  expect(model.of('manager')).toHaveLength(2);
  const cost_msats = Number(jsonTag(result, 'cost').price_sats) * 1_000;
  expect(cost_msats).toBe(HIRED_SATS * 1_000 + 24);
  again.close();

  const { market, worker } = changeSince(rig, before);
  expect([market, worker]).toEqual([BigInt((BUDGET_SATS - HIRED_SATS) * 1_000), BigInt(HIRED_SATS * 1_000)]);
  await Promise.all([expectBooksToAgree(service.now, market), expectBooksToAgree(hired, worker)]);
});
