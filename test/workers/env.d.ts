/// <reference types="@cloudflare/vitest-plugin/types" />
import type { D1Migration } from 'cloudflare:test';
import type { Env as WorkerEnv } from '../../workers/env.ts';

declare global {
  namespace Cloudflare {
    /** What `env` of `cloudflare:workers` holds in these tests. */
    interface Env extends WorkerEnv {
      readonly TEST_MIGRATIONS: D1Migration[];
    }
    /** Gives `exports` of `cloudflare:workers` its types. */
    interface GlobalProps {
      readonly mainModule: typeof import('../../workers/edge.ts');
    }
  }
}
