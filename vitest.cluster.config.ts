import { defineConfig } from 'vitest/config'
import { missingComponents } from './test/cluster/testbed/ensure-components.ts'

const TEN_MINUTES_MS = 600_000

export default defineConfig(async () => {
  const missing = await missingComponents()
  // With CI=true a missing program is a failure: the set-up finds it missing again, and throws.
  const skip = missing.length > 0 && process.env['CI'] !== 'true'
  if (skip) process.stdout.write(`${missing.join('\n')}\n`)
  return {
    test: {
      include: skip
        ? ['test/cluster/testbed/missing-components.cluster.ts']
        : ['test/cluster/**/*.cluster.test.ts'],
      exclude: ['**/node_modules/**', 'out/**'],
      reporters: ['default', './test/reporters/summary-line-reporter.ts'],
      globalSetup: skip ? [] : ['./test/cluster/testbed/global-setup.ts'],
      fileParallelism: false,
      testTimeout: TEN_MINUTES_MS,
      hookTimeout: TEN_MINUTES_MS,
      teardownTimeout: 60_000,
    },
  }
})
