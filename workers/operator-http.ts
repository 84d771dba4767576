/** What the operator's tables and levers ask of this Worker. */
import { settingsOf } from '../src/config/settings.ts';
import type { OperatorPorts } from '../src/http/ports-operator.ts';
import { payeeAccount } from '../src/payment/account/earnings.ts';
import { payoutJson } from '../src/payment/account/statement.ts';
import { msatsSchema } from '../src/payment/msats.ts';
import { partiesOf } from '../src/protocol/route.ts';
import { block, unblock } from './blocked.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';

export function operatorPorts(env: Env): OperatorPorts {
  const { config } = marketplaceOf(env);
  return {
    settings: settingsOf(config),
    blockedByConfiguration: [...config.blocked],
    block: (key) => block(env, key),
    unblock: (pubkey) => unblock(env, pubkey),
    async backlog(session) {
      // A session of an agent that was taken away has nobody to speak for it.
      if (marketplaceOf(env).agentByPubkey(partiesOf(session)?.agent ?? '') === undefined) return null;
      try {
        return await env.SESSION.getByName(session).backlog();
      } catch (error) {
        console.error('a session could not be asked what it owes', session, error);
        return null;
      }
    },
    async owners() {
      const payees = Map.groupBy(
        marketplaceOf(env).known.flatMap(({ slug, owners }) => owners.map(({ payee }) => ({ slug, payee }))),
        ({ payee }) => payee,
      );
      return await Promise.all(
        [...payees].map(async ([payee, those]) => {
          const account = env.ACCOUNT.getByName(payeeAccount(payee));
          const [owed, { refunds }] = await Promise.all([account.earnings(), account.statement()]);
          return {
            payee,
            agents: those.map(({ slug }) => slug),
            owed: msatsSchema.parse(owed),
            payouts: payoutJson.array().parse(refunds),
          };
        }),
      );
    },
  };
}
