/** The bindings of this Worker (wrangler.toml) and the configuration read from them. */

import { type Config, readConfig } from '../src/config.ts';
import type { SandboxStub } from '../src/sandbox/remote.ts';
import type { ClientAccountRpc } from './account-rpc.ts';
import type { HiredJobsRpc } from './hire-rpc.ts';
import type {
  AgentSessionRpc,
  ArenaRpc,
  DevWalletRpc,
  Fetches,
  ModelTrafficRpc,
  MoneyObserver,
  ObjectNamespace,
  RelayLinksRpc,
  RelayRpc,
  SearchIndexRpc,
  WalletRpc,
} from './rpc.ts';
import type { QueueOrder } from './runner.ts';

export interface Env {
  readonly DB: D1Database;
  readonly RELAY: ObjectNamespace<RelayRpc & Fetches>;
  readonly LINKS: ObjectNamespace<RelayLinksRpc>;
  readonly SESSION: ObjectNamespace<AgentSessionRpc & MoneyObserver>;
  readonly ACCOUNT: ObjectNamespace<ClientAccountRpc & MoneyObserver>;
  readonly INDEX: ObjectNamespace<SearchIndexRpc>;
  readonly WALLET: ObjectNamespace<WalletRpc>;
  readonly DEV_WALLET: ObjectNamespace<DevWalletRpc>;
  readonly HIRED: ObjectNamespace<HiredJobsRpc>;
  readonly MODELS: ObjectNamespace<ModelTrafficRpc>;
  readonly ARENA: ObjectNamespace<ArenaRpc>;
  readonly STEPS: Queue<QueueOrder>;
  /** Runs strangers' programs (workers/sandbox.ts), a Worker of its own. */
  readonly SANDBOX: SandboxStub;
  /** Workers AI, when the operator binds it. */
  readonly AI?: Ai;
  /** The platform's way to send mail, when the operator binds it. */
  readonly MAIL?: SendEmail;
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
