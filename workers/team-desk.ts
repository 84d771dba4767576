/** The desk of a session whose agent is a team, with its ways to runner, relays and mail. */
import { TeamDesk } from '../src/agent/team/desk/desk.ts';
import { readTeamOrder } from '../src/agent/team/request.ts';
import type { Moved } from '../src/job/long-work.ts';
import { directMessage } from '../src/protocol/direct-message.ts';
import type { Sql } from '../src/store/sql.ts';
import { dmRelaysOf } from './dm-relays.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';

/**
 * @param parties public keys of agent and client, from the session's name
 * @param move feeds a change of a run back to the session
 * @returns null when the agent is no team, or not here any more
 */
export function teamDesk(
  env: Env,
  ctx: DurableObjectState,
  sql: Sql,
  parties: { readonly agent: string; readonly client: string },
  move: (jobId: string, how: () => Moved | null) => void,
): TeamDesk | null {
  const marketplace = marketplaceOf(env);
  const agent = marketplace.agentByPubkey(parties.agent);
  if (agent?.runtime !== 'team') return null;
  const { config } = marketplace;
  const keys = marketplace.keysOf(agent);
  const definition = marketplace.teamOf(agent);
  const session = ctx.id.name ?? '';
  return new TeamDesk(sql, {
    clock: Date.now,
    open({ body, history }) {
      const { team, task } = readTeamOrder(definition, agent.prices, body, history);
      return { team, task };
    },
    async order(jobId, number, attempt) {
      await env.STEPS.send({ session, jobId, attempt, number });
    },
    directMessage: (text) =>
      directMessage(keys, parties.client, text, { subject: agent.name }, Math.floor(Date.now() / 1_000)),
    inbox: () => dmRelaysOf(env, parties.client),
    move,
    urlOf: (jobId, sha256) => `${config.publicUrl}/jobs/${jobId}/artifact/${sha256}`,
    log: (what, jobId, error) => console.error(what, jobId, error),
  });
}
