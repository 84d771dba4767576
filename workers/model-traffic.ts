import { DurableObject } from 'cloudflare:workers';
import type { ModelFailure } from '../src/agent/models/failure.ts';
import { keptTraffic } from '../src/agent/models/kept-traffic.ts';
import { KeptUsage } from '../src/agent/models/kept-usage.ts';
import { limitsOf } from '../src/agent/models/routed.ts';
import type { TrafficPort } from '../src/agent/models/router.ts';
import { sharedTraffic } from '../src/agent/models/shared-traffic.ts';
import type { Leave } from '../src/agent/models/traffic.ts';
import { MODEL_USAGE_FLUSH_MS } from '../src/limits.ts';
import type { Usage } from '../src/protocol/model.ts';
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
  private readonly kept: KeptUsage;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.model = ctx.id.name ?? '';
    const sql = durableSql(ctx.storage);
    const { models, tools } = configOf(env);
    const limits = new Map([
      [this.model, this.model.startsWith(SEARCH) ? tools.searchLimits : limitsOf(models)],
    ]);
    this.traffic = sharedTraffic(keptTraffic(sql), limits, Date.now);
    this.kept = new KeptUsage(sql, this.model);
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

  async used(usage: Usage): Promise<void> {
    if (this.kept.add(usage)) await this.ctx.storage.setAlarm(Date.now() + MODEL_USAGE_FLUSH_MS);
  }

  async usage(): Promise<Usage> {
    return this.kept.total;
  }

  override async alarm(): Promise<void> {
    try {
      this.kept.flush();
    } catch (error) {
      // After six throws the platform would give the alarm up for good.
      console.error('what a model used was not stored', this.model, error);
      await this.ctx.storage.setAlarm(Date.now() + MODEL_USAGE_FLUSH_MS);
    }
  }
}
