import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with one machine-readable line: `N passed, N failed, N skipped`. */
export default class SummaryLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      for (const test of tests) count[test.result().state]++
      if (tests.length === 0 && module.state() === 'failed') count.failed++
    }
    const failed = count.failed + count.pending + errors.length
    process.stdout.write(`${count.passed} passed, ${failed} failed, ${count.skipped} skipped\n`)
  }
}
