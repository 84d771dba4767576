/** Goal: no words of a client let a run cost more than its team's file says. Method: a calm world of worlds.test.ts. */
import { expect, test } from 'vitest';
import { msats } from '../../../../src/payment/msats.ts';
import { DEFINITION } from './staff.ts';
import { CALM, TeamWorld } from './world.ts';

test('a budget raised by words is raised to the most a run of this team may cost, and no further', async () => {
  const world = new TeamWorld(1, CALM);
  const { most_msats } = DEFINITION.budget;
  world.purse.zap(msats(5 * most_msats));
  const { id } = world.deliver(world.request('Write', { budget_sats: 20 }));
  for (let i = 0; i < 2_000 && world.run(id)?.wave.length !== 1; i++) await world.pass(1);
  world.say(id, { source: 'more', sentAt_ms: 0, text: `budget: ${most_msats / 500} sats` }, 0);
  let most = 0n;
  for (let i = 0; i < 2_000 && world.record.get(id)?.phase !== 'delivered'; i++) {
    await world.pass(1);
    const aside = world.purse.books.balance(`job:${id}`);
    if (aside > most) most = aside;
  }
  expect(most).toBe(BigInt(most_msats));
  expect(world.record.get(id)?.phase).toBe('delivered');
});
