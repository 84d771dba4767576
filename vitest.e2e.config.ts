import { defineConfig } from 'vitest/config';

/**
 * Black box: the started service over real sockets. Each file starts its own on free ports, and most of their time is
 * waiting, so three run at a time on two cores.
 */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts', 'test/fault/**/*.test.ts'],
    environment: 'node',
    globalSetup: ['./test/e2e/build.setup.ts'],
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
