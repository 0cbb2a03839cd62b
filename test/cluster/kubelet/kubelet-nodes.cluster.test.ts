import { afterEach, describe, expect, it } from 'vitest'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { openPodFixture, type PodFixture } from './pod-fixture.ts'
import { scriptedExecutor } from './scripted-executor.ts'
import { systemClock } from './system-clock.ts'

const testbed = sharedTestbed()

let fixture: PodFixture | undefined
afterEach(() => fixture?.close())

describe('a node of the process kubelet', () => {
  it('that loses its network has its pods evicted, and removes them when it is back', async () => {
    const open = await openPodFixture(testbed, { name: 'lost', count: 2, gpus: 0 })
    fixture = open
    const { kubelet, waitFor, kubectl } = open
    const spec = {
      ...open.spec('sleep 1000'),
      nodeName: 'lost-1',
      terminationGracePeriodSeconds: 1,
    }
    await open.apply(open.pod('pod', spec))
    await open.inPhase('pod', 'Running')
    kubelet.stopHeartbeat('lost-1')
    await waitFor('node/lost-1', 'condition=Ready=Unknown')
    const evicted = 'jsonpath={.status.conditions[?(@.type=="DisruptionTarget")].reason}'
    await waitFor('pod/pod', `${evicted}=DeletionByTaintManager`)
    expect(await kubectl('get', 'pod/pod', '-o=jsonpath={.status.phase}')).toBe('Running')
    await kubelet.startHeartbeat('lost-1')
    await waitFor('pod/pod', 'delete')
    await waitFor('node/lost-1', 'condition=Ready')
  })

  it('completes a hundred scripted pods of a Job', async () => {
    const script = () => ({ afterMs: 20, exitCode: 0, terminationMessage: 'scripted' })
    const executor = scriptedExecutor({ clock: systemClock, script })
    const open = await openPodFixture(
      testbed,
      { name: 'instant', count: 1, gpus: 100 },
      { executor },
    )
    fixture = open
    const gpu = { resources: { limits: { 'nvidia.com/gpu': 1 } } }
    const template = { spec: open.spec('true', gpu) }
    const metadata = { name: 'hundred', namespace: open.namespace }
    const spec = { completions: 100, parallelism: 100, template }
    const startedMs = performance.now()
    await open.apply({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec })
    await open.waitFor('job/hundred', 'condition=Complete')
    process.stdout.write(`100 scripted pods: ${Math.round(performance.now() - startedMs)} ms\n`)
    const succeeded = 'jsonpath={.status.succeeded}'
    expect(await open.kubectl('get', 'job/hundred', `-o=${succeeded}`)).toBe('100')
  })
})
