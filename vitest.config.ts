import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'out/**', '**/*.long.test.ts', '**/*.cluster.test.ts'],
    reporters: ['default', './test/reporters/summary-line-reporter.ts'],
    testTimeout: 60_000,
    maxWorkers: 2,
  },
})
