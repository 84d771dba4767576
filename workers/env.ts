/** The bindings of this Worker (wrangler.toml) and the configuration read from them. */
import { type Config, readConfig } from '../src/config.ts';
import type { AgentSession } from './agent-session.ts';
import type { ClientAccount } from './client-account.ts';
import type { Relay } from './relay.ts';
import type { RelayLinks } from './relay-links.ts';
import type { StepOrder } from './runner.ts';
import type { SearchIndex } from './search-index.ts';

export interface Env {
  readonly DB: D1Database;
  readonly RELAY: DurableObjectNamespace<Relay>;
  readonly LINKS: DurableObjectNamespace<RelayLinks>;
  readonly SESSION: DurableObjectNamespace<AgentSession>;
  readonly ACCOUNT: DurableObjectNamespace<ClientAccount>;
  readonly INDEX: DurableObjectNamespace<SearchIndex>;
  readonly STEPS: Queue<StepOrder>;
  /** Workers AI, when the operator binds it. */
  readonly AI?: Ai;
  /** Tests only: where named fault points report before they go on (workers/faults.ts). */
  readonly FAULT_URL?: string;
}

const configs = new WeakMap<object, Config>();

/** The configuration of this environment, read once per isolate. @throws ConfigError */
export function configOf(env: Env): Config {
  let config = configs.get(env);
  if (config === undefined) {
    config = readConfig({ ...env });
    configs.set(env, config);
  }
  return config;
}
