import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

const TEST_MIGRATIONS = await readD1Migrations('./migrations');

/** Durable objects and Workers inside real workerd. One test file has one isolated storage. */
export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        bindings: { LOCAL: '1', PUBLIC_URL: 'http://relay.test', TEST_MIGRATIONS },
        email: { send_email: [{ name: 'MAIL' }] },
      },
    }),
  ],
  test: {
    include: ['test/workers/**/*.test.ts'],
    // By itself vitest leaves one core of two unused.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['./test/workers/setup.ts'],
    globalSetup: ['./test/workers/relays.setup.ts'],
  },
});
