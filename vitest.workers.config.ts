import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/** Durable objects and Workers inside real workerd. One test file has one isolated storage. */
export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: { bindings: { LOCAL: '1', PUBLIC_URL: 'http://relay.test' } },
    }),
  ],
  test: { include: ['test/workers/**/*.test.ts'] },
});
