import { DurableObject } from 'cloudflare:workers';
import type { ModelFailure } from '../src/agent/models/failure.ts';
import { keptTraffic } from '../src/agent/models/kept-traffic.ts';
import { limitsOf } from '../src/agent/models/routed.ts';
import type { TrafficPort } from '../src/agent/models/router.ts';
import { sharedTraffic } from '../src/agent/models/shared-traffic.ts';
import type { Leave } from '../src/agent/models/traffic.ts';
import { configOf, type Env } from './env.ts';
import type { ModelTrafficRpc } from './rpc.ts';
import { durableSql } from './sql.ts';

/** What all sessions together ask of one model; the object has the model's name. */
export class ModelTraffic extends DurableObject<Env> implements ModelTrafficRpc {
  private readonly model: string;
  private readonly traffic: TrafficPort;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.model = ctx.id.name ?? '';
    const limits = new Map([[this.model, limitsOf(configOf(env).models)]]);
    this.traffic = sharedTraffic(keptTraffic(durableSql(ctx.storage)), limits, Date.now);
  }

  async reserve(id: string, tokens: number): Promise<Leave> {
    return this.traffic.reserve(this.model, id, tokens);
  }

  async succeeded(id: string, tokens: number): Promise<void> {
    await this.traffic.succeeded(this.model, id, tokens);
  }

  async failed(failure: ModelFailure): Promise<void> {
    await this.traffic.failed(this.model, failure);
  }
}
