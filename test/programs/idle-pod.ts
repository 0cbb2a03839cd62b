import { runPod } from '../../pod/run-pod.ts'

/**
 * A trainer that waits forever, with its main thread free: `node test/programs/idle-pod.ts --config
 * FILE`.
 */
await runPod({
  name: 'trainer',
  run: () =>
    new Promise(() => {
      setInterval(() => undefined, 1000)
    }),
  classifyFailure: () => undefined,
})
