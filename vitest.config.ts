import { defineConfig } from 'vitest/config';

/** Pure logic under Node. Tests that need workerd have vitest.workers.config.ts, those that start the service vitest.e2e.config.ts. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/workers/**', 'test/e2e/**', 'test/fault/**'],
    environment: 'node',
    // By itself vitest leaves one core of two unused.
    maxWorkers: 2,
    // Simulations and real Lightning nodes share two cores with everything else; a hang is still found.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
