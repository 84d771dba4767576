/** What the doors for agent programs (MCP, A2A) stand on, wired from the ports of the HTTP side. */
import type { Context } from 'hono';
import { Callers, GUEST_SECRET_CHARS } from '../door/caller.ts';
import { Desk } from '../door/desk.ts';
import type { ToolHouse } from '../door/mcp/tool.ts';
import type { Purse } from '../door/purse.ts';
import { Till } from '../door/till.ts';
import { JobError } from '../errors.ts';
import { GUEST_CALLERS, GUEST_JOBS_BURST, GUEST_JOBS_PER_S } from '../limits.ts';
import { toHex } from '../nostr/hex.ts';
import { secureRandom } from '../nostr/random.ts';
import { refundableOf } from '../payment/account/statement.ts';
import { agentReputation } from './agent-reputation.ts';
import type { HttpPorts } from './ports.ts';
import { Sieve } from './sieve.ts';

/** What the tools of the programs' doors work with. */
export function toolHouse(
  ports: Pick<HttpPorts, 'door' | 'purses' | 'account' | 'clock' | 'db' | 'card' | 'publicUrl'>,
): ToolHouse {
  const { door, purses, account, clock, db, card, publicUrl } = ports;
  const newSecret = () => toHex(secureRandom(GUEST_SECRET_CHARS / 2));
  return {
    desk: new Desk(door, new Callers((id) => door.purseKeys(id), newSecret), (purse) =>
      purses.lendNothing(purse),
    ),
    agents: {
      reputation: (agent) => agentReputation(db, agent),
      card: async (agent) => (await card(agent)).cardJson,
      cardUrl: ({ slug }) => `${publicUrl}/agents/${slug}/card.json`,
    },
    till: new Till({
      now: clock,
      credit: async (client) => (await account.statement(client)).credit,
      async refundable(client) {
        const statement = await account.statement(client);
        const open = statement.refunds.find(({ state }) => state === 'waiting' || state === 'sending');
        if (open === undefined) return refundableOf(statement);
        throw new JobError('BAD_REQUEST', 'Another refund is under way, and there is one at a time', {
          reason: 'refund_open',
        });
      },
      leave: (client, what) => account.leave(client, what),
      invoice: (client, amount) => account.invoice(client, amount),
      refundTo: (client, address, amount) => account.refundTo(client, address, amount),
      refundBy: (client, bolt11) => account.refundBy(client, bolt11),
    }),
  };
}

/** Whose purse a request shows; null for a guest. @throws JobError UNAUTHORIZED for a token that opens none */
export async function purseOf({ purses }: Pick<HttpPorts, 'purses'>, c: Context): Promise<Purse | null> {
  return await purses.open(c.req.header('Authorization'));
}

/**
 * Holds up who posts one job after the other without a token: a guest is somebody new each time, so that the limits of one
 * client never meet it.
 *
 * @throws JobError RATE_LIMIT_EXCEEDED
 */
export function guestGate({ clock }: Pick<HttpPorts, 'clock'>): (c: Context, known: Purse | null) => void {
  const sieve = new Sieve(GUEST_JOBS_PER_S, GUEST_JOBS_BURST, GUEST_CALLERS);
  return (c, known) => {
    if (known !== null || sieve.lets(c.req.header('cf-connecting-ip'), clock())) return;
    throw new JobError('RATE_LIMIT_EXCEEDED', 'too many jobs without a key: bring one, or come again later', {
      retry_after_s: Math.ceil(1 / GUEST_JOBS_PER_S),
    });
  };
}
