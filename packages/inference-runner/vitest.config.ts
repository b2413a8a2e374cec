import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Real models load and run in these tests: slow on a busy machine is not wrong.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['src/**/*.test.ts'],
    reporters: ['default', ['json', { outputFile: 'reports/vitest.json' }]],
  },
});
