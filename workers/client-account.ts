/** One object per client: what counts across all its sessions. */
import { DurableObject } from 'cloudflare:workers';
import { type Leave, Quotas } from '../src/job/quota.ts';
import type { Env } from './env.ts';
import type { ClientAccountRpc } from './rpc.ts';
import { durableSql } from './sql.ts';

export class ClientAccount extends DurableObject<Env> implements ClientAccountRpc {
  readonly #quotas: Quotas;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#quotas = new Quotas(durableSql(ctx.storage));
  }

  async take(agent: string, limit: number, want: number): Promise<Leave> {
    return this.#quotas.take(agent, limit, want, Date.now());
  }
}
