/**
 * Goal: nothing of a job is written down again once it has ended or was erased (PROTOCOL §5), however late its runner is.
 * Method: the real session object, asked by a runner whose job it does not have any more. Does not prove: that
 * runners stop by themselves (test/agent/team/work/).
 */
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { sessionName } from '../../src/protocol/route.ts';
import { marketplaceOf } from '../../workers/marketplace.ts';
import { person } from '../support/events.ts';
import { hexOf } from '../support/records.ts';

test.each(['', '/1.1', '/1.1/2.0'])(
  'a journal “<job>%s” is not begun for a job that is over',
  async (step) => {
    const [agent] = marketplaceOf(env).agents;
    const name = sessionName(agent?.pubkey ?? '', person('client').publicKey, 'talk');
    const run = `${hexOf(7)}${step}`;
    const session = env.SESSION.getByName(name);
    const entry = { type: 'note', id: 'n', from: 'x', text: 'secret' } as const;
    const refusal = await refusalOf(async () => await session.loopAppend(run, 0, entry));
    expect(refusal).toContain('is over');
    expect(await session.loopEntries(run)).toEqual([]);
  },
);

async function refusalOf(act: () => Promise<void>): Promise<string | null> {
  try {
    await act();
    return null;
  } catch (error) {
    return String(error);
  }
}
