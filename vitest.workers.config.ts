import { join } from 'node:path';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { bundle, loadBundle } from './scripts/local/build.ts';
import { ROOT } from './scripts/local/state.ts';
import { buildPages } from './scripts/pages/build.ts';

/**
 * The JavaScript half of the sandbox. Python is 28 MB that every test file would load anew; it is tried in workerd by
 * test/sandbox/ and test/e2e/.
 */
const SANDBOX = join(ROOT, 'test', '.out', 'sandbox-javascript');
await bundle(SANDBOX, 'test/workers/sandbox-javascript/wrangler.toml');
const sandbox = loadBundle(SANDBOX);
await buildPages();
const TEST_MIGRATIONS = await readD1Migrations('./migrations');

/** Durable objects and Workers inside real workerd. One test file has one isolated storage. */
export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        compatibilityFlags: [
          ...[
            'nodejs_compat',
            'global_fetch_strictly_public',
            'enable_request_signal',
            'queue_consumer_no_wait_for_wait_until',
          ],
          // What the test runner sends grows with every file, and by itself workerd takes messages of 1 MiB.
          'increase_websocket_message_size',
        ],
        bindings: {
          LOCAL: '1',
          PUBLIC_URL: 'http://relay.test',
          // The half of the sandbox that is here.
          ARENA_LANGUAGE: 'javascript',
          // Tests run its alarms themselves.
          ARENA_ROUNDS_PER_DAY: '24',
          TEST_MIGRATIONS,
        },
        workers: [
          {
            name: 'errand-sandbox',
            compatibilityDate: '2026-10-15',
            rootPath: sandbox.folder,
            modulesRoot: sandbox.folder,
            modules: [...sandbox.modules],
          },
        ],
        email: { send_email: [{ name: 'MAIL' }] },
      },
    }),
  ],
  test: {
    include: ['test/workers/**/*.test.ts'],
    // A third of a file's time is spent waiting for its modules, so three run at a time on two cores.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['./test/workers/setup.ts'],
    globalSetup: ['./test/workers/relays.setup.ts'],
  },
});
