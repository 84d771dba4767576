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

/** Names of objects that count for a search engine begin with this; no model's name does. */
const SEARCH = 'search:';

/** The name under which the traffic of a search engine is counted. */
export function searchTrafficName(engine: string): string {
  return `${SEARCH}${engine}`;
}

/** What all sessions together ask of one model, or of one search engine; the object has its name. */
export class ModelTraffic extends DurableObject<Env> implements ModelTrafficRpc {
  private readonly model: string;
  private readonly traffic: TrafficPort;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.model = ctx.id.name ?? '';
    const { models, tools } = configOf(env);
    const limits = new Map([
      [this.model, this.model.startsWith(SEARCH) ? tools.searchLimits : limitsOf(models)],
    ]);
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
