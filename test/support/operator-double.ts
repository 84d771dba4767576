/** The operator's levers over a database in memory: the embedded relay and the sessions are not there. */
import type { OperatorPorts } from '../../src/http/ports-operator.ts';
import { blockKey, unblockKey } from '../../src/store/blocked.ts';
import type { Db } from '../../src/store/db.ts';

export function operatorDouble(db: Db, over: Partial<OperatorPorts> = {}): OperatorPorts {
  return {
    settings: { PUBLIC_URL: 'https://market.example', DRAIN: false, MODEL: null },
    blockedByConfiguration: [],
    block: (key) => blockKey(db, key),
    unblock: (pubkey) => unblockKey(db, pubkey),
    backlog: async () => [],
    owners: async () => [],
    ...over,
  };
}
