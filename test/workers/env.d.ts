/// <reference types="@cloudflare/vitest-plugin/types" />
import type { D1Migration } from 'cloudflare:test';
import type { Env as WorkerEnv } from '../../workers/env.ts';

/** A binding as the Worker sees it, and as the platform made it: `get(idFromName(…))` gives the test pool's stubs. */
type Real<Name extends keyof WorkerEnv> = WorkerEnv[Name] & DurableObjectNamespace;

declare global {
  namespace Cloudflare {
    /** What `env` of `cloudflare:workers` holds in these tests. */
    interface Env extends WorkerEnv {
      readonly RELAY: Real<'RELAY'>;
      readonly LINKS: Real<'LINKS'>;
      readonly SESSION: Real<'SESSION'>;
      readonly ACCOUNT: Real<'ACCOUNT'>;
      readonly INDEX: Real<'INDEX'>;
      readonly WALLET: Real<'WALLET'>;
      readonly DEV_WALLET: Real<'DEV_WALLET'>;
      readonly HIRED: Real<'HIRED'>;
      readonly ARENA: Real<'ARENA'>;
      readonly MODELS: Real<'MODELS'>;
      readonly TEST_MIGRATIONS: D1Migration[];
    }
    /** Gives `exports` of `cloudflare:workers` its types. */
    interface GlobalProps {
      readonly mainModule: typeof import('../../workers/edge.ts');
    }
  }
}
