import { defineConfig } from 'vitest/config';

/** Black box: the started service over real sockets. Files run one after another: each starts its own service. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts', 'test/fault/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 90_000,
  },
});
