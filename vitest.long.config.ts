import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.long.test.ts'],
    exclude: ['**/node_modules/**', 'out/**'],
    reporters: ['default', './test/reporters/summary-line-reporter.ts'],
    testTimeout: 1_200_000,
    maxWorkers: 2,
    passWithNoTests: true,
  },
})
