import { startStallWatchdog } from '../../pod/stall-watchdog.ts'

/**
 * A pod whose main thread does one step and then blocks forever: `node
 * test/programs/hanging-pod.ts`.
 */
const watchdog = startStallWatchdog({
  program: 'trainer',
  limits: { firstStepSeconds: 60, stallSeconds: 1 },
  monotonicMs: () => performance.now(),
  terminationPath: process.env['NECO_TERMINATION_FILE'],
  onStall: () => process.exit(1),
})
watchdog.reported({ kind: 'Step', step: 1, totalSteps: 2 })
setTimeout(() => {
  for (;;);
}, 0)
